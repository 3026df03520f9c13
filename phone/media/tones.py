"""Tones for the ear and the ringer (ITU-T E.180), by country, as 48 kHz mono int16 samples.

A tone is a cadence of (milliseconds, frequencies). Frequencies are whole hertz, so each one is read from a table of
one second of sine by a stride: nothing is computed per sample but the sum of two.
"""

from __future__ import annotations

import math
import pkgutil
import tomllib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import add

from phone.media.dtmf import FREQUENCIES
from phone.media.voice import UNITY, mix, ramp

RATE = 48_000
RINGS = 5
"""Ring tunes besides the country's own."""
_COMMON = "common"
_AMPLITUDE = 4000
"""Of one frequency: -18 dB below full scale, so that two leave room for speech."""
_FADE = 240
"""5 ms: shorter clicks, longer blurs a key press."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a cadence."""

    ms: int
    frequencies: tuple[int, ...]
    """Whole Hz, sounding together; empty is silence."""


class UnknownCountryError(ValueError):
    """No tones for this country: take one that `countries()` names."""


@cache
def _table() -> dict[str, dict[str, list[list[int]]]]:
    # importlib.resources would bring a megabyte of other modules into the media process
    text = pkgutil.get_data("phone.media", "tones.toml")
    return tomllib.loads(text.decode()) if text is not None else {}


def countries() -> tuple[str, ...]:
    """ISO 3166 codes, lower case."""
    return tuple(name for name in _table() if name != _COMMON)


def cadence(name: str, country: str) -> tuple[Segment, ...]:
    """The cadence of a `calls.outputs.Tone` value, a DTMF digit, "ring", "ring-1" to "ring-5" or "hold".
    Raises UnknownCountryError, KeyError.
    """
    if name in FREQUENCIES:
        return (Segment(1000, FREQUENCIES[name]),)
    if country not in countries():
        raise UnknownCountryError(f"no tones for country {country!r}; there are {', '.join(countries())}")
    tones = {**_table()[_COMMON], **_table()[country]}
    return tuple(Segment(ms, tuple(frequencies)) for ms, *frequencies in tones[name])


def ring_name(number: int) -> str:
    """The cadence of ring tune 1 to 5; of any other number the country's own."""
    return f"ring-{number}" if 1 <= number <= RINGS else "ring"


@cache
def _sine() -> array[int]:
    return array("h", [round(_AMPLITUDE * math.sin(2 * math.pi * i / RATE)) for i in range(RATE)])


def sine(frequency: int, start: int, samples: int) -> array[int]:
    """`samples` of a sine of whole Hz that began `start` samples ago."""
    table, out = _sine(), array("h")
    phase = frequency * start % RATE
    while len(out) < samples:
        stretch = table[phase::frequency]
        phase = (phase + frequency * len(stretch)) % RATE
        out += stretch
    del out[samples:]
    return out


def sum_of_sines(frequencies: Sequence[int], start: int, samples: int) -> array[int]:
    """Sines sounding together, all begun `start` samples ago."""
    out = array("h", bytes(2 * samples))
    for number, frequency in enumerate(frequencies):
        wave = sine(frequency, start, samples)
        out = array("h", map(add, out, wave)) if number else wave
    return out


class ToneSource:
    """One tone from the beginning of its cadence, fading in and out of each segment."""

    __slots__ = ("_at", "_begun", "_index", "_segments")

    def __init__(self, segments: tuple[Segment, ...]) -> None:
        self._segments = segments
        self._begun = False
        self._index = 0
        self._at = 0

    def read(self, samples: int) -> array[int]:
        """The next samples."""
        out = array("h")
        while len(out) < samples:
            segment = self._segments[self._index]
            length = segment.ms * RATE // 1000
            part = min(samples - len(out), length - self._at)
            out += self._slice(segment, self._at, part, length)
            self._at += part
            if self._at == length:
                self._begun = True
                self._index, self._at = (self._index + 1) % len(self._segments), 0
        return out

    def _slice(self, segment: Segment, start: int, samples: int, length: int) -> array[int]:
        wave = sum_of_sines(segment.frequencies, start, samples)
        if not segment.frequencies or (start >= _FADE and start + samples <= length - _FADE):
            return wave
        # A tone of one segment sounds on: a second holds whole periods of whole Hz, so only its beginning fades.
        endless = len(self._segments) == 1
        end = start + 2 * _FADE + samples if endless else length
        begin = _FADE if endless and self._begun else 0
        return array("h", [s * min(_FADE, begin + n, end - n) // _FADE for n, s in enumerate(wave, start)])

    def fade_out(self, samples: int) -> array[int]:
        """The last samples: the tone gone within 5 ms."""
        return ramp(self.read(samples), UNITY, 0, _FADE)


class TonePlayer:
    """The tone that should sound now, by name; a change fades the old one out under the new one's beginning."""

    __slots__ = ("_country", "_fading", "_name", "_source")

    def __init__(self, country: str) -> None:
        _sine()  # made now: its 8 ms must not fall into the audio thread's first block
        self._country = country
        self._name: str | None = None
        self._source: ToneSource | None = None
        self._fading: ToneSource | None = None

    def play(self, name: str | None) -> None:
        """Sound `name` from its beginning; the same name again changes nothing; None is silence."""
        if name == self._name:
            return
        self._fading, self._name = self._source, name
        self._source = None if name is None else ToneSource(cadence(name, self._country))

    def read(self, samples: int) -> array[int] | None:
        """The next samples, or None for silence."""
        fading, self._fading = self._fading, None
        old = None if fading is None else fading.fade_out(samples)
        new = None if self._source is None else self._source.read(samples)
        if old is None or new is None:
            return old if new is None else new
        return mix(old, new)
