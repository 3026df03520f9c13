"""What expires when. Time is data: this file only says; `expiry` acts on `Ticked`.

Law: what an alarm does always removes that alarm or moves it to a later time, so ticking at
`deadlines` always gets on.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from phone.calls.events import DIGITS
from phone.calls.model import Answering, Call, Dictation, Method, Phone, Progress, Service, Stage, Timers


class Alarm(Enum):
    """Something for the phone to do when its time comes."""

    DIAL_NOW = "inter-digit timer"
    HOTLINE = "nothing is dialled, and there is a hotline"
    FORGET_DIGITS = "digits typed on-hook grew old"
    NEXT_TONE = "the off-hook tone has sounded long enough"
    HIDE_NOTICE = "the notice was shown long enough"
    HIDE_VOLUME = "the volume was shown long enough"
    LONG_PRESS = "a key is held down"
    RECALL_OVER = "a recall was not answered"
    REMIND = "somebody is held, and nobody at the phone"
    REMINDED = "the reminder has rung long enough"
    BEEP_OVER = "the beep has sounded"
    MAILBOX_OVER = "the user did not lift for his messages"
    PROMPT_OVER = "nobody says that the prompt was heard"
    DICTATION_OVER = "the dictation is as long as may be"


class CallAlarm(Enum):
    """Something to do about one leg."""

    NOBODY_LIFTS = "ring timeout"
    NOBODY_ANSWERS = "no-answer timeout"
    UNSERVED = "no word can come of an unanswered call"
    SOUND_RINGBACK = "the far end does not say that it rings"
    NO_PATH = "connect timeout"
    REQUEST_OVER = "nobody says yes or no to a transfer request"
    HANDOVER_SILENT = "the far end says nothing of whom it was to call"
    LEAVES = "its far end has somebody else, and does not end it"
    ANSWER = "nobody lifts: the phone answers for its user"
    GREETING_OVER = "nobody says that the greeting was heard"
    MESSAGE_OVER = "the message is as long as may be"


class PhoneDue(NamedTuple):
    at: float
    alarm: Alarm


class CallDue(NamedTuple):
    at: float
    alarm: CallAlarm
    call: Call


Due = PhoneDue | CallDue


def deadlines(phone: Phone) -> float | None:
    """When the engine must send the next `Ticked` (monotonic seconds), None if nothing is due ever."""
    due = next_alarm(phone)
    return due.at if due else None


def next_alarm(phone: Phone) -> Due | None:
    """The earliest alarm."""
    return min(_alarms(phone), key=lambda due: due.at, default=None)


def long_keys(phone: Phone) -> frozenset[str]:
    """Keys that do something more when they are held down."""
    return frozenset({"BACK", "HOLD", "0", *(digit for digit, _ in phone.habits.speed if digit in DIGITS)})


def _alarms(phone: Phone) -> Iterator[Due]:
    for call in phone.calls:
        if call.live:
            for at, about in _call_alarms(phone, call):
                yield CallDue(at, about, call)
    for until, alarm in (*_ends(phone), *(_off_hook_alarms(phone) if phone.seized else _on_hook_alarms(phone))):
        if until is not None:
            yield PhoneDue(until, alarm)


def _ends(phone: Phone) -> Iterator[tuple[float | None, Alarm]]:
    """What lasts for a while, whatever else goes on."""
    timers = phone.timers
    yield phone.notice_until if phone.notice else None, Alarm.HIDE_NOTICE
    yield phone.volume_until, Alarm.HIDE_VOLUME
    yield phone.beep_until, Alarm.BEEP_OVER
    yield phone.reminder_until, Alarm.REMINDED
    if phone.dictation:
        yield _dictation_alarm(phone.dictation, timers)
    if phone.recall:
        yield phone.recalled_at + timers.recall_ring, Alarm.RECALL_OVER
    if phone.key_down and phone.key_down in long_keys(phone):
        yield phone.key_down_at + timers.long_press, Alarm.LONG_PRESS


def _dictation_alarm(dictation: Dictation, timers: Timers) -> tuple[float, Alarm]:
    if dictation.recording:
        return dictation.at + timers.longest_message, Alarm.DICTATION_OVER
    return dictation.at + timers.greeting, Alarm.PROMPT_OVER


def _call_alarms(phone: Phone, call: Call) -> Iterator[tuple[float, CallAlarm]]:
    timers = phone.timers
    unanswered = call.progress in (Progress.OFFERED, Progress.PROPOSED, Progress.ALERTING)
    if unanswered and phone.service is not Service.ONLINE:
        yield max(call.since, phone.service_at) + timers.unserved, CallAlarm.UNSERVED
    if call.request:
        yield call.request.at + timers.transfer_request, CallAlarm.REQUEST_OVER
    if call.leaves_at is not None:
        yield call.leaves_at, CallAlarm.LEAVES
    if call.handover and call.handover.method is Method.TRANSFER:
        yield call.handover.at + timers.handover, CallAlarm.HANDOVER_SILENT
    patience = timers.transferred_ring if call.via else timers.no_answer
    match call.progress:
        case Progress.OFFERED:
            if phone.habits.answers and phone.service is Service.ONLINE:
                yield max(call.since + timers.answer, phone.service_at), CallAlarm.ANSWER
            yield call.since + timers.ring, CallAlarm.NOBODY_LIFTS
        case Progress.PROPOSED if not call.ringback:
            yield call.since + min(timers.assume_ringing, patience), CallAlarm.SOUND_RINGBACK
        case Progress.PROPOSED | Progress.ALERTING:
            yield call.since + patience, CallAlarm.NOBODY_ANSWERS
        case Progress.CONNECTING:
            yield call.progressed_at + timers.connect, CallAlarm.NO_PATH
        case Progress.CONNECTED if call.answering is Answering.GREETING:
            yield call.progressed_at + timers.greeting, CallAlarm.GREETING_OVER
        case Progress.CONNECTED if call.answering:
            yield call.answering_at + timers.longest_message, CallAlarm.MESSAGE_OVER


def _on_hook_alarms(phone: Phone) -> Iterator[tuple[float, Alarm]]:
    timers = phone.timers
    if phone.mailbox:
        yield phone.mailbox_at + timers.mailbox, Alarm.MAILBOX_OVER
    if phone.dialled:
        yield phone.last_digit_at + timers.predial, Alarm.FORGET_DIGITS
    if any(c.id != phone.recall for c in phone.held):
        yield phone.reminded_at + timers.hold_reminder, Alarm.REMIND


def _off_hook_alarms(phone: Phone) -> Iterator[tuple[float, Alarm]]:
    """Only while nothing but tones is heard. A call that knocks there stops their clock."""
    timers = phone.timers
    focus = phone.call(phone.focus)
    if (focus and focus.live) or phone.mailbox or phone.dictation:
        return
    if phone.dialled:
        yield phone.last_digit_at + timers.inter_digit, Alarm.DIAL_NOW
    elif phone.stage is not Stage.SILENT and not phone.offered:
        yield phone.stage_at + _stage_seconds(phone), Alarm.NEXT_TONE
        if phone.habits.hotline and _mere_dial_tone(phone):
            yield phone.stage_at + timers.hotline, Alarm.HOTLINE


def _mere_dial_tone(phone: Phone) -> bool:
    """Nobody is on the phone in any way: who has just handed a caller over did not lift to call the hotline."""
    free = phone.transfer is None and not any(c.live and c.answering is None for c in phone.calls)
    return phone.stage is Stage.FRESH and phone.focus is None and phone.service is Service.ONLINE and free


def _stage_seconds(phone: Phone) -> float:
    if phone.stage is Stage.HOWLER:
        return phone.timers.howler
    dial_tone = phone.stage is Stage.FRESH and phone.focus is None
    return phone.timers.dial_tone if dial_tone else phone.timers.busy_tone
