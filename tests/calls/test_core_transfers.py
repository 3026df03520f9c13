"""Transfer: corners that the model's tour does not come to."""

# ruff: noqa: FBT003 - events read as rows

from __future__ import annotations

from lifted import Desk

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.events import Key
from phone.calls.model import CallId, Habits, Notice, Reason, Service, Trouble
from phone.calls.numbers import Fault
from phone.calls.outputs import Tone, outputs

IN = CallId("in")


def test_transfer_needs_a_call_and_a_user():
    assert Desk().key(Key.TRANSFER).did == ()
    assert Desk().lift().key(Key.TRANSFER).did == ()
    assert Desk().talk().key(Key.TRANSFER).key(Key.TRANSFER).did == ()


def test_transfer_twice_connects_the_active_call_with_the_held_one():
    desk = Desk().talk()
    first = desk.id
    desk.offer().key(Key.HOLD).act(ev.MediaUp(IN, True, desk.now))
    desk.key(Key.TRANSFER).key(Key.TRANSFER)
    assert outputs(desk.phone).bridges == (tuple(sorted((first, IN))),)
    assert desk.tone is Tone.DIAL


def test_who_is_back_at_the_ear_is_told_of_for_a_while():
    desk = Desk().talk()
    desk.act(ev.Capable(desk.id, True, desk.now)).key(Key.TRANSFER).digits("6").key(Key.TRANSFER)
    caller = desk.phone.calls[0].id
    desk.act(ev.TransferFailed(caller, ev.TransferFault.FAILED, desk.now))
    assert outputs(desk.phone).talk == (caller,)
    assert desk.wait(19).phone.notice == Notice(Trouble.NOT_TRANSFERRED, "6")
    assert desk.wait(1).phone.notice is None


def test_a_number_that_cannot_be_called_hands_nobody_over():
    desk = Desk().talk().key(Key.TRANSFER).digits("0049301234").key(Key.TRANSFER)
    assert (desk.tone, desk.did) == (Tone.REORDER, ())
    assert desk.phone.notice == Notice(Fault.NO_GATEWAY, "0049301234")
    assert desk.phone.transfer


def test_a_bridge_needs_room():
    desk = Desk(habits=Habits(max_calls=1)).talk().key(Key.TRANSFER).digits("6").key(Key.TRANSFER)
    assert desk.phone.notice == Notice(Trouble.NO_ROOM, "6")
    caller = desk.phone.calls[0].id
    assert desk.cradle().phone.recall == caller


def test_who_has_handed_a_caller_over_did_not_lift_to_call_the_hotline():
    desk = Desk(habits=Habits(hotline="5")).talk()
    desk.act(ev.Capable(desk.id, True, desk.now)).key(Key.TRANSFER).digits("6").key(Key.TRANSFER)
    assert desk.wait(1).proposed == []
    assert desk.tone is Tone.DIAL


def test_an_emergency_call_finds_room_beside_those_that_this_phone_connects():
    desk = Desk(habits=Habits(max_calls=2, emergency=frozenset({"112"}))).talk()
    desk.offer().key(Key.HOLD).act(ev.MediaUp(IN, True, desk.now)).key(Key.TRANSFER).key(Key.TRANSFER)
    assert len(outputs(desk.phone).bridges) == 1
    assert desk.digits("5#").proposed == []
    assert desk.key(Key.BACK).digits("112#").proposed == ["112@example.org"]
    desk.act(ev.Ended(desk.id, Reason.BUSY, desk.now))
    assert desk.key(Key.REDIAL).proposed == ["112@example.org"]
    desk.act(ev.Accepted(desk.id, desk.now), ev.MediaUp(desk.id, True, desk.now)).key(Key.HOLD)
    assert desk.digits("112#").proposed == [], "once"


def test_the_verdict_on_nothing_changes_nothing():
    desk = Desk().talk()
    before = desk.phone
    desk.act(ev.TransferFailed(desk.id, ev.TransferFault.FAILED, desk.now))
    desk.act(ev.TransferFailed(CallId("?"), ev.TransferFault.FAILED, desk.now))
    desk.act(ev.TransferAsked(CallId("?"), "c@d", "C", True, desk.now))
    assert (desk.phone, desk.did) == (before, ())


def test_two_requests_of_one_far_end_the_second_is_refused():
    desk = Desk().talk()
    asked = ev.TransferAsked(desk.id, "c@d", "C", False, desk.now)
    assert desk.act(asked, asked).did == (do.AnswerTransfer(desk.id, False),)
    assert desk.key(Key.OK).proposed == ["c@d"]


def test_without_service_a_far_end_cannot_send_us_away():
    desk = Desk().talk().act(ev.ServiceChanged(Service.SERVER_AWAY, 101))
    assert desk.act(ev.TransferAsked(desk.id, "c@d", "C", True, 101)).did == (do.AnswerTransfer(desk.id, False),)


def test_an_attendant_that_leaves_at_once_does_not_stop_the_new_call():
    """Jitsi ends its leg as soon as we have said yes."""
    desk = Desk().talk()
    attendant = desk.id
    desk.act(ev.TransferAsked(attendant, "c@d", "C", True, desk.now), ev.Ended(attendant, Reason.TRANSFERRED, desk.now))
    assert desk.proposed == ["c@d"]
    assert desk.phone.call(desk.id).via == "5"
    assert desk.wait(45).terminated == [Reason.NO_ANSWER]
    assert desk.tone is Tone.REORDER


def test_while_the_new_call_rings_back_returns_to_the_attendant():
    desk = Desk().talk()
    attendant = desk.id
    desk.act(ev.TransferAsked(attendant, "c@d", "C", True, desk.now)).key(Key.BACK)
    assert desk.terminated == [Reason.CANCELLED]
    assert outputs(desk.phone).talk == (attendant,)


def test_the_place_of_a_leg_that_fails_is_the_old_ones_again():
    desk = Desk().talk()
    old = desk.id
    desk.act(ev.Offered(IN, "x@y", "X", desk.now, via="5", replaces=old), ev.Ended(IN, Reason.FAILED, desk.now))
    assert outputs(desk.phone).talk == (old,)
    assert desk.wait(10).did == ()


def intercom() -> Desk:
    """A call that the phone has answered by itself: nobody need be near it."""
    desk = Desk(habits=Habits(has_speaker=True))
    desk.act(ev.Offered(IN, "ann@example.org/x", "Ann", desk.now, intercom=True))
    return desk.act(ev.MediaUp(IN, True, desk.now))


def test_an_intercom_call_cannot_pass_on_a_room_where_nobody_may_be():
    desk = intercom()
    new = CallId("new")
    desk.act(ev.Offered(new, "x@y", "X", desk.now, via="Ann", replaces=IN))
    assert (outputs(desk.phone).talk, desk.did) == ((IN,), ())
    assert desk.key(Key.OK).did == (do.Accept(new),), "somebody is there"


def test_an_intercom_call_sends_nobody_away_without_a_word():
    desk = intercom().act(ev.TransferAsked(IN, "c@d", "C", True, 100.0))
    assert desk.did == ()
    assert desk.wait(15).did == (do.AnswerTransfer(IN, False),)


def test_who_has_taken_the_handset_speaks_for_himself():
    desk = intercom().lift()
    new = CallId("new")
    desk.act(ev.Offered(new, "x@y", "X", desk.now, via="Ann", replaces=IN))
    assert desk.did == (do.Accept(new),)
    assert intercom().lift().act(ev.TransferAsked(IN, "c@d", "C", True, 100.0)).proposed == ["c@d"]
