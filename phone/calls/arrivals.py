"""Calls that come in: they ring, knock, speak at once, or are refused.

Laws:
 1. Refused as busy, and logged: with do-not-disturb on; when as many legs live as may; without call waiting, while a
    leg or the mailbox has the ear, a number, a message or a transfer is being dialled or dictated, or another call
    rings. Where the phone may answer for its user it does so then, but for want of a leg. All others ring (on-hook) or
    knock; several may, and the oldest is answered first.
 2. Who calls in the place of a leg (`replaces`, XEP-0251) has it at once if the user talks on it, neither muted nor in
    conference, and it did not speak at once itself (there may be nobody at the phone); its place at the bell if that
    one still rings; else he waits like anyone, and has it when answered.
 3. An intercom call speaks at once on the speaker of an idle phone, after a beep; elsewhere it is like any other.
"""

from __future__ import annotations

from phone.calls import answering, ear, legs
from phone.calls.events import Offered
from phone.calls.frozen import replace
from phone.calls.legs import Result
from phone.calls.model import Call, Phone, Progress, Reason


def offered(phone: Phone, e: Offered) -> Result:
    """A far end calls us; it may use an id again: the ended call of that id then leaves the ear."""
    if known := phone.call(e.id):
        if known.live:
            return phone, ()
        calls = tuple(c for c in phone.calls if c.id != e.id)
        phone = ear.on_line(replace(phone, calls=calls), e.at)
    call = legs.offered_call(e)
    old = phone.call(e.replaces)
    if phone.dnd:
        return _turn_away(phone, call, e.at, message=phone.habits.answers_dnd)
    if old and old.progress is Progress.OFFERED:
        return _ring_on(phone, call, old, e.at)
    old = old if old and ear.replaceable(phone, old) else None
    call = replace(call, replaces=old.id if old else None)
    if old and _talked_on(phone, old):
        return _step_in(phone, call, e.at)
    if phone.full or not (phone.habits.waiting or _unused(phone)):
        return _turn_away(phone, call, e.at, message=phone.habits.answers_busy)
    phone = replace(phone, calls=(*phone.calls, call))
    return _speak_at_once(phone, call, e.at) if _may_speak(phone, call) else (phone, ())


def _turn_away(phone: Phone, call: Call, at: float, *, message: bool) -> Result:
    """The user cannot be had: the phone answers for him (a `message` is wanted then), or is busy."""
    if not (message and phone.habits.answers) or phone.full:
        return legs.refuse_busy(phone, call, at)
    return answering.greet(replace(phone, calls=(*phone.calls, call)), call, at)


def _unused(phone: Phone) -> bool:
    dials = phone.seized and (bool(phone.dialled) or phone.transfer is not None or phone.mailbox)
    return not (phone.ear or dials or phone.dictation or phone.offered)


def _talked_on(phone: Phone, old: Call) -> bool:
    at_ear = old.id == phone.focus and not (old.held or old.joined or phone.muted)
    return at_ear and not ear.unattended(phone, old)


def _ring_on(phone: Phone, call: Call, old: Call, at: float) -> Result:
    """The bell rings on; only whose call it is changes."""
    call = replace(call, replaces=None)
    phone, commands = legs.end(phone, old, at, Reason.TRANSFERRED)
    return replace(phone, calls=tuple(call if c.id == old.id else c for c in phone.calls)), commands


def _step_in(phone: Phone, call: Call, at: float) -> Result:
    phone, commands = ear.answer(replace(phone, calls=(*phone.calls, call)), call, at)
    return ear.beep(phone, at), commands


def _may_speak(phone: Phone, call: Call) -> bool:
    idle = not phone.seized and phone.recall is None and phone.waiting == (call,)
    return call.intercom and phone.habits.has_speaker and idle


def _speak_at_once(phone: Phone, call: Call, at: float) -> Result:
    phone, commands = ear.answer(replace(phone, speaker=True), call, at)
    return ear.beep(phone, at), commands
