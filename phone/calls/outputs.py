"""What the phone sounds like and shows, computed from what it knows.

Nothing ever starts or stops a tone: a tone sounds while the state says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from phone.calls.model import CallId


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


@dataclass(frozen=True, slots=True)
class Outputs:
    """The levels that drivers and the media process follow."""

    tone: Tone | None
    key_tone: str | None
    """DTMF digit whose tone the ear hears while its key is down."""
    ringer: bool
    handset: bool
    """The handset's card must run: someone is at the phone."""
    talk: CallId | None
    """The leg wired to the handset: it is heard."""
    send: bool
    """The microphone is open on that leg."""
    lamps: frozenset[str]
    """Of: call, message, mute, service (lit when there is none)."""
