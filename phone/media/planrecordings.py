"""Of the typed values between the two processes (see `plan`), those of files that are played and sound that is kept."""

from __future__ import annotations

import msgspec


class Play(msgspec.Struct, frozen=True):
    """What the ear hears from files."""

    token: int
    """Another one: it begins. The same one with other values goes on where it is."""
    files: tuple[str, ...]
    """Ogg Opus, one after the other without a gap."""
    start_ms: int = 0
    """Where the last of the files is begun."""
    speed: int = 100
    """Percent, 50 to 200; the pitch stays."""
    paused: bool = False


class SkipPlay(msgspec.Struct, frozen=True, tag=True):
    """Go on elsewhere in the last of the files that `Play` of that token has; past its end is the end."""

    token: int
    ms: int
    """Relative, may be negative."""


class Sound(msgspec.Struct, frozen=True, array_like=True):
    """One Opus packet, in the order of its sequence number."""

    payload: bytes
    lost: int = 0
    """48 kHz samples that are missing between the packet before and this one: loss, or a pause (DTX)."""


class Recorded(msgspec.Struct, frozen=True, tag=True):
    """What was said since the last of these; several a second. `source`: a leg's id, or `AudioPlan.record`."""

    source: str
    packets: tuple[Sound, ...]
    speech_ms: int
    """Of speech (louder than noise) since recording began."""
    silent_ms: int
    """Since speech was heard last, or since recording began."""


class RecordedAll(msgspec.Struct, frozen=True, tag=True):
    """Recording has ended, because the plan or the leg did: nothing more comes of this source."""

    source: str


class PlayAt(msgspec.Struct, frozen=True, tag=True):
    """Several times a second while it plays: where in the last of its files (0 before that one)."""

    token: int
    ms: int


class PlayDone(msgspec.Struct, frozen=True, tag=True):
    """All of it was heard; or `trouble`: a sentence about the file that cannot be played."""

    token: int
    trouble: str = ""
