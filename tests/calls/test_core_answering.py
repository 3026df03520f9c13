"""The phone answers for its owner, one thing at a time."""

# ruff: noqa: FBT003 - events read as rows

from __future__ import annotations

import pytest
from lifted import Desk

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.core import deadlines
from phone.calls.events import Key, RecordingEnd
from phone.calls.model import Answering, CallId, Habits, Notice, Progress, Reason, Service, Timers, Trouble
from phone.calls.outputs import Feed, Tone, outputs

IN = CallId("in")


def desk(**habits: object) -> Desk:
    return Desk(habits=Habits(**{"answers": True, "has_speaker": True} | habits))


def greeted(**habits: object) -> Desk:
    """Ann hears the greeting: nobody has lifted for 25 s."""
    return desk(**habits).offer().wait(25).act(ev.MediaUp(IN, True, 125.0))


def recorded(**habits: object) -> Desk:
    on = greeted(**habits)
    on.now += 5
    return on.act(ev.GreetingOver(IN, on.now))


def test_after_25_seconds_the_phone_answers_greets_and_records():
    on = desk().offer()
    assert outputs(on.wait(24.9).phone).ringer
    on.wait(0.1)
    assert on.did == (do.Accept(IN),)
    assert not outputs(on.phone).ringer
    assert on.phone.answering[0].progress is Progress.CONNECTING
    on.act(ev.MediaUp(IN, True, on.now))
    out = outputs(on.phone)
    assert (out.feeds, out.record, out.talk, out.send) == (((IN, Feed.GREETING),), (), (), False)
    on.now += 7
    on.act(ev.GreetingOver(IN, on.now))
    (call,) = on.phone.calls
    assert on.did == (do.StartRecording(call),)
    assert (call.answering, call.answering_at, call.answered_at) == (Answering.RECORDING, on.now, None)
    out = outputs(on.phone)
    assert (out.feeds, out.record, out.talk) == (((IN, Feed.SILENCE),), (IN,), ())
    assert "call" in out.lamps


def test_a_message_ends_with_the_caller_hanging_up():
    on = recorded()
    on.act(ev.Ended(IN, Reason.HANGUP, on.now))
    kept, logged = on.did
    assert kept == do.StopRecording(IN, keep=True)
    assert (logged.call.reason, logged.call.answered_at) == (Reason.NO_ANSWER, None)
    assert logged.call.answering is Answering.RECORDING
    assert on.phone.notice == Notice(Trouble.MISSED, "Ann")
    on.act(ev.Told(Notice(Trouble.MESSAGE_TAKEN, "Ann"), on.now))
    assert on.wait(500).phone.notice == Notice(Trouble.MESSAGE_TAKEN, "Ann")
    assert on.lift().phone.notice is None


@pytest.mark.parametrize("why", RecordingEnd)
def test_a_message_ends_with_silence_and_want_of_room(why):
    on = recorded()
    on.act(ev.RecordingStopped(IN, why, on.now))
    assert on.did[:2] == (do.Terminate(IN, Reason.HANGUP), do.StopRecording(IN, keep=True))
    assert on.logged == [Reason.NO_ANSWER]
    failed = why is RecordingEnd.FAILED
    assert on.phone.notice == Notice(Trouble.NO_MESSAGE if failed else Trouble.MISSED, "Ann")


def test_no_message_is_longer_than_three_minutes_and_no_greeting_than_one():
    on = greeted()
    assert on.wait(59.9).did == ()
    assert isinstance(on.wait(0.1).did[0], do.StartRecording)
    assert on.wait(179.9).did == ()
    assert do.StopRecording(IN, keep=True) in on.wait(0.1).did
    assert on.terminated == [Reason.HANGUP]
    assert deadlines(on.phone) is None


def test_the_greeting_counts_from_when_speech_flows():
    on = desk().offer().wait(25).wait(15)
    assert on.act(ev.GreetingOver(IN, on.now)).did == ()
    on.act(ev.MediaUp(IN, True, on.now))
    assert on.wait(59).did == ()
    assert on.wait(1).did


def test_what_is_late_or_unknown_changes_nothing():
    on = recorded()
    before = on.phone
    for leg in (IN, CallId("none")):
        on.act(ev.GreetingOver(leg, on.now), ev.MessageRefused(leg, on.now))
    on.act(ev.RecordingStopped(CallId("none"), RecordingEnd.FULL, on.now), ev.PromptOver(on.now))
    assert on.act(ev.RecordingStopped(None, RecordingEnd.FULL, on.now)).phone == before
    greets = greeted()
    assert greets.act(ev.RecordingStopped(IN, RecordingEnd.FULL, greets.now)).did == ()


def test_a_phone_that_may_not_answer_rings_on():
    on = Desk().offer().wait(30)
    assert outputs(on.key(Key.VOICEMAIL).phone).ringer
    assert not on.phone.mailbox
    assert on.wait(30).logged == [Reason.NO_ANSWER]


def test_the_ring_time_wins_where_it_is_shorter():
    on = Desk(habits=Habits(answers=True), timers=Timers(ring=20)).offer().wait(500)
    assert on.logged == [Reason.NO_ANSWER]
    assert do.Accept(IN) not in on.did
    same = Desk(habits=Habits(answers=True), timers=Timers(ring=25)).offer().wait(25)
    assert same.did == (do.Accept(IN),)


def test_without_service_there_is_nobody_to_answer_to():
    on = desk().offer().act(ev.ServiceChanged(Service.SERVER_AWAY, 110.0))
    assert on.wait(27).did == ()
    assert on.act(ev.ServiceChanged(Service.ONLINE, on.now)).wait(0.1).did == (do.Accept(IN),)


def test_a_message_outlives_the_service():
    on = recorded()
    on.act(ev.ServiceChanged(Service.SERVER_AWAY, on.now))
    assert on.wait(100).did == ()
    assert outputs(on.phone).record == (IN,)


def test_voicemail_sends_who_rings_or_knocks_there_at_once():
    on = desk().offer().key(Key.VOICEMAIL)
    assert on.did == (do.Accept(IN),)
    assert not outputs(on.phone).ringer
    talk = desk().talk()
    mine = talk.id
    talk.offer().key(Key.VOICEMAIL).act(ev.MediaUp(IN, True, talk.now))
    assert (outputs(talk.phone).talk, talk.tone) == ((mine,), None)
    assert talk.phone.held == talk.phone.waiting == ()


@pytest.mark.parametrize("habit", [True, False])
def test_do_not_disturb_takes_messages_in_silence(habit):
    on = desk(answers_dnd=habit).act(ev.DndChanged(True, 100.0))
    on.act(ev.Offered(IN, "ann@example.org/x", "Ann", on.now, intercom=True))
    assert not outputs(on.phone).ringer
    assert on.did[0] == (do.Accept(IN) if habit else do.Terminate(IN, Reason.BUSY))


@pytest.mark.parametrize("habit", [True, False])
def test_without_call_waiting_who_calls_a_busy_phone_leaves_a_message(habit):
    on = desk(waiting=False, answers_busy=habit).talk().offer()
    assert on.did[0] == (do.Accept(IN) if habit else do.Terminate(IN, Reason.BUSY))
    assert on.tone is None


def test_a_full_house_is_busy():
    on = desk(max_calls=1).act(ev.DndChanged(True, 100.0)).offer("a").offer("b")
    assert on.terminated == [Reason.BUSY]


def test_but_its_user_may_call():
    on = desk(max_calls=1).act(ev.DndChanged(True, 100.0)).offer("a").digits("5").lift()
    assert on.proposed == ["5@example.org"]
    on.key(Key.HOLD).digits("6#")
    assert on.proposed == []


# --- taking over ------------------------------------------------------------------------------------------------


def test_lifting_takes_the_call_over_and_nothing_is_kept():
    on = recorded().lift()
    assert on.did == (do.StopRecording(IN, keep=False),)
    out = outputs(on.phone)
    assert (out.talk, out.send, out.record, out.feeds) == ((IN,), True, (), ())
    assert on.phone.calls[0].answered_at == on.now
    assert on.cradle().logged == [Reason.HANGUP]
    assert on.phone.notice is None


def test_lifting_during_the_greeting_has_nothing_to_stop():
    assert outputs(greeted().lift().phone).talk == (IN,)
    assert greeted().lift().did == ()


def test_lifting_answers_who_rings_first_and_takes_the_newest_over():
    on = desk().offer("a").key(Key.VOICEMAIL).offer("b").key(Key.VOICEMAIL).offer("c")
    assert on.lift().did == (do.Accept(CallId("c")),)
    on.cradle().lift()
    assert on.id == "b"
    assert [c.id for c in on.phone.answering] == ["a"]


def test_a_number_typed_before_lifting_is_called():
    on = recorded().digits("5").lift()
    assert on.proposed == ["5@example.org"]
    assert outputs(on.phone).record == (IN,)


def test_a_menu_takes_it_over_beside_another_call():
    on = desk().talk()
    mine = on.id
    on.offer().key(Key.VOICEMAIL).act(ev.MediaUp(IN, True, on.now))
    on.act(ev.ResumeRequested(IN, on.now))
    assert on.did == (do.SetHold(mine, True),)
    assert outputs(on.phone).talk == (IN,)


def test_who_is_called_while_he_leaves_a_message_is_on_the_line():
    on = recorded().act(ev.DialRequested("ann@example.org", 130.0)).lift()
    assert on.did == (do.StopRecording(IN, keep=False),)
    assert outputs(on.phone).talk == (IN,)


def test_a_hotline_does_not_wait_for_a_message_to_end():
    on = Desk(habits=Habits(answers=True, hotline="9")).lift().offer().key(Key.VOICEMAIL).wait(0)
    assert on.proposed == ["9@example.org"]


# --- listening --------------------------------------------------------------------------------------------------


def test_speaker_listens_and_again_leaves_them_alone():
    on = recorded().key(Key.SPEAKER)
    out = outputs(on.phone)
    assert (out.speaker, out.listen, out.talk, out.send, out.record) == (True, (IN,), (), False, (IN,))
    assert on.tone is None
    assert not on.key(Key.MUTE).phone.muted
    assert outputs(on.key(Key.VOL_UP).phone).speaker_volume == 90
    assert on.wait(100).did == ()
    assert not on.key(Key.SPEAKER).phone.seized
    assert outputs(on.phone).record == (IN,)


def test_without_a_speaker_there_is_none():
    assert not recorded(has_speaker=False).key(Key.SPEAKER).phone.seized


def test_lifting_takes_over_whom_one_listens_to_though_another_knocks():
    on = recorded().key(Key.SPEAKER).offer("b")
    assert on.tone is Tone.CALL_WAITING
    assert outputs(on.lift().phone).talk == (IN,)
    assert outputs(on.phone).handset
    assert [c.id for c in on.phone.waiting] == ["b"]


def test_the_end_of_what_one_listens_to_is_silent():
    on = recorded().key(Key.SPEAKER)
    on.act(ev.Ended(IN, Reason.HANGUP, on.now))
    assert not on.phone.seized
    assert on.phone.calls == ()
    assert on.phone.notice == Notice(Trouble.MISSED, "Ann")


@pytest.mark.parametrize("way", ["BACK", "hang-up"])
def test_other_ways_to_stop_listening(way):
    on = recorded().key(Key.SPEAKER)
    on.key(Key.BACK) if way == "BACK" else on.act(ev.HangUpRequested(on.now))
    assert (on.did, on.phone.seized, outputs(on.phone).record) == ((), False, (IN,))


def test_hold_answers_who_knocks_and_the_message_goes_on():
    on = recorded().key(Key.SPEAKER).offer("b").key(Key.HOLD)
    assert on.did == (do.Accept(CallId("b")),)
    assert outputs(on.phone).record == (IN,)


def test_hold_and_transfer_do_nothing_to_whom_one_listens_to():
    on = recorded().key(Key.SPEAKER)
    for key in (Key.HOLD, Key.TRANSFER, Key.OK):
        assert on.key(key).did == ()
    on.act(ev.KeyPressed(Key.HOLD, on.now)).wait(1)
    assert outputs(on.phone).listen == (IN,)


# --- rude far ends ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listening", [False, True])
def test_nobody_is_there_to_agree_to_a_transfer(listening):
    on = recorded()
    if listening:
        on.key(Key.SPEAKER)
    on.act(ev.TransferAsked(IN, "carol@example.org", "Carol", True, on.now))
    assert on.did == (do.AnswerTransfer(IN, False),)


def test_who_would_take_the_place_of_such_a_leg_calls_like_anyone():
    on = recorded()
    on.act(ev.Offered(CallId("b"), "bob@example.org", "Bob", on.now, replaces=IN))
    assert outputs(on.phone).ringer
    assert on.phone.waiting[0].replaces is None
    assert on.act(ev.Ended(CallId("b"), Reason.CANCELLED, on.now)).phone.answering[0].id == IN


def test_who_wants_the_place_of_a_call_leaves_a_message_and_that_call_goes_on():
    on = desk().talk().key(Key.MUTE)
    mine = on.id
    on.act(ev.Offered(IN, "bob@example.org", "Bob", on.now, replaces=mine)).wait(25)
    on.act(ev.MediaUp(IN, True, on.now))
    assert outputs(on.phone).talk == (mine,)
    assert on.wait(10).terminated == []


def test_a_far_end_that_holds_is_recorded_on():
    on = recorded()
    assert on.act(ev.PeerHeld(IN, True, on.now)).did == ()
    assert outputs(on.phone).record == (IN,)


@pytest.mark.parametrize("reason", [Reason.ANSWERED_ELSEWHERE, Reason.INSECURE])
def test_what_ended_otherwise_is_logged_so(reason):
    on = desk().offer().key(Key.VOICEMAIL).act(ev.Ended(IN, reason, 100.0))
    assert on.logged == [reason]
    assert on.phone.notice == (Notice(reason, "Ann") if reason is Reason.INSECURE else None)


def test_no_path_for_speech_is_a_missed_call():
    on = desk().offer().key(Key.VOICEMAIL).wait(20)
    assert (on.terminated, on.logged) == ([Reason.MEDIA_LOST], [Reason.NO_ANSWER])
    assert on.phone.notice == Notice(Trouble.MISSED, "Ann")


def test_the_tone_that_a_knocking_call_covered_starts_over():
    on = desk().lift().wait(15).offer().wait(25)
    assert on.did == (do.Accept(IN),)
    assert on.tone is Tone.DIAL
    assert on.wait(19).tone is Tone.DIAL


def test_shutting_down_keeps_the_message():
    on = recorded().act(ev.ShutDown(130.0))
    assert do.StopRecording(IN, keep=True) in on.did
    assert not on.phone.busy
