"""Who hears what in one period: the ear, the far ends of a conference, and those on hold.

Law: nobody hears himself. Every listener (the ear, each far end) has a list of sources (the microphone, a far end,
the hold tune, the country's ringback); when a list changes, what is new fades in and what is gone fades out over that
period, so no change clicks. Nothing here opens a card or asks a clock.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from phone.media.voice import UNITY, ramp, total

Sound = Literal["microphone", "music", "ringback"]
"""A source that is no far end."""
_EAR = "ear"


class Party(Protocol):
    """A leg, as the audio thread sees it. Both methods are called from that thread alone."""

    def hear(self, samples: int) -> array[int]:
        """What the far end says in the next `samples` to be played."""

    def speak(self, samples: array[int] | None, count: int) -> None:
        """Say `count` samples; None is silence (held, muted, not listened to)."""


class Player(Protocol):
    """Makes a sound for those on hold."""

    def read(self, samples: int) -> array[int]:
        """The next samples."""

    def rewind(self) -> None:
        """Nobody listens any more: begin anew next time."""


class Played(Protocol):
    """Files at the ear (`playback.Playback`). In the audio thread."""

    def read(self, samples: int) -> array[int] | None:
        """The next samples; None: silence."""

    def fade_out(self, samples: int) -> array[int] | None:
        """The last samples, gone within 5 ms."""


class Dictated(Protocol):
    """Takes what the microphone hears (`dictation.Dictation`). In the audio thread."""

    def put(self, period: array[int]) -> None:
        """One period, to be kept."""


class Probing(Protocol):
    """Measures (`probe.Probe`). In the audio thread."""

    def exchange(self, microphone: array[int], xruns: int) -> array[int]:
        """What is played, for what was heard."""


@dataclass(frozen=True, slots=True)
class Route:
    """What the audio thread does now."""

    handset: bool = False
    speaker: bool = False
    """Hands-free: in the handset's place."""
    tone: str | None = None
    key_tone: str | None = None
    talk: tuple[Party, ...] = ()
    """Who is heard. More than one: they also hear each other."""
    send: bool = False
    """The microphone is open on `talk`."""
    parties: tuple[Party, ...] = ()
    """All legs that want packets made here."""
    sounds: Mapping[Party, Literal["music", "ringback"]] = field(default_factory=dict)
    """What a party outside `talk` hears; one that is not named hears silence."""
    volume: int = 80
    listen: tuple[Party, ...] = ()
    """Who is heard, too, and hears what `sounds` says."""
    play: Played | None = None
    record: Dictated | None = None
    probe: Probing | None = None
    """In place of all that is heard."""


Source = Party | Sound


class _Period:
    """The blocks of one period, each made once however many hear it."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._blocks: dict[Source, array[int]] = {}
        self._rising: dict[Source, array[int]] = {}
        self._falling: dict[Source, array[int]] = {}

    def put(self, source: Source, block: array[int]) -> None:
        self._blocks[source] = block

    def __contains__(self, source: Source) -> bool:
        return source in self._blocks

    def full(self, source: Source) -> array[int]:
        return self._blocks[source]

    def rising(self, source: Source) -> array[int]:
        return self._ramp(self._rising, source, 0, UNITY)

    def falling(self, source: Source) -> array[int]:
        return self._ramp(self._falling, source, UNITY, 0)

    def _ramp(self, made: dict[Source, array[int]], source: Source, begin: int, end: int) -> array[int]:
        if source not in made:
            made[source] = ramp(self._blocks[source], begin, end, self.count)
        return made[source]


class Mixer:
    """`hear`, then `tell`, once each period."""

    def __init__(self, players: Mapping[Sound, Player]) -> None:
        self._players = players
        self._before: dict[Party | str, tuple[Source, ...]] = {}
        """What each listener heard in the period before."""
        self._now: dict[Party | str, tuple[Source, ...]] = {}
        self._period = _Period(0)

    def hear(self, route: Route, count: int) -> array[int] | None:
        """What the far ends say to the ear in the next `count` samples; None: nobody is there."""
        self._before, self._now = self._now, {}
        self._period = _Period(count)
        return self._for(_EAR, (*route.talk, *(party for party in route.listen if party not in route.talk)))

    def tell(self, route: Route, microphone: array[int] | None) -> None:
        """Let every party say what its far end is to hear. Without a card there is no microphone."""
        if microphone is not None:
            self._period.put("microphone", microphone)
        for party in route.parties:
            said = self._for(party, _sources(party, route, open_=route.send and microphone is not None))
            party.speak(said, self._period.count)
        for name, player in self._players.items():
            if name not in self._period:
                player.rewind()

    def _for(self, listener: Party | str, sources: tuple[Source, ...]) -> array[int] | None:
        before = self._before.get(listener, ())
        self._now[listener] = sources
        period = self._period
        for source in (*sources, *before):
            self._fetch(source)
        parts = [period.full(source) if source in before else period.rising(source) for source in sources]
        # a microphone that went with its card cannot fade
        parts += [period.falling(source) for source in before if source not in sources and source in period]
        return total(parts) if parts else None

    def _fetch(self, source: Source) -> None:
        if source in self._period or source == "microphone":
            return
        count = self._period.count
        self._period.put(source, self._players[source].read(count) if isinstance(source, str) else source.hear(count))


def _sources(party: Party, route: Route, *, open_: bool) -> tuple[Source, ...]:
    """Of a far end: the N-1 mix in a call, else its sound."""
    if party in route.talk:
        others = tuple(other for other in route.talk if other is not party)
        return ("microphone", *others) if open_ else others
    sound = route.sounds.get(party)
    return () if sound is None else (sound,)
