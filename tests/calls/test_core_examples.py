"""What a user of a good desk phone expects, one thing at a time."""

# ruff: noqa: A001, FBT003 - `id` is the field's word; events read as rows

from __future__ import annotations

import dataclasses
import uuid

import pytest
from lifted import Desk

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.core import deadlines
from phone.calls.events import Key
from phone.calls.model import CallId, Notice, Progress, Reason, Service, Stage, Trouble
from phone.calls.numbers import Fault
from phone.calls.outputs import Tone, outputs

# --- dialling -------------------------------------------------------------------------------------------------


def test_the_off_hook_tones_follow_each_other_into_silence():
    desk = Desk().lift()
    heard = []
    while (due := deadlines(desk.phone)) is not None:
        heard.append((desk.tone, due - desk.now))
        desk.wait(due - desk.now)
    assert heard == [(Tone.DIAL, 20), (Tone.REORDER, 30), (Tone.HOWLER, 60)]
    assert desk.tone is None
    assert desk.cradle().lift().tone is Tone.DIAL


def test_one_late_tick_does_all_that_was_due_each_at_its_own_time():
    desk = Desk().lift().wait(1000)
    assert desk.phone.stage is Stage.SILENT
    assert desk.phone.stage_at == 100 + 20 + 30 + 60


def test_digits_silence_the_dial_tone_and_are_fed_back_while_down():
    desk = Desk().lift().act(ev.DigitPressed("5", 100))
    assert (desk.tone, outputs(desk.phone).key_tone) == (None, "5")
    desk.act(ev.DigitPressed("6", 100), ev.KeyReleased("5", 101))
    assert outputs(desk.phone).key_tone == "6"
    assert outputs(desk.act(ev.KeyReleased("6", 101)).phone).key_tone is None


def test_the_inter_digit_timer_starts_over_with_each_digit():
    desk = Desk().lift().digits("1").wait(3).digits("2").wait(3.9)
    assert desk.did == ()
    assert desk.wait(0.1).proposed == ["12@example.org"]
    assert desk.phone.call(desk.id).name == "12"


def test_hash_calls_now_but_is_a_digit_at_the_start_and_where_the_map_wants_it():
    assert Desk().lift().digits("12#").proposed == ["12@example.org"]
    assert Desk().lift().digits("#1").phone.dialled == "#1"
    assert Desk("*1#2").lift().digits("*1#").phone.dialled == "*1#"


def test_the_digit_map_calls_when_the_number_is_complete():
    assert Desk("[1-8]xx|0T").lift().digits("123").proposed == ["123@example.org"]
    assert Desk("[1-8]xx|0T").lift().digits("0").wait(4).proposed == ["0@example.org"]
    assert Desk("[1-8]xx").lift().digits("9").wait(4).proposed == ["9@example.org"]


def test_short_codes_and_gateway():
    assert Desk().lift().digits("7#").proposed == ["seven@example.net"]
    assert Desk(gateway="gw.example.org").lift().digits("0049301234#").proposed == ["0049301234@gw.example.org"]


def test_a_number_that_cannot_be_called_gives_reorder_and_a_sentence():
    desk = Desk().lift().digits("0049301234#")
    assert (desk.tone, desk.did) == (Tone.REORDER, ())
    assert desk.phone.notice == Notice(Fault.NO_GATEWAY, "0049301234")
    desk.digits("5#")
    assert desk.proposed == ["5@example.org"]
    assert desk.phone.notice is None


def test_the_roster_names_whom_one_calls():
    desk = Desk().lift().digits("12").key(Key.OK)
    (call,) = desk.phone.calls
    assert call.name == "12"
    assert desk.act(ev.Named(call.id, "Bob", desk.now)).phone.calls[0].name == "Bob"
    before = desk.phone
    assert desk.act(ev.Named(CallId("?"), "Eve", desk.now)).phone == before


def test_typed_on_hook_then_lifted():
    desk = Desk("xxx").digits("123")
    assert desk.did == ()
    assert outputs(desk.phone).key_tone is None
    assert desk.lift().proposed == ["123@example.org"]


def test_digits_typed_on_hook_are_forgotten_after_a_minute():
    assert Desk().digits("12").wait(60).phone.dialled == ""


def test_back_deletes_a_digit_and_held_down_all():
    desk = Desk().lift().digits("123").key(Key.BACK)
    assert desk.phone.dialled == "12"
    desk.act(ev.KeyPressed(Key.BACK, desk.now)).wait(0.8)
    assert (desk.phone.dialled, desk.tone) == ("", Tone.DIAL)
    assert desk.wait(0.1).phone.dialled == ""


def test_the_last_digit_deleted_gives_dial_tone_again():
    assert Desk().lift().digits("1").wait(3).key(Key.BACK).tone is Tone.DIAL


def test_zero_held_down_first_is_plus():
    desk = Desk().act(ev.DigitPressed("0", 100)).wait(0.8)
    assert desk.phone.dialled == "+"
    assert desk.digits("4").phone.dialled == "+4"
    desk = Desk().digits("1").act(ev.DigitPressed("0", 100)).wait(0.8)
    assert desk.phone.dialled == "10"
    assert Desk().talk().act(ev.DigitPressed("0", 100)).wait(1).phone.dialled == ""


def test_ok_calls_what_is_dialled():
    assert Desk().lift().digits("5").key(Key.OK).proposed == ["5@example.org"]
    assert Desk().lift().digits("5").key(Key.HOLD).proposed == []
    assert Desk().digits("5").key(Key.OK).proposed == []


def test_no_number_grows_without_end():
    assert len(Desk().digits("1" * 100).phone.dialled) == 64


def test_redial():
    desk = Desk().key(Key.REDIAL)
    assert desk.phone.dialled == ""
    desk.talk().cradle().key(Key.REDIAL)
    assert desk.phone.dialled == "5"
    assert desk.lift().proposed == ["5@example.org"]
    assert desk.key(Key.REDIAL).did == ()
    desk.act(ev.Ended(desk.id, Reason.BUSY, desk.now))
    assert desk.key(Key.REDIAL).proposed == ["5@example.org"]


def test_dial_requested():
    desk = Desk().act(ev.DialRequested(" bob@example.org ", 100))
    assert desk.phone.dialled == "bob@example.org"
    assert desk.digits("5").phone.dialled == "5"
    desk.act(ev.DialRequested("bob@example.org", 100))
    assert desk.lift().proposed == ["bob@example.org"]
    assert desk.act(ev.DialRequested("6", 100)).did == ()
    assert Desk().lift().act(ev.DialRequested("6", 100)).proposed == ["6@example.org"]


def test_without_service_the_tone_differs_and_dialling_says_why_not():
    desk = Desk(service=Service.NO_NETWORK).lift()
    assert desk.tone is Tone.NO_SERVICE
    assert "service" in outputs(desk.phone).lamps
    desk.digits("5#")
    assert (desk.tone, desk.did) == (Tone.REORDER, ())
    assert desk.phone.notice == Notice(Trouble.NO_SERVICE, "5")


# --- calling --------------------------------------------------------------------------------------------------


def test_a_call_out_from_dial_tone_to_busy_tone():
    desk = Desk().lift().digits("5#")
    id = desk.id
    assert uuid.UUID(id).version == 4
    assert desk.tone is None
    assert desk.act(ev.Alerting(id, 101)).tone is Tone.RINGBACK
    desk.act(ev.MediaUp(id, True, 102))
    assert outputs(desk.phone).talk == ()
    desk.act(ev.Accepted(id, 103))
    assert outputs(desk.phone).talk == (id,)
    assert desk.phone.call(id).answered_at == 103
    desk.act(ev.Ended(id, Reason.HANGUP, 110))
    assert (desk.tone, desk.logged, desk.terminated) == (Tone.BUSY, [Reason.HANGUP], [])
    assert desk.act(ev.Ended(id, Reason.HANGUP, 110)).did == ()
    desk.now = 110
    assert desk.wait(30).tone is Tone.HOWLER
    assert desk.cradle().did == ()
    assert desk.phone.calls == ()


@pytest.mark.parametrize(
    ("reason", "country", "tone"),
    [
        (Reason.HANGUP, "de", Tone.BUSY),
        (Reason.HANGUP, "us", Tone.REORDER),
        (Reason.BUSY, "us", Tone.BUSY),
        (Reason.DECLINED, "de", Tone.BUSY),
        (Reason.NOT_FOUND, "de", Tone.REORDER),
    ],
)
def test_the_tone_of_an_ended_call(reason, country, tone):
    desk = Desk(country=country).talk()
    assert desk.act(ev.Ended(desk.id, reason, 101)).tone is tone


def test_why_a_call_failed_is_shown_until_the_next_act_or_a_while_on_hook():
    desk = Desk().lift().digits("5#")
    desk.act(ev.Ended(desk.id, Reason.BUSY, desk.now))
    assert desk.phone.notice == Notice(Reason.BUSY, "5")
    assert desk.cradle().wait(19).phone.notice == Notice(Reason.BUSY, "5")
    assert desk.wait(1).phone.notice is None
    assert deadlines(desk.phone) is None


@pytest.mark.parametrize("act", ["cradle", "back", "command"])
def test_hanging_up_before_the_answer_cancels(act):
    desk = Desk().lift().digits("5#")
    if act == "cradle":
        desk.cradle()
    elif act == "back":
        assert desk.key(Key.BACK).tone is Tone.DIAL
    else:
        assert desk.act(ev.HangUpRequested(100)).tone is Tone.DIAL
    assert (desk.terminated, desk.logged) == ([Reason.CANCELLED], [Reason.CANCELLED])
    assert desk.phone.notice is None


def test_hanging_up_a_call_hangs_up():
    assert Desk().talk().cradle().terminated == [Reason.HANGUP]
    assert Desk().talk().key(Key.BACK).terminated == []
    assert Desk().talk().act(ev.HangUpRequested(100)).terminated == [Reason.HANGUP]


def test_a_far_end_that_never_says_it_rings_still_gives_ringback():
    desk = Desk().lift().digits("5#")
    assert desk.wait(2.9).tone is None
    assert desk.wait(0.2).tone is Tone.RINGBACK
    assert desk.phone.calls[0].progress is Progress.PROPOSED
    assert desk.wait(117).terminated == [Reason.NO_ANSWER]


def test_nobody_answers():
    desk = Desk().lift().digits("5#").act()
    desk.act(ev.Alerting(desk.id, desk.now))
    assert desk.wait(119.9).did == ()
    assert desk.wait(0.2).terminated == [Reason.NO_ANSWER]
    assert desk.tone is Tone.REORDER


def test_no_path_in_time():
    desk = Desk().lift().digits("5#")
    desk.act(ev.Accepted(desk.id, desk.now))
    assert desk.wait(20).terminated == [Reason.MEDIA_LOST]


def test_digits_in_a_call_are_dtmf_and_before_it_nothing():
    desk = Desk().lift().digits("5#")
    assert desk.digits("1").did == ()
    desk.act(ev.Accepted(desk.id, 100), ev.MediaUp(desk.id, True, 100))
    assert desk.digits("1#").did == (do.SendDtmf(desk.id, "1"), do.SendDtmf(desk.id, "#"))


def test_mute():
    desk = Desk().talk().key(Key.MUTE)
    assert (outputs(desk.phone).send, outputs(desk.phone).talk) == (False, (desk.id,))
    assert "mute" in outputs(desk.phone).lamps
    assert outputs(desk.key(Key.MUTE).phone).send
    assert not desk.key(Key.MUTE).cradle().phone.muted
    assert not desk.key(Key.MUTE).phone.muted


def test_a_call_outlives_the_service():
    desk = Desk().talk().act(ev.ServiceChanged(Service.SERVER_AWAY, 101))
    assert outputs(desk.phone).talk == (desk.id,)


def test_the_peers_hold_and_the_lock_are_kept():
    desk = Desk().talk()
    assert desk.act(ev.PeerHeld(desk.id, True, 101)).phone.call(desk.id).held_by_peer
    assert not desk.act(ev.MediaUp(desk.id, False, 101)).phone.call(desk.id).encrypted
    before = desk.phone
    assert desk.act(ev.PeerHeld(CallId("?"), True, 101)).phone == before
    assert desk.act(ev.Accepted(desk.id, 101), ev.Alerting(CallId("?"), 101)).phone == before


def test_the_ended_call_leaves_the_ear_with_back_or_a_digit():
    desk = Desk().talk()
    desk.act(ev.Ended(desk.id, Reason.HANGUP, 101))
    assert dataclasses.replace(desk.phone).focus
    assert desk.key(Key.BACK).tone is Tone.DIAL
    desk = Desk().talk()
    desk.act(ev.Ended(desk.id, Reason.HANGUP, 101)).digits("6")
    assert (desk.tone, desk.phone.calls, desk.phone.dialled) == (None, (), "6")


# --- being called ---------------------------------------------------------------------------------------------


def test_a_call_in_from_ringing_to_speech():
    desk = Desk().offer()
    assert outputs(desk.phone).ringer
    assert not outputs(desk.phone).handset
    desk.act(ev.MediaUp(CallId("in"), True, 101)).lift()
    assert desk.did == (do.Accept(CallId("in")),)
    assert outputs(desk.phone).talk == ("in",)
    assert not outputs(desk.phone).ringer


def test_answered_before_the_media_are_up():
    desk = Desk().offer().lift()
    assert desk.phone.call(CallId("in")).progress is Progress.CONNECTING
    assert desk.key(Key.BACK).terminated == [Reason.HANGUP]


def test_back_and_the_command_refuse():
    assert Desk().offer().key(Key.BACK).terminated == [Reason.DECLINED]
    desk = Desk().offer().act(ev.HangUpRequested(100))
    assert (desk.terminated, desk.logged, desk.phone.calls) == ([Reason.DECLINED], [Reason.DECLINED], ())
    assert desk.phone.notice is None


def test_who_calls_us_is_answered_when_we_call_him():
    """Two who call each other in the same moment meet at once."""
    d = Desk().lift().offer()
    assert d.act(ev.DialRequested("ann@example.org", d.now)).did == (do.Accept(CallId("in")),)
    assert d.id == "in"
    assert d.tone is None
    d = Desk().lift().offer()
    assert d.act(ev.DialRequested("bob@example.org", d.now)).proposed == ["bob@example.org"]


def test_nobody_lifts():
    desk = Desk().offer().wait(60)
    assert (desk.terminated, desk.logged) == ([Reason.NO_ANSWER], [Reason.NO_ANSWER])
    assert desk.phone.notice == Notice(Trouble.MISSED, "Ann")
    assert desk.wait(1000).phone.notice == Notice(Trouble.MISSED, "Ann")
    assert desk.lift().phone.notice is None


@pytest.mark.parametrize(("reason", "missed"), [(Reason.CANCELLED, True), (Reason.ANSWERED_ELSEWHERE, False)])
def test_the_caller_gives_up(reason, missed):
    desk = Desk().offer().act(ev.Ended(CallId("in"), reason, 101))
    assert (desk.terminated, desk.logged) == ([], [reason])
    assert (desk.phone.notice is not None) is missed


def test_a_missed_call_is_told_still_after_the_handset_was_up():
    desk = Desk().lift().offer().act(ev.Ended(CallId("in"), Reason.CANCELLED, 101)).cradle()
    assert desk.wait(500).phone.notice == Notice(Trouble.MISSED, "Ann")


def test_an_offer_during_dial_tone_waits_in_the_ear():
    desk = Desk().lift().offer()
    assert (desk.tone, outputs(desk.phone).ringer) == (Tone.CALL_WAITING, False)
    assert desk.key(Key.OK).did == (do.Accept(CallId("in")),)
    desk = Desk().lift().offer().cradle()
    assert outputs(desk.phone).ringer
    assert desk.lift().did == (do.Accept(CallId("in")),)


def test_an_offer_rings_beside_a_mislaid_handset():
    assert outputs(Desk().lift().wait(500).offer().phone).ringer


def test_digits_typed_before_the_ring_give_way_to_the_answer():
    desk = Desk().digits("5").offer().lift()
    assert (desk.proposed, desk.phone.dialled) == ([], "")


# --- the rest -------------------------------------------------------------------------------------------------


def test_volume_is_kept_per_device_and_shown_a_while():
    desk = Desk().key(Key.VOL_UP)
    assert (outputs(desk.phone).ringer_volume, outputs(desk.phone).handset_volume) == (90, 80)
    for _ in range(3):
        desk.key(Key.VOL_UP)
    assert outputs(desk.phone).ringer_volume == 100
    desk.lift()
    for _ in range(10):
        desk.key(Key.VOL_DOWN)
    assert (outputs(desk.phone).ringer_volume, outputs(desk.phone).handset_volume) == (100, 0)
    assert desk.phone.volume_until == 102
    assert desk.wait(2).phone.volume_until is None


@pytest.mark.parametrize("key", [Key.TRANSFER, Key.SPEAKER, Key.UP, Key.DOWN, Key.BACK, Key.OK])
def test_keys_without_a_meaning_here_do_nothing(key):
    desk = Desk().key(key)
    assert desk.did == ()
    assert dataclasses.replace(desk.phone, key_down_at=0.0) == Desk().phone


def test_bounce_of_the_hook_does_nothing_twice():
    desk = Desk().cradle()
    assert desk.phone == Desk().phone
    assert desk.talk().lift().did == ()


def test_hang_up_requested_forgets_what_is_dialled():
    assert Desk().digits("5").act(ev.HangUpRequested(100)).phone.dialled == ""
    assert Desk().lift().digits("5").act(ev.HangUpRequested(100)).tone is Tone.DIAL
