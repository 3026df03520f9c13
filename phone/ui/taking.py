"""The screens of messages in the making: a caller's that the phone takes, and the user's own to somebody. Pure."""

from __future__ import annotations

from phone.calls.messages import unreached
from phone.calls.model import Answering, Call, Phone
from phone.ui.fit import clean, cut, tail
from phone.ui.frame import BIG_CHARS, Screen, View, address, full_name, name, named


def taken(v: View, call: Call) -> Screen:
    """Nobody is at the phone: who leaves a message, and how the call can be had."""
    others = len(v.phone.answering) - 1
    who = tail(full_name(call), f"+{others}", BIG_CHARS) if others else name(call)
    listen = (v.hint("speaker_listens"),) if v.phone.habits.has_speaker else ()
    return Screen(_stage(v, call), who, (*(listen or (_state(v, call),)), v.hint("lift_takes")))


def listened(v: View, call: Call) -> Screen:
    """It is heard at the speaker."""
    return Screen(_stage(v, call), name(call), (v.hint("you_listen"), v.hint("lift_takes")))


def beside(v: View) -> tuple[str, ...]:
    """One line, while the ear has something else."""
    legs = v.phone.answering
    return (named(full_name(legs[0]), lambda who: v.hint("leaves_message", who=who)),) if legs else ()


def left(v: View, call: Call) -> tuple[str, ...]:
    """The lines of a leg by which the user leaves a message."""
    return (v.hint("your_message"), v.hint("after_tone")) if call.up else address(call)


def offers(v: View, call: Call) -> bool:
    """VOICEMAIL leaves a message for that far end, and it is time to say so: nobody has answered for long, or will."""
    phone = v.phone
    if phone.locked or unreached(phone) != call:
        return False
    return not call.live or _offered_at(phone, call) <= v.now


def offer(v: View) -> tuple[str, ...]:
    """The two lines of it."""
    return v.hint("leave_message"), v.hint("voicemail_does")


def next_offer(phone: Phone, now: float) -> float | None:
    """When a message will be offered."""
    call = unreached(phone)
    if call is None or not call.live:
        return None
    at = _offered_at(phone, call)
    return at if at > now else None


def dictation(v: View) -> Screen | None:
    """The user records a message for somebody here."""
    letter = v.phone.dictation
    if letter is None:
        return None
    who = cut(clean(letter.name) or clean(letter.to), BIG_CHARS)
    if not letter.recording:
        return Screen(v.title("message_to"), who, (v.hint("after_tone"), v.hint("hash_sends")))
    title = v.hint("recording_time", time=v.since(letter.at))
    return Screen(title, who, (v.hint("hash_sends"), v.hint("back_drops")))


def clocks(phone: Phone) -> tuple[float, ...]:
    """Since when the seconds are shown of what is in the making."""
    own = (phone.dictation.at,) if phone.dictation and phone.dictation.recording else ()
    return (*(c.answering_at for c in phone.answering if c.answering is Answering.RECORDING), *own)


def _offered_at(phone: Phone, call: Call) -> float:
    return call.since + phone.timers.offer_message


def _stage(v: View, call: Call) -> str:
    if call.answering is Answering.GREETING:
        return v.title("greets")
    return v.hint("recording_time", time=v.since(call.answering_at))


def _state(v: View, call: Call) -> str:
    return v.hint("hears_greeting" if call.answering is Answering.GREETING else "speaks_message")
