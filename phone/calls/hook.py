"""Taking the phone and leaving it: hook switch, SPEAKER, and the commands that do the same from afar.

Laws:
 1. Nothing of the user's is heard or sent on-hook, but by the speaker. The cradle ends the leg at the ear and forgets
    what was dialled; legs on hold stay on hold, also the one at the ear. With the speaker on it ends nothing.
 2. Taking the phone answers, in this order: whose transfer failed, who rings longest; else it goes on with the
    messages that the user has asked for; else it takes the held call that the bell reminds of; else it calls what was
    typed; else it takes over whom the phone answers for him; else there is dial tone.
 3. SPEAKER takes the phone on-hook, moves the sound off-hook, and hangs up on-hook; a lifted handset takes over, also
    the call that is only listened to: SPEAKER takes none of those over.
"""

from __future__ import annotations

from phone.calls import answering, conference, ear, legs, messages, transfer
from phone.calls.dialling import dial
from phone.calls.events import ResumeRequested
from phone.calls.frozen import replace
from phone.calls.legs import Result
from phone.calls.model import Call, Phone, Progress
from phone.calls.notices import LASTING


def lift(phone: Phone, at: float) -> Result:
    """The handset is up."""
    if phone.off_hook:
        return phone, ()
    if phone.speaker:
        listened, phone = phone.listened, replace(phone, off_hook=True, speaker=False)
        return answering.take_over(phone, listened, at) if listened else (phone, ())
    return _take_phone(replace(phone, off_hook=True), at)


def cradle(phone: Phone, at: float) -> Result:
    """The handset is back."""
    if not phone.off_hook:
        return phone, ()
    phone = replace(phone, off_hook=False)
    return (phone, ()) if phone.speaker else leave(phone, at)


def speaker(phone: Phone, at: float) -> Result:
    """SPEAKER pressed (law 3)."""
    if not phone.habits.has_speaker:
        return phone, ()
    if phone.off_hook:
        return replace(phone, speaker=not phone.speaker), ()
    return leave(phone, at) if phone.speaker else _take_phone(replace(phone, speaker=True), at)


def _take_phone(phone: Phone, at: float) -> Result:
    reminded = phone.held[0] if phone.reminder_until is not None and phone.held else None
    phone = legs.fresh(replace(phone, notice=None, notice_until=None, reminder_until=None, volume_until=None), at)
    if knocking(phone):
        return answer(phone, at)
    if phone.mailbox:
        return phone, ()
    if reminded:
        return ear.take(phone, reminded, at)
    if phone.dialled:
        return dial(phone, at)
    return answering.join(phone, at) if phone.answering else (phone, ())


def knocking(phone: Phone) -> Call | None:
    """Who is answered next."""
    return phone.call(phone.recall) or phone.offered


def answer(phone: Phone, at: float) -> Result:
    """Take who rings or knocks to the ear, unless a call is being connected there."""
    call = knocking(phone)
    if call is None or ear.connecting(phone):
        return phone, ()
    return _take_call(phone, call, at)


def _take_call(phone: Phone, call: Call, at: float) -> Result:
    if call.answering:
        return answering.take_over(phone, call, at)
    return ear.answer(phone, call, at) if call.progress is Progress.OFFERED else ear.take(phone, call, at)


def resume(phone: Phone, e: ResumeRequested) -> Result:
    """A menu chose a held, waiting or answered leg; on-hook it speaks on the speaker, if there is one."""
    call = phone.call(e.id)
    if call is None or ear.connecting(phone) or call not in (*phone.held, *phone.waiting, *phone.answering):
        return phone, ()
    if not phone.seized and not phone.habits.has_speaker:
        return phone, ()
    phone = phone if phone.seized else replace(phone, speaker=True)
    return _take_call(replace(phone, notice=None, notice_until=None), call, e.at)


def leave(phone: Phone, at: float) -> Result:
    """Nobody is at the phone any more (law 1); what was being transferred is let go of."""
    phone, commands = _let_go(replace(phone, speaker=False), at)
    phone = ear.attend(phone, None, at)
    lasting = phone.notice is not None and phone.notice.why in LASTING
    until = None if lasting else at + phone.timers.notice
    phone = replace(phone, key_down=None, reminded_at=at, beep_until=None, notice_until=until, volume_until=None)
    return phone, commands


def _let_go(phone: Phone, at: float) -> Result:
    if phone.transfer:
        return transfer.hang_up(phone, at)
    return end_heard(phone, phone.ear, at)


def end_heard(phone: Phone, focus: Call | None, at: float) -> Result:
    """End who is heard; in a conference see there. A leg whose place that one was to take ends with it."""
    if focus is None:
        return phone, ()
    if focus.joined:
        return conference.hang_up(phone, at)
    old = phone.call(focus.replaces)
    return legs.end_all(phone, (focus, old) if old else (focus,), at)


def hang_up(phone: Phone, at: float) -> Result:
    """`phone hang-up`: who has the ear, held or not, else who rings; off-hook there is dial tone again. Who only
    listens or dictates has done so.
    """
    if phone.listened:
        return leave(phone, at)
    if phone.dictation:
        return messages.finish(phone, at)
    if focus := phone.current:
        phone, commands = end_heard(phone, focus, at)
    else:
        phone, commands = legs.end(phone, knocking(phone), at)
    return replace(ear.attend(phone, None, at), notice=None), commands
