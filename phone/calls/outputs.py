"""What the phone sounds like and shows, computed from what it knows.

Nothing ever starts or stops a tone: a tone sounds while the state says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from phone.calls.events import DIGITS
from phone.calls.model import Call, CallId, Phone, Progress, Reason, Service, Stage

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
    ring: int = 0
    """Which tune the ringer plays; 0: the country's."""
    feeds: tuple[tuple[CallId, Feed], ...] = ()
    """What each leg that is up and not in `talk` hears."""
    bridges: tuple[tuple[CallId, CallId], ...] = ()
    """Pairs of legs that hear each other, each pair once."""
    handset_volume: int = 80
    """Percent, 0 to 100; also `ringer_volume` and `speaker_volume`."""
    ringer_volume: int = 80
    speaker_volume: int = 80


# What the ear gets after the far end has hung up is custom of the country (ITU-T E.180 leaves it open):
# North America reorder, most others busy.
_REORDER_AFTER_HANG_UP = frozenset({"us", "ca", "mx"})
_BUSY_REASONS = frozenset({Reason.BUSY, Reason.DECLINED})


def outputs(phone: Phone) -> Outputs:
    """The levels of `phone`."""
    focus = phone.call(phone.focus)
    offered = phone.offered is not None
    talk = (focus.id,) if focus and focus.up and phone.seized else ()
    return Outputs(
        tone=_tone(phone, focus) if phone.seized else None,
        key_tone=phone.key_down if phone.seized and phone.key_down in _DIGITS else None,
        # a handset mislaid beside its cradle must not swallow the next call
        ringer=offered and (not phone.seized or phone.stage in (Stage.HOWLER, Stage.SILENT)),
        handset=phone.seized,
        talk=talk,
        send=bool(talk) and not phone.muted,
        lamps=_lamps(phone),
        handset_volume=phone.handset_volume,
        ringer_volume=phone.ringer_volume,
    )


def _tone(phone: Phone, focus: Call | None) -> Tone | None:
    if focus and focus.live:
        unanswered = focus.progress is Progress.ALERTING or (focus.ringback and focus.progress is Progress.PROPOSED)
        return Tone.RINGBACK if unanswered else None
    if phone.offered:
        return Tone.CALL_WAITING
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


def _ended_tone(phone: Phone, ended: Call) -> Tone:
    if ended.reason is Reason.HANGUP:
        return Tone.REORDER if phone.country in _REORDER_AFTER_HANG_UP else Tone.BUSY
    return Tone.BUSY if ended.reason in _BUSY_REASONS else Tone.REORDER


def _dial_tone(phone: Phone) -> Tone | None:
    if phone.dialled:
        return None
    return Tone.DIAL if phone.service is Service.ONLINE else Tone.NO_SERVICE


def _lamps(phone: Phone) -> frozenset[str]:
    lit = {"call": phone.busy, "mute": phone.muted, "service": phone.service is not Service.ONLINE}
    return frozenset(name for name, on in lit.items() if on)
