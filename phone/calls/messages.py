"""Leaving a message for whom the user cannot reach.

Laws:
 1. VOICEMAIL does it, where a call of ours in the ear is not answered, or has come to nothing and still sounds: that
    call is taken back, and another leg goes to who takes messages for its far end. Not while a transfer is chosen, nor
    where a far end asked for the call; and not on a locked phone.
 2. Such a leg is a call like any other, but that it is neither held, joined nor passed on: whoever else comes to the
    ear ends it, as hanging up does. REDIAL knows nothing of it.
 3. Where no server takes the message (that is no call, and not logged), and where there is no service or no room for a
    leg, the user dictates it here: prompt, then recording.
 4. A dictation has the ear alone, without any tone. `#`, OK, hanging up, another call at the ear, silence and
    want of room end it, and it is sent; BACK ends it, and it is not.
 5. Each `StartRecording` has one `StopRecording`, here as in `answering`.
"""

from __future__ import annotations

from phone.calls import ear, legs
from phone.calls.commands import StartRecording, StopRecording
from phone.calls.events import MessageRefused, RecordingEnd
from phone.calls.frozen import replace
from phone.calls.legs import UNANSWERED, Result
from phone.calls.model import Call, Dictation, Notice, Phone, Progress, Reason, Service, Stage, Trouble
from phone.calls.table import MOVES

# of these the far end may still want a word; a wrong number and a call that broke off are other matters
_MISSED_HIM = frozenset(
    {
        Reason.NO_ANSWER,
        Reason.BUSY,
        Reason.DECLINED,
        Reason.UNREACHABLE,
        Reason.INCOMPATIBLE,
        Reason.INSECURE,
        Reason.FAILED,
    }
)


def unreached(phone: Phone) -> Call | None:
    """Whom VOICEMAIL leaves a message for now (law 1)."""
    call = phone.call(phone.focus)
    if call is None or not call.outgoing or call.message or call.replaces or phone.transfer:
        return None
    if call.live:
        return call if call.progress in UNANSWERED else None
    sounds = phone.stage is Stage.FRESH and call.answered_at is None
    return call if sounds and call.reason in _MISSED_HIM else None


def leave(phone: Phone, call: Call, at: float) -> Result:
    """Leave a message in place of the call `call`."""
    if phone.locked:
        return replace(phone, notice=Notice(Trouble.LOCKED)), ()
    phone, ended = legs.end(phone, call, at)
    if phone.service is not Service.ONLINE or phone.full:
        return _dictate(phone, call, at), ended
    phone, proposed = legs.propose(phone, call.peer, call.name, at, message=True)
    return ear.attend(phone, phone.calls[-1].id, at), ended + proposed


def refused(phone: Phone, e: MessageRefused) -> Result:
    """No server takes it (law 3); alive it is at the ear (law 2)."""
    call = phone.call(e.id)
    if call is None or not call.message or MOVES[call.progress].get(MessageRefused) is not Progress.ENDED:
        return phone, ()
    phone = replace(phone, calls=tuple(c for c in phone.calls if c.id != call.id))
    return _dictate(phone, call, e.at), ()


def _dictate(phone: Phone, call: Call, at: float) -> Phone:
    return replace(ear.attend(phone, None, at), dictation=Dictation(call.peer, call.name, at))


def prompt_over(phone: Phone, at: float) -> Result:
    """The user speaks now."""
    dictation = phone.dictation
    if dictation is None or dictation.recording:
        return phone, ()
    phone = replace(phone, dictation=replace(dictation, recording=True, at=at))
    return phone, (StartRecording(None, dictation.to),)


def stopped(phone: Phone, why: RecordingEnd, at: float) -> Result:
    """Nothing more is recorded: what there is is sent."""
    dictation = phone.dictation
    if dictation is None or not dictation.recording:
        return phone, ()
    phone, commands = finish(phone, at)
    if why is RecordingEnd.FAILED:
        phone = replace(phone, notice=Notice(Trouble.NO_MESSAGE, dictation.name), notice_until=None)
    return phone, commands


def digit(phone: Phone, digit: str, at: float) -> Result:
    """While dictating."""
    return finish(phone, at) if digit == "#" else (phone, ())


def finish(phone: Phone, at: float, *, keep: bool = True) -> Result:
    """The user has said all (or, not `keep`, thinks better of it): dial tone."""
    phone, commands = _end(phone, keep=keep)
    return ear.attend(phone, None, at), commands


def settle(phone: Phone) -> Result:
    """Law 4: who has left, or has another call at the ear, has said all."""
    alone = phone.seized and phone.focus is None and not phone.mailbox
    return (phone, ()) if alone or phone.dictation is None else _end(phone, keep=True)


def _end(phone: Phone, *, keep: bool) -> Result:
    began = phone.dictation is not None and phone.dictation.recording
    return replace(phone, dictation=None), (StopRecording(None, keep),) if began else ()
