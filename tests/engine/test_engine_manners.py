"""Whole phones on a wire, as their users' hands know them: hold, waiting, conference, transfer with and without
XEP-0251. Real call core, real Jingle agents; time is virtual.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from rig.wire import Wire, WirePhone

from phone import inbox
from phone.calls.digitmap import DigitMap
from phone.calls.model import Reason
from phone.calls.outputs import Tone
from phone.jingle.api import Permission
from phone.jingle.elements import TRANSFER
from phone.ui.book import Book, Recent


@pytest.fixture
def carol(wire: Wire) -> WirePhone:
    return wire.add("carol")


def talk(caller: WirePhone, callee: WirePhone, number: str) -> None:
    caller.call(number)
    callee.lift()
    caller.wire.run(1)
    assert caller.talks
    assert callee.talks


def feeds(phone: WirePhone) -> dict[str, str]:
    """What each far end hears, by its name."""
    assert phone.media.plan is not None
    names = {c.id: c.peer.partition("@")[0] for c in phone.engine.phone.calls}
    ears = phone.media.plan.audio.talk
    return {names[leg.id]: "ear" if leg.id in ears else leg.feed for leg in phone.media.plan.legs}


def peers(phone: WirePhone) -> set[str]:
    return {c.peer.partition("@")[0] for c in phone.engine.phone.calls if c.live}


def nobody_knows_of_a_call(*phones: WirePhone) -> bool:
    return not any(c.live for p in phones for c in p.engine.phone.calls) and not any(
        p.engine.ports.agent.wishes() for p in phones
    )


# --- hold and waiting ---------------------------------------------------------------------------------------------


def test_hold_and_resume(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    talk(alice, bob, "202")
    alice.press("HOLD")
    wire.run()
    assert feeds(alice) == {"bob": "music"}
    assert bob.engine.phone.calls[0].held_by_peer
    assert bob.media.plan is not None
    assert [leg.held for leg in bob.media.plan.legs] == [True], "its silence would be taken for a lost connection"
    alice.press("HOLD")
    wire.run()
    assert feeds(alice) == {"bob": "ear"}
    assert not bob.engine.phone.calls[0].held_by_peer
    assert [leg.held for leg in bob.media.plan.legs] == [False]
    assert alice.talks
    assert bob.talks


def test_a_held_call_outlives_the_cradle_and_rings_back(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    talk(alice, bob, "202")
    alice.press("HOLD")
    alice.hang_up()
    wire.run(55)
    assert not alice.out.ringer
    wire.run(6)
    assert alice.out.ringer
    alice.lift()
    wire.run(1)
    assert alice.talks
    assert not bob.engine.phone.calls[0].held_by_peer


def test_a_third_knocks_is_answered_with_hold_and_swapped(
    wire: Wire, alice: WirePhone, bob: WirePhone, carol: WirePhone
) -> None:
    talk(alice, bob, "202")
    carol.call("201")
    assert alice.out.tone is Tone.CALL_WAITING
    assert carol.out.tone is Tone.RINGBACK
    alice.press("HOLD")
    wire.run(1)
    assert feeds(alice) == {"bob": "music", "carol": "ear"}
    assert carol.talks
    alice.press("HOLD")
    wire.run(1)
    assert feeds(alice) == {"bob": "ear", "carol": "music"}
    assert carol.engine.phone.calls[0].held_by_peer
    assert not bob.engine.phone.calls[0].held_by_peer


def test_a_conference_of_three_and_either_leaves(
    wire: Wire, alice: WirePhone, bob: WirePhone, carol: WirePhone
) -> None:
    talk(alice, bob, "202")
    alice.press("HOLD")
    alice.press("HOLD")
    carol.call("201")
    alice.press("HOLD")
    wire.run(1)
    alice.contact("HOLD", closed=True)
    wire.run(1)
    alice.contact("HOLD", closed=False)
    wire.run(1)
    assert feeds(alice) == {"bob": "ear", "carol": "ear"}
    assert not any(p.engine.phone.calls[0].held_by_peer for p in (bob, carol))
    bob.hang_up()
    wire.run(1)
    assert feeds(alice) == {"carol": "ear"}
    assert alice.talks
    assert carol.talks


def test_a_missed_call_lights_the_message_lamp_until_it_is_looked_at(wire: Wire, alice: WirePhone) -> None:
    missed = Recent("Bob", "bob@x", at=5.0, outgoing=False, answered=False, missed=True)
    alice.engine.ports.book = lambda: Book(recents=(missed,))
    alice.engine.post(inbox.BookChanged())
    assert "message" in alice.engine.ports.lamps.lit
    for key in ("OK", "DOWN", "OK", "OK"):  # menu, calls, missed
        alice.press(key)
    wire.run()
    assert "message" not in alice.engine.ports.lamps.lit


def test_refused_with_a_text(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.call("202")
    bob.press("2")
    wire.run(1)
    assert alice.out.tone is Tone.BUSY
    assert bob.chats == [("alice@x", "refused 1")]


# --- transfer -----------------------------------------------------------------------------------------------------

WITHOUT = pytest.mark.parametrize(
    "without", [(), ("alice",), ("carol",), ("alice", "carol")], ids=["all can", "caller", "callee", "neither can"]
)


def pick(wire: Wire, alice: WirePhone, bob: WirePhone, without: tuple[str, ...]) -> None:
    """alice called bob, who wants to pass her on to carol."""
    wire.without = {f"{name}@x": frozenset({TRANSFER}) for name in without}
    talk(alice, bob, "202")
    bob.press("TRANSFER")
    wire.run(1)
    assert bob.out.tone is Tone.DIAL
    assert feeds(bob) == {"alice": "music"}


def send_to_carol(wire: Wire, bob: WirePhone) -> None:
    """Unattended: bob dials her and hangs up while she rings."""
    bob.dial("203")
    wire.run(1)
    bob.hang_up()


def together(wire: Wire, alice: WirePhone, bob: WirePhone, carol: WirePhone, *, bridged: bool) -> None:
    """alice and carol talk, and bob is out of it, but for carrying their speech."""
    wire.run(10)
    assert alice.talks
    assert carol.talks
    assert not bob.out.talk
    if bridged:
        assert feeds(bob) == {"alice": "bridge", "carol": "bridge"}
    else:
        assert peers(alice) == {"carol"}
        assert peers(carol) == {"alice"}
        assert not peers(bob)
        assert not bob.engine.ports.agent.wishes()
    alice.hang_up()
    wire.run(2)
    carol.hang_up()
    bob.hang_up()
    wire.run(2)
    assert nobody_knows_of_a_call(alice, bob, carol)
    for phone in (alice, bob, carol):
        assert len({c.call.id for c in phone.log}) == len(phone.log), "each call is logged once"


@WITHOUT
@pytest.mark.parametrize("key", ["cradle", "TRANSFER"])
@pytest.mark.parametrize("when", ["typed", "ringing", "answered"])
def test_transfer(
    wire: Wire,
    alice: WirePhone,
    bob: WirePhone,
    carol: WirePhone,
    without: tuple[str, ...],
    key: str,
    when: str,
) -> None:
    pick(wire, alice, bob, without)
    if when == "typed":  # and no digit map says when a number is complete
        bob.engine.phone = replace(bob.engine.phone, plan=replace(bob.engine.phone.plan, digit_map=DigitMap()))
    bob.dial("203")
    wire.run(1)
    if when == "answered":
        carol.lift()
        wire.run(1)
        assert bob.talks
    if key == "cradle":
        bob.hang_up()
    else:
        bob.press("TRANSFER")
    wire.run(2)
    if when != "answered":
        assert carol.out.ringer
        carol.lift()
    # attended, the callee must know how one call takes the place of another
    together(wire, alice, bob, carol, bridged="alice" in without or (when == "answered" and "carol" in without))


def test_back_returns_to_the_caller(wire: Wire, alice: WirePhone, bob: WirePhone, carol: WirePhone) -> None:
    pick(wire, alice, bob, ())
    bob.dial("203")
    wire.run(1)
    bob.press("BACK")
    wire.run(1)
    assert feeds(bob) == {"alice": "ear"}
    assert alice.talks
    assert not carol.out.ringer


@WITHOUT
def test_a_callee_who_refuses_sends_the_caller_back(
    wire: Wire, alice: WirePhone, bob: WirePhone, carol: WirePhone, without: tuple[str, ...]
) -> None:
    pick(wire, alice, bob, without)
    send_to_carol(wire, bob)
    wire.run(2)
    assert carol.out.ringer
    carol.press("BACK")
    wire.run(5)
    assert bob.out.ringer, "the caller is back"
    bob.lift()
    wire.run(1)
    assert bob.talks
    assert alice.talks
    assert peers(alice) == {"bob"}


def test_the_caller_is_asked_where_the_policy_wants_it(
    wire: Wire, alice: WirePhone, bob: WirePhone, carol: WirePhone
) -> None:
    alice.permission = Permission.ASK
    pick(wire, alice, bob, ())
    send_to_carol(wire, bob)
    wire.run(1)
    assert not carol.out.ringer, "first alice says yes"
    alice.press("OK")
    wire.run(1)
    assert carol.out.ringer
    carol.lift()
    together(wire, alice, bob, carol, bridged=False)


@pytest.mark.parametrize("answer", ["no", "nothing"])
def test_the_caller_says_no_and_is_back(
    wire: Wire, alice: WirePhone, bob: WirePhone, carol: WirePhone, answer: str
) -> None:
    alice.permission = Permission.ASK
    pick(wire, alice, bob, ())
    send_to_carol(wire, bob)
    wire.run(1)
    if answer == "no":
        alice.press("BACK")
    wire.run(25)
    assert bob.out.ringer
    assert not carol.out.ringer
    bob.lift()
    wire.run(1)
    assert bob.talks
    assert alice.talks


def test_a_caller_that_is_never_to_be_sent_there_comes_back(
    wire: Wire, alice: WirePhone, bob: WirePhone, carol: WirePhone
) -> None:
    alice.permission = Permission.REFUSE
    pick(wire, alice, bob, ())
    send_to_carol(wire, bob)
    wire.run(2)
    assert bob.out.ringer
    assert not carol.out.ringer
    assert peers(alice) == {"bob"}


def test_a_second_transfer_while_the_first_runs(wire: Wire, alice: WirePhone, bob: WirePhone, carol: WirePhone) -> None:
    dave = wire.add("dave")
    pick(wire, alice, bob, ())
    bob.dial("203")
    wire.run(1)
    bob.press("TRANSFER")
    wire.run(1)
    assert carol.out.ringer
    bob.hang_up()
    dave.call("202")
    bob.lift()
    wire.run(1)
    bob.press("TRANSFER")
    send_to_carol(wire, bob)
    wire.run(1)
    carol.lift()
    wire.run(5)
    assert carol.talks
    assert alice.talks or dave.talks
    wire.run(100)
    assert all(c.progress.value == "connected" for p in (alice, carol, dave) for c in p.engine.phone.calls if c.live)


def test_transferred_calls_say_so_in_the_log(wire: Wire, alice: WirePhone, bob: WirePhone, carol: WirePhone) -> None:
    pick(wire, alice, bob, ())
    bob.dial("203")
    wire.run(1)
    carol.lift()
    wire.run(1)
    bob.hang_up()
    together(wire, alice, bob, carol, bridged=False)
    assert Reason.TRANSFERRED in {c.call.reason for c in bob.log}
    assert {c.call.via for c in carol.log} == {"", "bob"}
