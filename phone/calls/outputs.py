"""What the phone sounds like and shows, computed from what it knows.

Nothing ever starts or stops a tone: a tone sounds while the state says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from phone.calls.events import DIGITS
from phone.calls.model import Answering, Call, CallId, Phone, Progress, Reason, Ring, Service, Stage

_DIGITS = frozenset(DIGITS)


class Tone(Enum):
    """Call progress tones (ITU-T E.180). The media process knows each country's cadence by these names."""

    DIAL = "dial"
    STUTTER = "stutter"
    NO_SERVICE = "no-service"
    RINGBACK = "ringback"
    BUSY = "busy"
    REORDER = "reorder"
    CALL_WAITING = "call-waiting"
    HOWLER = "howler"
    BEEP = "beep"  # somebody else is on the line now: a replaced call, an intercom call, a conference


class Feed(Enum):
    """What the far end of a leg hears. A leg that is not named hears the microphone."""

    MICROPHONE = "microphone"
    MUSIC = "music"  # or the soft tone that the config chose
    RINGBACK = "ringback"  # it was handed over, and the third party's phone rings
    SILENCE = "silence"
    BRIDGE = "bridge"
    GREETING = "greeting"  # and the tone after it, once


@dataclass(frozen=True, slots=True)
class Outputs:
    """The levels that drivers and the media process follow."""

    tone: Tone | None
    key_tone: str | None
    """DTMF digit whose tone the ear hears while its key is down."""
    ringer: bool
    handset: bool
    """Someone is at the phone with the handset: its card must run."""
    talk: tuple[CallId, ...]
    """The legs at the ear: heard, and in a conference heard by each other."""
    send: bool
    """The microphone is open on those legs."""
    lamps: frozenset[str]
    """Of: call, message, mute, service (lit when there is none), hold, speaker, dnd."""
    speaker: bool = False
    """Someone is at the phone hands-free: sound goes by the speaker's card."""
    ring: Ring = 0
    """What the ringer plays."""
    feeds: tuple[tuple[CallId, Feed], ...] = ()
    """What each leg that is up and not in `talk` hears."""
    bridges: tuple[tuple[CallId, CallId], ...] = ()
    """Pairs of legs that hear each other, each pair once."""
    record: tuple[CallId, ...] = ()
    """The legs whose far ends are recorded."""
    listen: tuple[CallId, ...] = ()
    """Legs that are heard at the ear while they are answered for the user: nothing of ours goes to them."""
    mailbox: bool = False
    """The ear has what `ui.mailbox` plays: no tone of ours."""
    dictation: bool | None = None
    """The ear has the dictation's prompt (False), or the microphone is recorded (True)."""
    handset_volume: int = 80
    """Percent, 0 to 100; also `ringer_volume` and `speaker_volume`."""
    ringer_volume: int = 80
    speaker_volume: int = 80


# What the ear gets after the far end has hung up is custom of the country (ITU-T E.180 leaves it open):
# North America reorder, most others busy.
_REORDER_AFTER_HANG_UP = frozenset({"us", "ca", "mx"})
_BUSY_REASONS = frozenset({Reason.BUSY, Reason.DECLINED})
_HUNG_UP = frozenset({Reason.HANGUP, Reason.TRANSFERRED})


def outputs(phone: Phone) -> Outputs:
    """The levels of `phone`."""
    focus = phone.call(phone.focus)
    talk = _talk(phone, focus) if phone.seized else ()
    ringing = _ringing(phone)
    return Outputs(
        tone=_tone(phone, focus) if phone.seized else None,
        key_tone=phone.key_down if phone.seized and phone.key_down in _DIGITS else None,
        ringer=ringing is not None,
        handset=phone.off_hook and not phone.speaker,
        speaker=phone.speaker,
        talk=talk,
        send=bool(talk) and not phone.muted,
        lamps=_lamps(phone),
        ring=_ring(phone, ringing) if ringing else 0,
        feeds=tuple((c.id, _feed(phone, c)) for c in phone.calls if c.up and c.id not in talk),
        bridges=phone.bridges,
        record=tuple(c.id for c in phone.calls if c.up and c.answering is Answering.RECORDING),
        listen=(focus.id,) if focus and focus.up and focus.answering else (),
        mailbox=phone.mailbox and phone.seized,
        dictation=phone.dictation.recording if phone.dictation else None,
        handset_volume=phone.handset_volume,
        ringer_volume=phone.ringer_volume,
        speaker_volume=phone.speaker_volume,
    )


def _talk(phone: Phone, focus: Call | None) -> tuple[CallId, ...]:
    if focus is None or not focus.up or focus.held or focus.answering:
        return ()
    if not focus.joined:
        return (focus.id,)
    up = tuple(c for c in phone.conference if c.up)
    # one who puts the conference on hold must not play his music to all the others
    present = tuple(c.id for c in up if not c.held_by_peer)
    return present or tuple(c.id for c in up)


def _ringing(phone: Phone) -> Call | None:
    """The leg for which the bell rings. A handset mislaid beside its cradle must not swallow the next call."""
    if phone.seized:
        live = phone.focus is not None and any(c.live for c in phone.calls if c.id == phone.focus)
        return phone.offered if phone.stage in (Stage.HOWLER, Stage.SILENT) and not live else None
    if known := phone.call(phone.recall) or phone.offered:
        return known
    return phone.held[0] if phone.reminder_until is not None and phone.held else None


def _ring(phone: Phone, call: Call) -> Ring:
    return phone.habits.ring if call.ring is None else call.ring


def _feed(phone: Phone, call: Call) -> Feed:
    if call.bridged:
        return Feed.BRIDGE
    if call.answering is Answering.GREETING:
        return Feed.GREETING
    target = phone.call(call.handover.target) if call.handover else None
    if target and not target.up:
        return Feed.RINGBACK
    # whose place another takes hears nothing for the moment it has left
    return Feed.MUSIC if call.held else Feed.SILENCE


def _tone(phone: Phone, focus: Call | None) -> Tone | None:
    if phone.dictation:
        return None
    if phone.beep_until is not None:
        return Tone.BEEP
    knocks = phone.offered is not None or phone.recall is not None
    if focus and focus.live:
        return _live_tone(focus, knocks=knocks)
    if knocks or phone.mailbox:
        return Tone.CALL_WAITING if knocks else None
    match phone.stage:
        case Stage.REORDER:
            return Tone.REORDER
        case Stage.HOWLER:
            return Tone.HOWLER
        case Stage.SILENT:
            return None
        case Stage.FRESH:
            return _ended_tone(phone, focus) if focus else _dial_tone(phone)
        case _:
            assert_never(phone.stage)


def _live_tone(focus: Call, *, knocks: bool) -> Tone | None:
    if focus.progress is Progress.ALERTING or (focus.ringback and focus.progress is Progress.PROPOSED):
        return Tone.RINGBACK
    return Tone.CALL_WAITING if knocks and focus.up else None


def _ended_tone(phone: Phone, ended: Call) -> Tone:
    if ended.reason in _HUNG_UP:
        return Tone.REORDER if phone.country in _REORDER_AFTER_HANG_UP else Tone.BUSY
    return Tone.BUSY if ended.reason in _BUSY_REASONS else Tone.REORDER


def _dial_tone(phone: Phone) -> Tone | None:
    if phone.dialled:
        return None
    if phone.service is not Service.ONLINE:
        return Tone.NO_SERVICE
    return Tone.STUTTER if phone.mail.new > 0 else Tone.DIAL


def _lamps(phone: Phone) -> frozenset[str]:
    lit = {
        "call": phone.busy,
        "message": phone.mail.new > 0,
        "hold": bool(phone.held),
        "mute": phone.muted,
        "service": phone.service is not Service.ONLINE,
        "speaker": phone.speaker,
        "dnd": phone.dnd,
    }
    return frozenset(name for name, on in lit.items() if on)
