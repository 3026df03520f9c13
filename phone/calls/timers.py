"""What expires when. Time is data: this file only says; `core.step` acts on `Ticked`.

Law: what an alarm does always removes that alarm or moves it to a later time, so ticking at
`deadlines` always gets on.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from phone.calls.model import Call, Phone, Progress, Service, Stage


class Alarm(Enum):
    """Something to do when its time comes."""

    DIAL_NOW = "inter-digit timer"
    FORGET_DIGITS = "digits typed on-hook grew old"
    NEXT_TONE = "the off-hook tone has sounded long enough"
    NOBODY_LIFTS = "ring timeout"
    NOBODY_ANSWERS = "no-answer timeout"
    UNSERVED = "no word can come of an unanswered call"
    SOUND_RINGBACK = "the far end does not say that it rings"
    NO_PATH = "connect timeout"
    HIDE_NOTICE = "the notice was shown long enough"
    HIDE_VOLUME = "the volume was shown long enough"
    LONG_PRESS = "a key is held down"


LONG_KEYS = frozenset({"BACK", "0"})
"""Keys that do something more when they are held down."""

Due = tuple[float, Alarm]


def deadlines(phone: Phone) -> float | None:
    """When the engine must send the next `Ticked` (monotonic seconds), None if nothing is due ever."""
    due = next_alarm(phone)
    return due[0] if due else None


def next_alarm(phone: Phone) -> Due | None:
    """The earliest alarm."""
    return min(_alarms(phone), key=lambda due: due[0], default=None)


def _alarms(phone: Phone) -> Iterator[Due]:
    timers = phone.timers
    for call in phone.calls:
        yield from _call_alarms(phone, call)
    if not phone.busy:
        yield from _idle_alarms(phone)
    if phone.notice and phone.notice_until is not None:
        yield phone.notice_until, Alarm.HIDE_NOTICE
    if phone.volume_until is not None:
        yield phone.volume_until, Alarm.HIDE_VOLUME
    if phone.key_down in LONG_KEYS:
        yield phone.key_down_at + timers.long_press, Alarm.LONG_PRESS


def _call_alarms(phone: Phone, call: Call) -> Iterator[Due]:
    timers = phone.timers
    unanswered = call.progress in (Progress.OFFERED, Progress.PROPOSED, Progress.ALERTING)
    if unanswered and phone.service is not Service.ONLINE:
        yield max(call.since, phone.service_at) + timers.unserved, Alarm.UNSERVED
    match call.progress:
        case Progress.OFFERED:
            yield call.since + timers.ring, Alarm.NOBODY_LIFTS
        case Progress.PROPOSED if not call.ringback:
            yield call.since + min(timers.assume_ringing, timers.no_answer), Alarm.SOUND_RINGBACK
        case Progress.PROPOSED | Progress.ALERTING:
            yield call.since + timers.no_answer, Alarm.NOBODY_ANSWERS
        case Progress.CONNECTING:
            yield call.progressed_at + timers.connect, Alarm.NO_PATH


def _idle_alarms(phone: Phone) -> Iterator[Due]:
    timers = phone.timers
    if phone.dialled:
        if phone.seized:
            yield phone.last_digit_at + timers.inter_digit, Alarm.DIAL_NOW
        else:
            yield phone.last_digit_at + timers.predial, Alarm.FORGET_DIGITS
    elif phone.seized and phone.stage is not Stage.SILENT:
        yield phone.stage_at + _stage_seconds(phone), Alarm.NEXT_TONE


def _stage_seconds(phone: Phone) -> float:
    if phone.stage is Stage.HOWLER:
        return phone.timers.howler
    dial_tone = phone.stage is Stage.FRESH and phone.focus is None
    return phone.timers.dial_tone if dial_tone else phone.timers.busy_tone
