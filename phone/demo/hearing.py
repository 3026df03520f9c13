"""Ears for the demo: is this tone there, is that speech there, and how late. Plain Python, no numpy on a phone.

Samples are signed 16-bit mono at 48 kHz in `array('h')`.
"""

from __future__ import annotations

import bisect
import itertools
import math
import statistics
import wave
from array import array
from dataclasses import dataclass
from operator import mul
from pathlib import Path

RATE = 48_000
_COARSE = 12
"""Speech is compared at 4 kHz: enough for its shape, quick enough in plain Python."""
_PIECE = RATE // _COARSE // 2


@dataclass(frozen=True, slots=True)
class Match:
    """Where a reference lies in what was heard."""

    delay_ms: float
    correlation: float
    """Normalised, 0 to 1: 1 is the very same waveform."""


def samples(raw: bytes) -> array[int]:
    """16-bit little-endian samples."""
    return array("h", raw)


def loudness(heard: array[int]) -> float:
    """Root mean square, in sample units (0 to 32767)."""
    return math.sqrt(sum(map(mul, heard, heard)) / len(heard)) if heard else 0.0


def tone_share(heard: array[int], hz: float) -> float:
    """The share of the energy that lies at `hz` (Goertzel), 0 to 1."""
    energy: int = sum(map(mul, heard, heard))
    if not energy:
        return 0.0
    turn = 2 * math.cos(2 * math.pi * hz / RATE)
    one = two = 0.0
    for x in heard:
        one, two = x + turn * one - two, one
    power: float = one * one + two * two - turn * one * two
    return 2 * power / (len(heard) * energy)


def steady_share(heard: array[int], hz: float) -> float:
    """The median of `tone_share` over parts of 50 ms: a gap shifts the phase, which would spoil a measure of it all."""
    part = RATE // 20
    shares = [tone_share(heard[at : at + part], hz) for at in range(0, len(heard) - part + 1, part)]
    return statistics.median(shares) if shares else 0.0


def first_sound(heard: array[int], level: int = 300) -> int | None:
    """Index of the first sample at least that loud; None: silence."""
    return next((i for i, x in enumerate(heard) if abs(x) >= level), None)


def find(reference: array[int], heard: array[int]) -> Match:
    """Where and how well `heard` holds `reference`, by normalised cross-correlation to a quarter of a millisecond.

    Half-second pieces are found one by one, since a jitter buffer may shift later ones against earlier ones; the
    correlation is their mean weighted by energy, the delay that of the middle one.
    """
    ref, ear = _coarse(reference), _coarse(heard)
    longest = len(ear) - len(ref)
    pieces = [_piece(ref[at : at + _PIECE], ear[at : at + _PIECE + longest]) for at in range(0, len(ref), _PIECE)]
    total = sum(energy for energy, _, _ in pieces)
    if not total:
        return Match(0.0, 0.0)
    lag = _weighted_median([(lag, energy * likeness) for energy, lag, likeness in pieces])
    return Match(lag * _COARSE * 1000 / RATE, sum(energy * likeness for energy, _, likeness in pieces) / total)


def _piece(ref: list[int], ear: list[int]) -> tuple[int, int, float]:
    """Energy of the piece, the lag at which it is most alike, and how much."""
    span, own = len(ref), sum(map(mul, ref, ref))
    best, likeness = 0, 0.0
    energy = sum(map(mul, ear[:span], ear[:span]))
    for lag in range(len(ear) - span):
        if energy > 0 < own:
            alike = sum(map(mul, ref, ear[lag : lag + span])) / math.sqrt(own * energy)
            if alike > likeness:
                best, likeness = lag, alike
        energy += ear[lag + span] ** 2 - ear[lag] ** 2
    return own, best, likeness


def _weighted_median(values: list[tuple[int, float]]) -> int:
    values = sorted(values)
    passed = list(itertools.accumulate(weight for _, weight in values))
    return values[bisect.bisect_left(passed, passed[-1] / 2)][0]


def _coarse(sound: array[int]) -> list[int]:
    whole = len(sound) - len(sound) % _COARSE
    return [sum(sound[i : i + _COARSE]) // _COARSE for i in range(0, whole, _COARSE)]


def write_wav(path: Path, heard: array[int]) -> None:
    """Keep what an ear heard, for people to listen to."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(heard.tobytes())
