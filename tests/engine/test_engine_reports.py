"""What comes up from the network and the media process, as far as no whole call shows it."""

from __future__ import annotations

import logging

import pytest
from rig.wire import Wire, WirePhone

from phone import inbox
from phone.calls.model import Progress
from phone.calls.outputs import Tone
from phone.drivers.base import Contact
from phone.jingle.api import DigitReceived
from phone.jingle.codec import encode_jingle
from phone.jingle.elements import RTP_INFO, Action, Info, Jingle
from phone.media import plan
from phone.status import status


def talk(alice: WirePhone, bob: WirePhone) -> str:
    """Let them; the call's id, which is the session's too."""
    alice.lift()
    alice.dial("202")
    alice.wire.run()
    bob.lift()
    alice.wire.run()
    assert alice.talks
    return alice.engine.ports.agent.wishes()[0].id


def test_held_by_the_far_end_and_back(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    id = talk(alice, bob)  # noqa: A001
    for name, held in (("hold", True), ("active", False)):
        info = encode_jingle(Jingle(Action.SESSION_INFO, id, info=Info(RTP_INFO, name)))
        alice.engine.post(inbox.IqArrived(bob.full, name, info))
        assert alice.engine.phone.calls[0].held_by_peer is held
        assert alice.talks
    wire.run()


def test_the_rosters_name_is_shown_for_whom_one_calls_and_for_who_calls(
    wire: Wire, alice: WirePhone, bob: WirePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WirePhone, "name_of", lambda _, jid: f"the name of {jid}")
    alice.lift()
    alice.dial("202")
    wire.run()
    assert alice.engine.phone.calls[0].name == "the name of bob@x"
    assert bob.engine.phone.calls[0].name == "the name of alice@x"


def test_candidates_that_come_later_are_trickled(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    id = talk(alice, bob)  # noqa: A001
    relayed = plan.Candidate(1, "9", "192.0.2.9", 50000, 1, "relay", "127.0.0.1", 40000)
    alice.engine.post(inbox.MediaTold(plan.LegCandidate(id, relayed)))
    wire.run()
    assert "192.0.2.9" in {c.ip for wish in bob.engine.ports.agent.wishes() for c in wish.candidates}


def test_digits_of_the_far_end_change_nothing_here(
    alice: WirePhone, bob: WirePhone, caplog: pytest.LogCaptureFixture
) -> None:
    id = talk(alice, bob)  # noqa: A001
    before = alice.engine.phone
    caplog.clear()
    with caplog.at_level(logging.INFO):
        alice.engine.post(inbox.MediaTold(plan.DigitHeard(id, "5")))
        alice.engine.acts.effect(DigitReceived(id, "6"))
    assert alice.engine.phone is before
    assert [r.getMessage() for r in caplog.records] == [f"call {id[:8]} digit heard, 1 so far"]
    assert [call.digits for call in status(alice.engine, "alice@x", 0.0).calls] == [1]


def test_no_key_that_is_pressed_is_in_the_log(
    alice: WirePhone, bob: WirePhone, caplog: pytest.LogCaptureFixture
) -> None:
    """Numbers, PINs typed into a bank's menu, and the code of the lock are nobody's business."""
    id = talk(alice, bob)  # noqa: A001
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        alice.dial("*#")
        alice.engine.post(inbox.MediaTold(plan.DigitHeard(id, "*")))
    assert alice.media.digits == [(id, "*"), (id, "#")]
    assert [r.getMessage() for r in caplog.records if {"*", "#"} & set(r.getMessage())] == []


def test_a_contact_without_a_meaning_and_a_failed_leg_that_is_gone(alice: WirePhone) -> None:
    before = alice.engine.phone
    alice.engine.post(inbox.ContactChanged(Contact("LID", closed=True, at=alice.wire.loop.now)))
    alice.engine.post(inbox.MediaTold(plan.LegFailed("gone", "ice", "no pair")))
    alice.engine.post(inbox.MediaTold(plan.LegUp("gone", encrypted=True, profile="AES")))
    assert alice.engine.phone is before
    assert not alice.engine.measured.facts, "nothing is kept of legs that are gone"


def test_they_take_the_call_and_never_begin_it(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    """A stranger proposes, we proceed, its session-initiate never comes: the user is told after 20 s."""
    wire.strangers |= {"alice@x", "bob@x"}
    wire.lose = lambda _: bob.engine.phone.off_hook and bool(wire.sent) and wire.sent[-1][0] == alice.full
    alice.lift()
    alice.dial("202")
    wire.run()
    assert bob.out.ringer
    bob.lift()
    wire.run(5)
    assert bob.engine.phone.calls[0].progress is Progress.CONNECTING
    wire.run(20)
    assert bob.out.tone in {Tone.REORDER, Tone.BUSY}
    assert not bob.engine.ports.agent.wishes()


def test_a_driver_thread_posts_by_the_loop(wire: Wire, alice: WirePhone) -> None:
    alice.engine.post_from_thread(inbox.ContactChanged(Contact("HOOK", closed=True, at=wire.loop.now)))
    assert not alice.engine.phone.off_hook, "not in the thread's own turn"
    wire.run(0)
    assert alice.engine.phone.off_hook


class DeafMedia:
    """A media process that takes plans and never describes a leg."""

    def send(self, message: object) -> None: ...


def test_media_that_never_come_end_the_call_with_a_tone(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.engine.ports.media = DeafMedia()
    alice.lift()
    alice.dial("202")
    wire.run(21)
    assert alice.out.tone is Tone.REORDER
    assert not bob.out.ringer
    assert not alice.engine.ports.agent.wishes()
