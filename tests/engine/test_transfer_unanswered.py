"""A third party who does not answer, and what becomes of a caller whom nobody wants back; a server that goes away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from engine.house import NUMBERS, House
from rig.wire import WirePhone

from phone import inbox
from phone.calls import events as ev
from phone.calls.outputs import Feed, Tone
from phone.jingle.elements import TRANSFER

WITHOUT = pytest.mark.parametrize("without", [(), ("alice",)], ids=["by XEP-0251", "bridged"])

Three = tuple[House, WirePhone, WirePhone, WirePhone]


def passed_on(without: tuple[str, ...], before: Callable[[House, WirePhone], None] = lambda h, c: None) -> Three:
    """alice called bob, who passed her on to carol by typing the number; carol's bell may ring."""
    house = House()
    house.without = {f"{name}@x": frozenset({TRANSFER}) for name in without}
    alice, bob, carol = house.add("alice"), house.add("bob"), house.add("carol")
    alice.call(NUMBERS["bob"])
    bob.lift()
    house.run(2)
    bob.press("TRANSFER")
    before(house, carol)
    bob.dial(NUMBERS["carol"])
    bob.hang_up()
    house.run(3)
    return house, alice, bob, carol


def back(house: House, alice: WirePhone, bob: WirePhone) -> None:
    """bob lifts, and they talk again."""
    assert bob.out.ringer
    bob.lift()
    house.run(2)
    assert alice.talks
    assert bob.talks
    house.rest()
    house.all_hang_up()


@WITHOUT
def test_nobody_lifts(without: tuple[str, ...]) -> None:
    house, alice, bob, carol = passed_on(without)
    assert carol.out.ringer
    for _ in range(120):
        house.run(1)
        if bob.out.ringer:
            break
        focus = alice.engine.phone.call(alice.engine.phone.focus)
        assert alice.out.tone is Tone.RINGBACK or (focus and focus.up), "ringback, her own or the one that bob sends"
    assert not carol.out.ringer
    back(house, alice, bob)


@WITHOUT
def test_a_phone_without_power(without: tuple[str, ...]) -> None:
    house, alice, bob, _ = passed_on(without, lambda house, carol: house.dead.add(carol.full))
    house.run(75)
    back(house, alice, bob)


@WITHOUT
def test_a_phone_that_is_not_to_be_disturbed(without: tuple[str, ...]) -> None:
    house, alice, bob, carol = passed_on(
        without, lambda house, carol: carol.engine.post(ev.DndChanged(on=True, at=0.0))
    )
    assert not carol.out.ringer
    house.run(2)
    back(house, alice, bob)


@WITHOUT
def test_nobody_wants_the_caller_back(without: tuple[str, ...]) -> None:
    """She hears music, and bob's bell reminds him, until she has enough of it."""
    house, alice, bob, carol = passed_on(without)
    carol.press("BACK")
    house.run(3)
    assert bob.out.ringer
    house.run(61)
    assert not bob.out.ringer
    assert alice.engine.phone.calls[0].held_by_peer
    assert set(dict(bob.out.feeds).values()) == {Feed.MUSIC}
    house.run(60)
    assert bob.out.ringer or bob.engine.phone.held
    alice.hang_up()
    house.run(2)
    assert not bob.out.ringer
    house.rest()
    house.all_hang_up()


@WITHOUT
def test_the_caller_leaves_while_the_third_party_rings(without: tuple[str, ...]) -> None:
    house, alice, bob, carol = passed_on(without)
    alice.hang_up()
    house.run(2)
    assert not carol.out.ringer
    assert not bob.out.ringer
    house.rest()
    house.all_hang_up()


@WITHOUT
@pytest.mark.parametrize("whose", ["alice", "bob", "carol"])
def test_no_service_in_the_middle(without: tuple[str, ...], whose: str) -> None:
    """The server is away for one of them for a while, and keeps nothing for him."""
    house, *phones = passed_on(without)
    cut = next(p for p in phones if p.bare == f"{whose}@x")
    cut.engine.post(inbox.ServiceTold("server away", "closed"))
    house.dead.add(cut.full)  # for the server; its media goes on
    house.run(8)
    house.dead.clear()
    cut.engine.post(inbox.ServiceTold("online", ""))
    house.live(200)
    house.rest()
    house.all_hang_up()


def test_the_recalled_knocks_while_the_user_talks() -> None:
    house, alice, bob, carol = passed_on(())
    dave = house.add("dave")
    dave.call(NUMBERS["bob"])
    bob.lift()
    house.run(2)
    carol.press("BACK")
    house.run(3)
    assert bob.talks
    assert bob.out.tone is Tone.CALL_WAITING
    bob.press("HOLD")
    house.run(2)
    assert alice.talks
    assert dave.engine.phone.calls[0].held_by_peer
    house.rest()
    house.all_hang_up()
