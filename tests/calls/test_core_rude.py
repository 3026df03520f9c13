"""Far ends that are early, late or repeat themselves: no call may hang without an owner or a sign."""

from __future__ import annotations

from lifted import Desk

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.model import CallId, Progress, Reason
from phone.calls.outputs import Tone, outputs


def test_a_call_whose_id_was_in_use_before_waits_while_the_old_one_still_sounds() -> None:
    """Asterisk begins anew with the same sid; ignored, it would ring there for ever and hold its place here."""
    desk = Desk().offer("x").lift()
    desk.act(ev.Ended(desk.id, Reason.HANGUP, desk.now))
    assert outputs(desk.phone).tone is Tone.BUSY
    desk.offer("x")
    assert outputs(desk.phone).tone is Tone.CALL_WAITING
    assert [c.progress for c in desk.phone.calls] == [Progress.OFFERED]
    desk.cradle()
    assert outputs(desk.phone).ringer
    assert desk.lift().did == (do.Accept(CallId("x")),)


def test_an_offer_that_comes_twice_is_one_call() -> None:
    desk = Desk().offer("x")
    before = desk.phone
    assert desk.offer("x").phone is before
    assert not desk.did


def test_a_far_end_that_holds_before_speech_flows_is_shown_as_such_once_it_does() -> None:
    desk = Desk().offer("x").lift()
    desk.act(ev.PeerHeld(desk.id, held=True, at=desk.now), ev.MediaUp(desk.id, encrypted=True, at=desk.now))
    (call,) = desk.phone.calls
    assert call.up
    assert call.held_by_peer
