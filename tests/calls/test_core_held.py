"""Several calls: waiting, hold, swap, conference; one thing at a time."""

# ruff: noqa: FBT003 - events read as rows

from __future__ import annotations

import pytest
from lifted import Desk

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.events import Key
from phone.calls.model import CallId, Habits, Notice, Reason, Stage, Trouble
from phone.calls.outputs import Feed, Tone, outputs

IN = CallId("in")


def talk_to_two() -> tuple[Desk, CallId]:
    """`in` at the ear, the call dialled first on hold."""
    desk = Desk().talk()
    first = desk.id
    desk.offer().key(Key.HOLD)
    desk.act(ev.MediaUp(IN, True, desk.now))
    desk.now += 1
    return desk, first


def hold_down(desk: Desk) -> Desk:
    desk.act(ev.KeyPressed(Key.HOLD, desk.now)).wait(0.8)
    return desk.act(ev.KeyReleased("HOLD", desk.now))


def test_a_held_far_end_hears_music_and_the_display_can_tell():
    desk = Desk().talk().key(Key.HOLD)
    assert desk.did == (do.SetHold(desk.id, True),)
    assert outputs(desk.phone).feeds == ((desk.id, Feed.MUSIC),)
    assert outputs(desk.phone).talk == ()
    assert "hold" in outputs(desk.phone).lamps
    assert desk.tone is None
    assert desk.key(Key.HOLD).did == (do.SetHold(desk.id, False),)


def test_while_one_is_held_at_the_ear_another_may_be_called():
    desk = Desk().talk().key(Key.HOLD)
    held = desk.id
    assert desk.digits("6#").proposed == ["6@example.org"]
    assert desk.phone.held[0].id == held


def test_a_far_end_that_is_held_and_hangs_up_leaves_the_talk_alone():
    desk, first = talk_to_two()
    desk.act(ev.Ended(first, Reason.HANGUP, desk.now))
    assert outputs(desk.phone).talk == (IN,)
    assert desk.phone.held == ()


def test_the_tone_of_one_then_hold_resumes_the_other():
    desk, first = talk_to_two()
    assert desk.act(ev.Ended(IN, Reason.HANGUP, desk.now)).tone is Tone.BUSY
    assert desk.key(Key.HOLD).did == (do.SetHold(first, False),)


def test_several_wait_and_the_oldest_is_answered_first():
    desk = Desk().talk().offer("a").offer("b").key(Key.OK)
    assert do.Accept(CallId("a")) in desk.did
    assert [c.id for c in desk.phone.waiting] == ["b"]
    assert desk.key(Key.BACK).terminated == [Reason.DECLINED]


def test_ok_in_haste_does_not_take_a_second_one():
    desk = Desk().offer("a").lift().offer("b")
    assert desk.key(Key.OK).did == ()
    assert desk.act(ev.ResumeRequested(CallId("b"), desk.now)).did == ()


def test_a_reminder_rings_for_the_one_held_the_longest():
    desk, _ = talk_to_two()
    desk.key(Key.HOLD).cradle()
    assert desk.logged == [Reason.HANGUP]
    assert not outputs(desk.wait(59).phone).ringer
    assert outputs(desk.wait(1).phone).ringer
    assert not outputs(desk.wait(4).phone).ringer
    assert desk.lift().tone is Tone.DIAL
    assert desk.key(Key.HOLD).did == (do.SetHold(IN, False),)


def test_a_conference_is_spoken_to_as_one():
    desk, first = talk_to_two()
    hold_down(desk)
    assert set(outputs(desk.phone).talk) == {first, IN}
    assert desk.tone is Tone.BEEP
    assert desk.wait(1).tone is None
    assert {c.id for c in desk.digits("5").did} == {first, IN}
    assert desk.key(Key.MUTE).phone.muted
    assert not outputs(desk.phone).send


def test_one_who_holds_a_conference_does_not_play_his_music_to_it():
    desk, first = talk_to_two()
    hold_down(desk)
    desk.act(ev.PeerHeld(first, True, 200.0))
    assert outputs(desk.phone).talk == (IN,)
    desk.act(ev.PeerHeld(IN, True, 200.0))
    assert set(outputs(desk.phone).talk) == {first, IN}, "nobody is left to be spared"
    desk.act(ev.PeerHeld(first, False, 200.0)).act(ev.PeerHeld(IN, False, 200.0))
    assert set(outputs(desk.phone).talk) == {first, IN}


@pytest.mark.parametrize("more", [False, True])
def test_a_conference_left_alone(more):
    desk, first = talk_to_two()
    hold_down(desk)
    if more:
        desk.offer("third").key(Key.HOLD).act(ev.MediaUp(CallId("third"), True, desk.now))
        hold_down(desk)
        assert len(outputs(desk.phone).talk) == 3
        assert desk.key(Key.TRANSFER).did == ()
    desk.cradle()
    assert outputs(desk.phone).bridges == (() if more else (tuple(sorted((first, IN))),))
    assert len(desk.terminated) == (3 if more else 0)


def test_one_of_a_conference_sends_another_in_its_place():
    desk, first = talk_to_two()
    hold_down(desk)
    desk.act(ev.Offered(CallId("new"), "x@y", "X", desk.now, replaces=IN)).key(Key.OK)
    assert {c.id for c in desk.phone.conference} == {first, "new"}
    desk.act(ev.Ended(CallId("new"), Reason.FAILED, desk.now))
    assert set(outputs(desk.phone).talk) == {first, IN}


def test_who_waits_takes_the_place_of_a_held_one_and_the_one_at_the_ear_is_held():
    desk, first = talk_to_two()
    desk.act(ev.Offered(CallId("new"), "x@y", "X", desk.now, replaces=first)).key(Key.HOLD)
    assert do.SetHold(IN, True) in desk.did
    assert desk.act(ev.MediaUp(CallId("new"), True, desk.now)).terminated == [Reason.TRANSFERRED]


def test_a_menu_resumes_by_the_speaker_if_there_is_one():
    desk = Desk().talk().key(Key.HOLD)
    held = desk.id
    assert desk.cradle().act(ev.ResumeRequested(held, desk.now)).did == ()
    desk = Desk(habits=Habits(has_speaker=True)).talk().key(Key.HOLD)
    held = desk.id
    assert desk.cradle().act(ev.ResumeRequested(held, desk.now)).did == (do.SetHold(held, False),)
    assert outputs(desk.phone).speaker


def test_the_speaker_goes_off_by_itself_after_a_call_and_has_its_own_volume():
    desk = Desk(habits=Habits(has_speaker=True)).key(Key.SPEAKER)
    assert (desk.tone, desk.phone.stage) == (Tone.DIAL, Stage.FRESH)
    assert outputs(desk.key(Key.VOL_UP).phone).speaker_volume == 90
    assert desk.wait(21).tone is Tone.REORDER
    assert not desk.wait(31).phone.seized


def test_a_digit_goes_on_dialling_though_a_call_knocks():
    desk = Desk().lift().digits("1").offer().digits("2")
    assert (desk.phone.dialled, desk.did) == ("12", ())
    assert desk.tone is Tone.CALL_WAITING
    desk = Desk().lift().offer().digits("2")
    assert desk.did[-1] == do.SendText("ann@example.org/x", 1)


def test_the_lock_asks_for_its_code():
    desk = Desk(habits=Habits(lock_code="12", emergency=frozenset({"112"})), locked=True)
    desk.digits("9#")
    assert desk.phone.notice == Notice(Trouble.LOCKED)
    desk.digits("112#")
    assert desk.phone.locked
    assert desk.lift().proposed == ["112@example.org"]
    assert not Desk(habits=Habits(lock_code="12"), locked=True).digits("12#").phone.locked


def test_redial_does_not_know_the_code_that_was_typed_with_the_handset_up():
    habits = Habits(lock_code="12", emergency=frozenset({"112"}))
    for typed in ("12#", "9#"):
        desk = Desk(habits=habits, locked=True, last_dialled="5").lift().digits(typed)
        assert (desk.phone.notice and desk.phone.notice.why, desk.phone.last_dialled) == (Trouble.LOCKED, "5")
        assert desk.cradle().key(Key.REDIAL).key(Key.OK).phone.locked
    assert Desk(habits=habits, locked=True).lift().digits("112#").phone.last_dialled == "112"
    assert Desk(habits=habits, last_dialled="5").lift().digits("12#").phone.last_dialled == "5"


def test_nor_the_code_that_was_typed_for_a_transfer():
    desk = Desk(habits=Habits(lock_code="12"), last_dialled="4").talk()
    desk.act(ev.LockChanged(True, desk.now)).key(Key.TRANSFER).digits("12")
    assert desk.key(Key.TRANSFER).phone.notice == Notice(Trouble.LOCKED, "12")
    assert desk.phone.last_dialled == "5"


def test_the_volume_shown_is_not_that_of_another_device():
    desk = Desk().key(Key.VOL_UP).lift()
    assert desk.phone.volume_until is None
    assert desk.key(Key.VOL_UP).cradle().phone.volume_until is None
