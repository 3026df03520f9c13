"""The VOICEMAIL key: leaving a message, and hearing one's own, as the user's manual says."""

# ruff: noqa: FBT003 - events read as rows

from __future__ import annotations

import pytest
from lifted import Desk

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.core import deadlines
from phone.calls.events import Key, RecordingEnd
from phone.calls.model import CallId, Habits, Mail, Notice, Reason, Service, Stage, Trouble
from phone.calls.outputs import Tone, outputs

FIVE = "5@example.org"


def calling(**facts: object) -> Desk:
    """It rings there."""
    desk = Desk(**facts).lift().digits("5#")
    return desk.act(ev.Alerting(desk.id, desk.now))


def leaving(**facts: object) -> Desk:
    return calling(**facts).key(Key.VOICEMAIL)


def dictating(**facts: object) -> Desk:
    desk = leaving(**facts)
    return desk.act(ev.MessageRefused(desk.id, desk.now)).act(ev.PromptOver(desk.now))


# --- leaving a message ------------------------------------------------------------------------------------------


def test_voicemail_while_calling_out_leaves_a_message_instead():
    desk = calling()
    first = desk.id
    desk.key(Key.VOICEMAIL)
    assert desk.did[0] == do.Terminate(first, Reason.CANCELLED)
    assert desk.logged == [Reason.CANCELLED]
    assert desk.did[-1] == do.Propose(desk.id, FIVE, message=True)
    call = desk.phone.call(desk.id)
    assert call
    assert (call.message, call.name, desk.phone.last_dialled) == (True, "5", "5")
    desk.act(ev.Accepted(desk.id, desk.now), ev.MediaUp(desk.id, True, desk.now))
    assert outputs(desk.phone).talk == (desk.id,)
    assert desk.digits("1").did == (do.SendDtmf(desk.id, "1"),)
    assert desk.cradle().terminated == [Reason.HANGUP]


@pytest.mark.parametrize("reason", [Reason.NO_ANSWER, Reason.BUSY, Reason.DECLINED, Reason.UNREACHABLE])
def test_and_while_its_end_sounds(reason):
    desk = calling()
    desk.act(ev.Ended(desk.id, reason, desk.now)).key(Key.VOICEMAIL)
    assert desk.did == (do.Propose(desk.id, FIVE, message=True),)
    assert desk.phone.notice is None


@pytest.mark.parametrize("reason", [Reason.NOT_FOUND, Reason.MEDIA_LOST, Reason.HANGUP])
def test_but_not_after_every_end(reason):
    desk = calling()
    desk.act(ev.Ended(desk.id, reason, desk.now)).key(Key.VOICEMAIL)
    assert desk.proposed == []
    assert desk.phone.mailbox


def test_nor_after_talking_nor_when_the_howler_sounds():
    desk = Desk().talk()
    assert desk.key(Key.VOICEMAIL).did == ()
    assert desk.act(ev.Ended(desk.id, Reason.BUSY, desk.now)).key(Key.VOICEMAIL).proposed == []
    late = calling()
    late.act(ev.Ended(late.id, Reason.BUSY, late.now)).wait(30)
    assert late.phone.stage is Stage.HOWLER
    assert late.key(Key.VOICEMAIL).proposed == []


def test_not_in_a_consultation_nor_where_a_far_end_sent_us():
    desk = Desk().talk().key(Key.TRANSFER).digits("6#")
    assert desk.key(Key.VOICEMAIL).did == ()
    sent = Desk().talk()
    sent.act(ev.TransferAsked(sent.id, "carol@example.org", "Carol", True, sent.now))
    assert sent.key(Key.VOICEMAIL).did == ()


def test_not_on_a_locked_phone():
    desk = calling(habits=Habits(lock_code="1234")).act(ev.LockChanged(True, 100.0)).key(Key.VOICEMAIL)
    assert desk.did == ()
    assert desk.phone.notice == Notice(Trouble.LOCKED)


def up_with(message: bool = True, **facts: object) -> Desk:
    desk = leaving(**facts)
    return desk.act(ev.Accepted(desk.id, desk.now), ev.MediaUp(desk.id, True, desk.now))


def test_a_message_is_not_held_joined_or_passed_on():
    desk = up_with()
    for key in (Key.HOLD, Key.TRANSFER):
        assert desk.key(key).did == ()
    desk.act(ev.TransferAsked(desk.id, "carol@example.org", "Carol", True, desk.now))
    assert desk.did == (do.AnswerTransfer(desk.id, False),)


def test_answering_who_knocks_ends_the_message():
    desk = up_with()
    message = desk.id
    desk.offer().key(Key.HOLD)
    assert desk.terminated == [Reason.HANGUP]
    assert desk.logged == [Reason.HANGUP]
    assert (desk.id, message) == ("in", desk.did[0].id)


def test_hold_returns_to_who_is_held_and_the_message_is_over():
    desk = Desk().talk()
    held = desk.id
    desk.key(Key.HOLD).digits("6#").key(Key.VOICEMAIL)
    message = desk.id
    desk.act(ev.Accepted(message, desk.now))
    desk.act(ev.KeyPressed(Key.HOLD, desk.now), ev.MediaUp(message, True, desk.now)).wait(1)
    assert outputs(desk.phone).talk == (message,), "held down, it joins no message"
    desk.act(ev.KeyReleased("HOLD", desk.now)).key(Key.HOLD)
    assert desk.did[0] == do.Terminate(message, Reason.HANGUP)
    assert outputs(desk.phone).talk == (held,)


# --- dictation --------------------------------------------------------------------------------------------------


def test_where_no_server_takes_the_message_it_is_dictated():
    desk = leaving()
    desk.act(ev.MessageRefused(desk.id, desk.now))
    assert desk.did == ()
    assert desk.phone.calls == ()
    assert desk.phone.dictation
    assert (desk.phone.dictation.to, desk.phone.dictation.name) == (FIVE, "5")
    assert (outputs(desk.phone).dictation, desk.tone) == (False, None)
    desk.act(ev.PromptOver(desk.now))
    assert desk.did == (do.StartRecording(None, FIVE),)
    out = outputs(desk.phone)
    assert (out.dictation, out.handset, out.talk, out.send) == (True, True, (), False)
    assert desk.wait(100).tone is None
    assert desk.digits("123").did == ()
    desk.digits("#")
    assert desk.did == (do.StopRecording(None, keep=True),)
    assert (desk.tone, outputs(desk.phone).dictation) == (Tone.DIAL, None)


@pytest.mark.parametrize("facts", [{"habits": Habits(max_calls=1)}, {}])
def test_where_none_can_be_asked_it_is_dictated_at_once(facts):
    desk = calling(**facts)
    if facts:
        desk.act(ev.Ended(desk.id, Reason.BUSY, desk.now)).offer()
    else:
        desk.act(ev.ServiceChanged(Service.NO_NETWORK, desk.now))
    desk.key(Key.VOICEMAIL)
    assert desk.proposed == []
    assert desk.phone.dictation


def test_who_has_hung_up_dictates_nothing():
    desk = leaving()
    message = desk.id
    desk.cradle().act(ev.MessageRefused(message, desk.now))
    assert desk.phone.dictation is None


def test_back_throws_the_dictation_away():
    desk = dictating().key(Key.BACK)
    assert desk.did == (do.StopRecording(None, keep=False),)
    assert desk.tone is Tone.DIAL


def test_hanging_up_sends_it_and_during_the_prompt_there_is_nothing_to_send():
    assert dictating().cradle().did == (do.StopRecording(None, keep=True),)
    assert dictating().key(Key.OK).did == (do.StopRecording(None, keep=True),)
    assert dictating().act(ev.HangUpRequested(100.0)).did == (do.StopRecording(None, keep=True),)
    assert dictating().act(ev.ShutDown(100.0)).did == (do.StopRecording(None, keep=True),)
    desk = leaving()
    assert desk.act(ev.MessageRefused(desk.id, desk.now)).cradle().did == ()


def test_the_dictation_moves_between_handset_and_speaker():
    desk = dictating(habits=Habits(has_speaker=True)).key(Key.SPEAKER)
    assert desk.cradle().did == ()
    assert outputs(desk.phone).speaker
    assert desk.lift().did == ()
    assert desk.key(Key.SPEAKER).cradle().key(Key.SPEAKER).did == (do.StopRecording(None, keep=True),)
    assert not desk.phone.seized


def test_a_dictation_has_an_end():
    desk = dictating()
    assert desk.wait(179.9).did == ()
    assert desk.wait(0.1).did == (do.StopRecording(None, keep=True),)
    silent = leaving()
    silent.act(ev.MessageRefused(silent.id, silent.now))
    assert silent.wait(60).did == (do.StartRecording(None, FIVE),)


@pytest.mark.parametrize("why", RecordingEnd)
def test_a_dictation_that_cannot_go_on_is_sent_as_far_as_it_came(why):
    desk = dictating()
    desk.act(ev.RecordingStopped(None, why, desk.now))
    assert desk.did == (do.StopRecording(None, keep=True),)
    assert desk.tone is Tone.DIAL
    assert desk.phone.notice == (Notice(Trouble.NO_MESSAGE, "5") if why is RecordingEnd.FAILED else None)


def test_who_calls_meanwhile_is_not_heard_but_may_be_answered():
    desk = dictating().offer()
    assert desk.tone is None
    assert desk.key(Key.VOICEMAIL).did == ()
    assert desk.key(Key.HOLD).did == (do.Accept(CallId("in")), do.StopRecording(None, keep=True))


def test_without_call_waiting_who_dictates_is_busy():
    assert dictating(habits=Habits(waiting=False)).offer().terminated == [Reason.BUSY]


def test_redial_ends_a_dictation():
    desk = dictating().key(Key.REDIAL)
    assert desk.proposed == [FIVE]
    assert do.StopRecording(None, keep=True) in desk.did


# --- one's own messages -----------------------------------------------------------------------------------------


def test_the_lamp_and_the_dial_tone_say_that_messages_wait():
    desk = Desk().act(ev.MailChanged(2, 1, 100.0)).lift()
    assert desk.phone.mail == Mail(2, 1)
    assert (desk.tone, "message" in outputs(desk.phone).lamps) == (Tone.STUTTER, True)
    assert desk.act(ev.ServiceChanged(Service.NO_NETWORK, 100.0)).tone is Tone.NO_SERVICE
    desk.act(ev.ServiceChanged(Service.ONLINE, 100.0), ev.MailChanged(0, 3, 100.0))
    assert (desk.tone, "message" in outputs(desk.phone).lamps) == (Tone.DIAL, False)


@pytest.mark.parametrize("ended", [False, True])
def test_voicemail_off_hook_opens_the_mailbox_and_again_leaves_it(ended):
    desk = Desk().lift()
    if ended:
        desk.digits("5#").act(ev.Ended(desk.id, Reason.NOT_FOUND, desk.now))
    desk.digits("12").key(Key.VOICEMAIL)
    assert (outputs(desk.phone).mailbox, desk.tone, desk.phone.dialled) == (True, None, "")
    assert desk.wait(500).phone.mailbox
    assert desk.digits("1234567890*#").phone.dialled == ""
    assert desk.key(Key.VOICEMAIL).tone is Tone.DIAL
    assert not outputs(desk.phone).mailbox


def test_on_hook_it_opens_on_the_speaker_and_off_again():
    desk = Desk(habits=Habits(has_speaker=True)).digits("12").key(Key.VOICEMAIL)
    out = outputs(desk.phone)
    assert (out.speaker, out.mailbox, desk.phone.dialled) == (True, True, "")
    assert outputs(desk.lift().phone).handset
    assert outputs(desk.phone).mailbox
    assert not desk.cradle().phone.mailbox
    assert not desk.key(Key.VOICEMAIL).key(Key.SPEAKER).phone.mailbox
    assert not desk.key(Key.VOICEMAIL).act(ev.MailboxLeft(desk.now)).phone.seized


def test_on_hook_without_a_speaker_one_has_half_a_minute_to_lift():
    desk = Desk().key(Key.VOICEMAIL)
    assert (desk.phone.mailbox, outputs(desk.phone).mailbox, outputs(desk.phone).handset) == (True, False, False)
    assert desk.wait(29).digits("5").phone.dialled == ""
    desk.lift()
    assert (outputs(desk.phone).mailbox, desk.tone) == (True, None)
    late = Desk().key(Key.VOICEMAIL).wait(30)
    assert deadlines(late.phone) is None
    assert late.lift().tone is Tone.DIAL
    assert not Desk().key(Key.VOICEMAIL).key(Key.VOICEMAIL).phone.mailbox
    assert not Desk().key(Key.VOICEMAIL).key(Key.BACK).phone.mailbox


def test_who_rings_while_one_is_to_lift_is_answered_or_refused_as_ever():
    desk = Desk().key(Key.VOICEMAIL).offer()
    assert outputs(desk.phone).ringer
    assert desk.digits("1").did[-1] == do.SendText("ann@example.org/x", 0)
    assert desk.offer("b").lift().did == (do.Accept(CallId("b")),)
    assert not desk.phone.mailbox


def test_a_call_knocks_at_the_mailbox_and_ends_it_when_answered():
    desk = Desk().lift().key(Key.VOICEMAIL).offer()
    assert desk.tone is Tone.CALL_WAITING
    assert desk.digits("1").did == ()
    assert desk.key(Key.HOLD).did == (do.Accept(CallId("in")),)
    assert not desk.phone.mailbox


def test_a_call_of_ones_own_ends_it_too():
    desk = Desk().lift().key(Key.VOICEMAIL).act(ev.DialRequested("5", 100.0))
    assert desk.proposed == [FIVE]
    assert not desk.phone.mailbox


def test_a_recall_knocks_at_the_mailbox():
    desk = Desk().talk()
    caller = desk.id
    desk.act(ev.Capable(caller, True, desk.now)).key(Key.TRANSFER).digits("6").key(Key.TRANSFER).key(Key.VOICEMAIL)
    desk.act(ev.TransferFailed(caller, ev.TransferFault.FAILED, desk.now))
    assert desk.phone.recall == caller
    assert (desk.tone, outputs(desk.phone).mailbox) == (Tone.CALL_WAITING, True)


def test_without_call_waiting_who_hears_his_messages_is_busy():
    desk = Desk(habits=Habits(waiting=False)).lift().key(Key.VOICEMAIL).offer()
    assert desk.terminated == [Reason.BUSY]


def test_messages_are_private():
    desk = Desk(habits=Habits(lock_code="1234")).act(ev.LockChanged(True, 100.0)).key(Key.VOICEMAIL)
    assert not desk.phone.mailbox
    assert desk.phone.notice == Notice(Trouble.LOCKED)
    assert desk.wait(20).phone.notice is None


def test_a_message_may_be_asked_for_by_name():
    desk = Desk().lift().act(ev.MailboxOpened("m7", 100.0))
    assert (desk.phone.mailbox, desk.phone.mailbox_letter) == (True, "m7")
    assert desk.act(ev.MailboxOpened("m8", 101.0)).phone.mailbox_letter == "m8"
    assert desk.key(Key.BACK).key(Key.VOICEMAIL).phone.mailbox_letter == ""
    assert not Desk().talk().act(ev.MailboxOpened("m7", 100.0)).phone.mailbox
    assert not Desk().offer().act(ev.MailboxOpened("m7", 100.0)).phone.mailbox


def test_a_held_call_waits_while_one_hears_his_messages():
    desk = Desk().talk().key(Key.HOLD)
    held = desk.id
    desk.key(Key.VOICEMAIL)
    assert outputs(desk.phone).mailbox
    assert [c.id for c in desk.phone.held] == [held]


# --- sentences --------------------------------------------------------------------------------------------------


def test_what_is_told_passes_but_does_not_hide_a_missed_call():
    sent, waits = Notice(Trouble.MESSAGE_SENT, "Bob"), Notice(Trouble.MESSAGE_WAITS, "Bob")
    desk = Desk().act(ev.Told(waits, 100.0)).act(ev.Told(sent, 100.0))
    assert desk.phone.notice == sent
    assert desk.wait(20).phone.notice is None
    missed = Notice(Trouble.MISSED_AWAY, "Ann")
    assert desk.act(ev.MissedAway(2, "Ann", 120.0), ev.Told(sent, 120.0)).wait(99).phone.notice == missed


def test_that_a_message_was_not_sent_stays_until_it_is_seen():
    lost = Notice(Trouble.MESSAGE_NOT_SENT, "Bob")
    assert Desk().act(ev.Told(lost, 100.0)).wait(99).phone.notice == lost
