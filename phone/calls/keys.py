"""The function keys, and keys that are held down.

Laws:
 1. HOLD acts when it goes down, to be heard at once. In this order: answer who knocks; end a call of ours that nobody
    has answered, for a held one; resume the one at the ear; swap it with the one held the longest (in a transfer: with
    the other of the two); hold it, unless it leaves a message. At dial tone it resumes who was held last. Held down it
    is the conference's key.
 2. OK and BACK say yes and no: to a far end's request, to who knocks, to the transfer, to what was typed.
 3. VOL is for what sounds: the speaker, the handset, on-hook the ringer.
 4. VOICEMAIL is for the call: who rings or knocks leaves a message, if the phone answers for its user; whom he cannot
    reach gets one of his. Else it is for his own messages.
"""

from __future__ import annotations

from typing import assert_never

from phone.calls import answering, conference, dialling, ear, hook, legs, mailbox, messages, requests, transfer
from phone.calls.events import DialRequested, Key
from phone.calls.frozen import replace
from phone.calls.legs import Result
from phone.calls.model import Call, Phone

_VOLUME_STEP = 10


def press(phone: Phone, key: Key, at: float) -> Result:
    """A function key went down."""
    match key:
        case Key.VOL_UP | Key.VOL_DOWN:
            return _volume(phone, _VOLUME_STEP if key is Key.VOL_UP else -_VOLUME_STEP, at), ()
        case Key.MUTE:
            return (replace(phone, muted=not phone.muted) if phone.current else phone), ()
        case Key.BACK:
            return _back(ear.unnoticed(phone), at)
        case Key.OK:
            return _ok(ear.unnoticed(phone), at)
        case Key.HOLD:
            return _hold(ear.unnoticed(phone), at) if phone.seized else (phone, ())
        case Key.TRANSFER:
            return transfer.key(phone, at)
        case Key.SPEAKER:
            return hook.speaker(phone, at)
        case Key.REDIAL:
            return dialling.request(phone, DialRequested(phone.last_dialled, at))
        case Key.VOICEMAIL:
            return _voicemail(ear.unnoticed(phone), at)
        case Key.UP | Key.DOWN:
            return phone, ()
        case _:
            assert_never(key)


def long_press(phone: Phone, at: float) -> Result:
    """A key is held down. It counts as up from now on, so this happens once."""
    key, phone = phone.key_down or "", replace(phone, key_down=None)
    if key == Key.HOLD.value:
        return conference.long_press(phone, at)
    if key == Key.BACK.value:
        typed = phone.dialled and not phone.ear
        return (dialling.delete(phone, at, all_of_them=True) if typed else phone), ()
    return dialling.long_press(phone, key, at)


def _volume(phone: Phone, by: int, at: float) -> Phone:
    phone = replace(phone, volume_until=at + phone.timers.volume_bar)
    if phone.speaker:
        return replace(phone, speaker_volume=min(100, max(0, phone.speaker_volume + by)))
    if phone.off_hook:
        return replace(phone, handset_volume=min(100, max(0, phone.handset_volume + by)))
    return replace(phone, ringer_volume=min(100, max(0, phone.ringer_volume + by)))


# --- HOLD -----------------------------------------------------------------------------------------------------


def _hold(phone: Phone, at: float) -> Result:
    if ear.connecting(phone):
        return phone, ()
    if hook.knocking(phone):
        return hook.answer(phone, at)
    focus = phone.current
    if focus is None:
        return ear.take(phone, phone.held[-1], at) if phone.held else (phone, ())
    if focus.held:
        return ear.take(phone, focus, at)
    if other := _other(phone, focus):
        return ear.take(phone, other, at)
    return (phone, ()) if focus.message else legs.hold(phone, ear.party(phone, focus), at)


def _other(phone: Phone, focus: Call) -> Call | None:
    """Who has the ear after a swap; from a call nobody has answered, back to who was held last."""
    held = phone.held
    if t := phone.transfer:
        both = (t.transferee, t.target)
        return next((c for c in held if c.id in both), None)
    if not held:
        return None
    return held[0] if focus.up else held[-1]


# --- yes and no -----------------------------------------------------------------------------------------------


def _ok(phone: Phone, at: float) -> Result:
    if call := requests.pending(phone):
        return requests.say_yes(phone, call, at)
    if not phone.seized:
        return (dialling.unlock(phone) if phone.locked and phone.dialled else phone), ()
    if hook.knocking(phone):
        return hook.answer(phone, at)
    if phone.dictation:
        return messages.finish(phone, at)
    return dialling.dial(phone, at) if phone.dialled and not phone.ear else (phone, ())


def _back(phone: Phone, at: float) -> Result:
    if call := requests.pending(phone):
        return requests.say_no(phone, call)
    if phone.recall:
        return replace(phone, recall=None, reminded_at=at), ()
    if phone.offered:
        return legs.end(phone, phone.offered, at)
    if phone.dialled:
        return dialling.delete(phone, at), ()
    if phone.transfer:
        return transfer.back(phone, at)
    if focus := phone.ear:
        return (phone, ()) if focus.up else _take_back(phone, focus, at)
    return _back_to_dial_tone(phone, at)


def _back_to_dial_tone(phone: Phone, at: float) -> Result:
    """Or off the speaker, from what is only heard there."""
    if phone.dictation:
        return messages.finish(phone, at, keep=False)
    if phone.mailbox:
        return mailbox.leave(phone, at)
    if phone.listened:
        return hook.leave(phone, at)
    return (ear.on_line(phone, at) if phone.seized and phone.current is None else phone), ()


def _take_back(phone: Phone, focus: Call, at: float) -> Result:
    """A call that is not through yet; where a far end asked for it, that one is at the ear again."""
    phone, commands = legs.end(phone, focus, at)
    return (phone if focus.replaces else ear.attend(phone, None, at)), commands


# --- messages -------------------------------------------------------------------------------------------------


def _voicemail(phone: Phone, at: float) -> Result:
    if phone.offered and phone.habits.answers:
        return answering.greet(phone, phone.offered, at)
    if call := messages.unreached(phone):
        return messages.leave(phone, call, at)
    return mailbox.key(phone, at)
