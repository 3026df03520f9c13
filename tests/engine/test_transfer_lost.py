"""Transfers whose stanzas get lost or overtake each other: nobody hangs, no leg is left without an owner, all agree."""

from __future__ import annotations

from random import Random

import pytest
from engine.house import NUMBERS, House
from rig.wire import WirePhone

from phone.jingle.elements import TRANSFER

KINDS = ("typed", "ringing", "answered", "refused")


def begin(house: House) -> tuple[WirePhone, WirePhone, WirePhone]:
    """alice has called bob, and they talk; carol is at her desk."""
    alice, bob, carol = house.add("alice"), house.add("bob"), house.add("carol")
    alice.call(NUMBERS["bob"])
    house.run(2)
    bob.lift()
    house.run(3)
    assert alice.talks
    assert bob.talks
    return alice, bob, carol


def pass_on(house: House, bob: WirePhone, carol: WirePhone, kind: str) -> None:
    """bob passes alice on to carol, as far as he gets."""
    bob.press("TRANSFER")
    house.run(2)
    bob.dial(NUMBERS["carol"])
    if kind != "typed":
        house.run(3)
        if kind == "answered" and carol.out.ringer:
            carol.lift()
            house.run(3)
    bob.hang_up()
    if kind == "refused":
        house.run(3)
        carol.press("BACK")


@pytest.mark.parametrize("without", [(), ("alice",), ("carol",)], ids=["all can", "caller cannot", "callee cannot"])
@pytest.mark.parametrize("kind", KINDS)
def test_any_one_stanza_lost_leaves_nobody_hanging(kind: str, without: tuple[str, ...]) -> None:
    nth, sent, wrong = 0, 1, []
    while nth < sent:
        house = House()
        house.without = {f"{name}@x": frozenset({TRANSFER}) for name in without}
        _, bob, carol = begin(house)
        first, nth = house.count, nth + 1
        house.lose = lambda count, lost=first + nth: count == lost
        pass_on(house, bob, carol, kind)
        house.live(150)
        sent = max(sent, house.count - first)
        try:
            house.rest()
            house.all_hang_up()
        except AssertionError as error:
            wrong.append(f"without stanza {nth}, {_lost(house, first + nth)}: {error}")
    assert not wrong, "\n".join(wrong)
    assert nth > 10, "stanzas were lost"


def _lost(house: House, number: int) -> str:
    sender, to, payload = house.sent[number - 1]
    children = [c.tag.rpartition("}")[2] for c in payload]
    return f"{sender} -> {to}: {payload.tag.rpartition('}')[2]} {payload.get('action')} {children}"


@pytest.mark.parametrize("kind", KINDS[:3])
@pytest.mark.parametrize("seed", range(12))
def test_stanzas_that_overtake_each_other(kind: str, seed: int) -> None:
    house = House(Random(seed), slowest=1.5)
    alice, bob, carol = house.add("alice"), house.add("bob"), house.add("carol")
    alice.call(NUMBERS["bob"])
    house.run(5)
    bob.lift()
    house.run(8)
    pass_on(house, bob, carol, kind)
    house.live(150)
    house.rest()
    assert alice.talks
    assert carol.talks
    assert not [c for c in bob.engine.phone.calls if c.live]
    house.all_hang_up()
