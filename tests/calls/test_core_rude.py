"""Far ends that are early, late or repeat themselves: no call may hang without an owner or a sign."""

from __future__ import annotations

import pytest
from lifted import Desk

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.model import CallId, Progress, Reason, Service
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


@pytest.mark.parametrize("alerting", [False, True])
def test_a_call_that_nobody_can_answer_for_want_of_service_ends(alerting: bool) -> None:
    """Its ringback would be a lie."""
    desk = Desk().lift().digits("5#")
    if alerting:
        desk.act(ev.Alerting(desk.id, desk.now))
    desk.act(ev.ServiceChanged(Service.SERVER_AWAY, desk.now))
    desk.wait(10).act(ev.ServiceChanged(Service.NO_NETWORK, desk.now))
    assert desk.wait(19).phone.busy
    desk.wait(1)
    assert desk.terminated == desk.logged == [Reason.UNREACHABLE]
    assert desk.tone is Tone.REORDER


def test_service_that_comes_back_in_time_ends_nothing() -> None:
    desk = Desk().lift().digits("5#")
    desk.act(ev.ServiceChanged(Service.SERVER_AWAY, desk.now))
    desk.wait(29).act(ev.ServiceChanged(Service.ONLINE, desk.now))
    assert desk.wait(60).phone.busy
    desk.act(ev.ServiceChanged(Service.SERVER_AWAY, desk.now))
    assert desk.wait(29).phone.busy, "counted from the last loss"


def test_a_bell_whose_caller_can_no_longer_give_up_stops() -> None:
    desk = Desk().offer("x").act(ev.ServiceChanged(Service.SERVER_AWAY, 100.0))
    assert outputs(desk.wait(29).phone).ringer
    assert not outputs(desk.wait(1).phone).ringer
    assert desk.logged == [Reason.NO_ANSWER]
