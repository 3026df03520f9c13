"""What each alarm does when its time comes. `timers` says when that is."""

from __future__ import annotations

from typing import assert_never

from phone.calls import answering, dialling, handover, hook, keys, legs, mailbox, messages, requests
from phone.calls.events import RecordingEnd
from phone.calls.frozen import replace
from phone.calls.legs import Result, end, put
from phone.calls.model import Call, Phone, Reason, Stage
from phone.calls.timers import Alarm, CallAlarm, CallDue, Due


def expire(phone: Phone, due: Due) -> Result:
    """Do what is due."""
    if isinstance(due, CallDue):
        return _expire_call(phone, due.alarm, due.call, due.at)
    return _expire(phone, due.alarm, due.at)


def _expire(phone: Phone, alarm: Alarm, at: float) -> Result:  # noqa: PLR0912 - one branch per alarm
    match alarm:
        case Alarm.DIAL_NOW:
            return dialling.dial(phone, at)
        case Alarm.HOTLINE:
            return dialling.hotline(phone, at)
        case Alarm.FORGET_DIGITS:
            return replace(phone, dialled=""), ()
        case Alarm.NEXT_TONE:
            return _next_tone(phone, at)
        case Alarm.HIDE_NOTICE:
            return replace(phone, notice=None, notice_until=None), ()
        case Alarm.HIDE_VOLUME:
            return replace(phone, volume_until=None), ()
        case Alarm.LONG_PRESS:
            return keys.long_press(phone, at)
        case Alarm.RECALL_OVER:
            return replace(phone, recall=None, reminded_at=at), ()
        case Alarm.REMIND:
            return replace(phone, reminded_at=at, reminder_until=at + phone.timers.reminder_ring), ()
        case Alarm.REMINDED:
            return replace(phone, reminder_until=None), ()
        case Alarm.BEEP_OVER:
            return replace(phone, beep_until=None), ()
        case Alarm.MAILBOX_OVER:
            return mailbox.leave(phone, at)
        case Alarm.PROMPT_OVER:
            return messages.prompt_over(phone, at)
        case Alarm.DICTATION_OVER:
            return messages.stopped(phone, RecordingEnd.FULL, at)
        case _:
            assert_never(alarm)


def _expire_call(phone: Phone, alarm: CallAlarm, call: Call, at: float) -> Result:
    match alarm:
        case CallAlarm.NOBODY_LIFTS | CallAlarm.NOBODY_ANSWERS:
            return end(phone, call, at, Reason.NO_ANSWER)
        case CallAlarm.SOUND_RINGBACK:
            return put(phone, replace(call, ringback=True)), ()
        case CallAlarm.UNSERVED:
            return end(phone, call, at, Reason.UNREACHABLE if call.outgoing else Reason.NO_ANSWER)
        case CallAlarm.NO_PATH:
            return end(phone, call, at, Reason.MEDIA_LOST)
        case CallAlarm.REQUEST_OVER:
            return requests.say_no(phone, call)
        case CallAlarm.HANDOVER_SILENT:
            return handover.silent(phone, call, at)
        case CallAlarm.LEAVES:
            return end(phone, call, at, Reason.TRANSFERRED)
        case CallAlarm.ANSWER:
            return answering.greet(phone, call, at)
        case CallAlarm.GREETING_OVER:
            return answering.greeting_over(phone, call.id, at)
        case CallAlarm.MESSAGE_OVER:
            return answering.stopped(phone, call.id, RecordingEnd.FULL, at)
        case _:
            assert_never(alarm)


def _next_tone(phone: Phone, at: float) -> Result:
    """Dial tone -> reorder -> howler -> silence; an ended call's tone goes to the howler directly. A speaker goes off
    instead of howling: there is no handset to be put back.
    """
    if phone.stage is Stage.FRESH and phone.focus is None:
        return replace(phone, stage=Stage.REORDER, stage_at=at), ()
    if phone.stage is Stage.HOWLER:
        return replace(phone, stage=Stage.SILENT, stage_at=at), ()
    if not phone.off_hook:
        return hook.leave(phone, at)
    return replace(legs.fresh(phone, at), stage=Stage.HOWLER), ()
