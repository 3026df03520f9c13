"""Who has the ear. Every change of the leg at the ear goes through this file.

Laws:
 1. One party has the ear: a leg, or the legs of the conference. Whoever had it before is put on hold; a call of ours
    that nobody has answered yet cannot be held, and is taken back (CANCELLED); nor can one that leaves a message, which
    is over then. A leg that the phone answers for its user goes on so (`answering`).
 2. A leg being connected keeps the ear until it is up or over: HOLD pressed twice in haste must not lose whom it took.
 3. MUTE belongs to the leg at the ear: another one there is heard, and hears.
"""

from __future__ import annotations

from phone.calls import legs
from phone.calls.commands import Command
from phone.calls.frozen import replace
from phone.calls.legs import Result, end, put
from phone.calls.model import Call, CallId, Phone, Progress, Stage


def attend(phone: Phone, id: CallId | None, at: float) -> Phone:
    """The ear belongs to that leg (None: dial tone); what was dialled is forgotten, and the messages are put away."""
    return replace(
        phone,
        focus=id,
        muted=phone.muted and id is not None and phone.focus == id,
        dialled="",
        stage=Stage.FRESH,
        stage_at=at,
        mailbox=False,
        reminder_until=None,
        recall=None if id == phone.recall else phone.recall,
    )


def on_line(phone: Phone, at: float) -> Phone:
    """An ended or held call leaves the ear: the line is free for dialling, and what was typed stays."""
    return replace(attend(phone, None, at), dialled=phone.dialled)


def unnoticed(phone: Phone) -> Phone:
    """The user acts: the sentence of before has been read."""
    return replace(phone, notice=None) if phone.notice else phone


def beep(phone: Phone, at: float) -> Phone:
    """Tell the ear that somebody else is there now."""
    return replace(phone, beep_until=at + phone.timers.beep)


def unattended(phone: Phone, call: Call) -> bool:
    """It may have been answered by the phone alone: nobody need be there to say who else may listen."""
    return call.intercom and not phone.off_hook


def connecting(phone: Phone) -> bool:
    """Who has the ear is on the way to be heard, and keeps it."""
    return phone.ear is not None and phone.ear.progress is Progress.CONNECTING


def party(phone: Phone, call: Call) -> tuple[CallId, ...]:
    """Who is heard and held together with `call`, itself included."""
    return tuple(c.id for c in phone.conference) if call.joined else (call.id,)


def park(phone: Phone, at: float) -> Result:
    """Make the ear free of whoever lives there."""
    focus = phone.current
    if focus is None:
        return phone, ()
    holds = focus.up and not focus.message
    return legs.hold(phone, party(phone, focus), at) if holds else end(phone, focus, at)


def take(phone: Phone, call: Call, at: float) -> Result:
    """Bring a held leg, with its conference, to the ear."""
    commands: tuple[Command, ...] = ()
    if phone.focus not in party(phone, call):
        phone, commands = park(phone, at)
    phone, resumed = legs.resume(phone, party(phone, call), at)
    return attend(phone, call.id, at), commands + resumed


def answer(phone: Phone, call: Call, at: float) -> Result:
    """Take an offered call to the ear; the leg that it replaces steps aside for it (law 1 for all others)."""
    old = _replaced(phone, call)
    if old is None:
        phone, commands = park(put(phone, replace(call, replaces=None)) if call.replaces else phone, at)
    else:
        phone, commands = _step_aside(phone, call, old, at)
    call = phone.call(call.id) or call
    phone, accept = legs.answer(phone, call, at)
    return attend(unnoticed(phone), call.id, at), commands + accept


def _replaced(phone: Phone, call: Call) -> Call | None:
    old = phone.call(call.replaces)
    return old if old and replaceable(phone, old) else None


def replaceable(phone: Phone, old: Call) -> bool:
    """Another leg may take its place: it is up and the user's, and he is not busy passing it on."""
    passed_on = old.handover or old.bridged or old.leaves_at is not None or old.id in phone.targets
    choosing = phone.transfer is not None and old.id in (phone.transfer.transferee, phone.transfer.target)
    return old.up and old.answering is None and not passed_on and not choosing


def _step_aside(phone: Phone, call: Call, old: Call, at: float) -> Result:
    """In a conference at the ear the new one is joined in the old one's place."""
    focus = phone.ear
    together = old.joined and focus is not None and focus.joined
    commands: tuple[Command, ...] = ()
    if focus and focus.id != old.id and not together:
        phone, commands = park(phone, at)
        old = phone.call(old.id) or old
    leaving = replace(old, joined=False, leaves_at=at + phone.timers.replaced)
    return put(phone, leaving, replace(call, joined=together)), commands
