"""Out at the ear and in at the microphone: how late and how loud. A chirp is played three times and looked for in what
the microphone heard meanwhile, by correlation (pulse compression): found far below the noise, and at no exact instant
but its own. Pure, and without numpy: blocks are multiplied as big integers (see `slots`).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import add, mul

from phone.media.codecs import RATE
from phone.media.slots import pack

LEAD = RATE * 3 // 10
"""Samples of silence before the first chirp: the noise is measured there."""
CHIRP = RATE // 4
GAP = RATE * 35 // 100
"""Silence after each chirp: no echo may be later."""
TIMES = 3
LENGTH = LEAD + TIMES * (CHIRP + GAP)
_LOW, _HIGH = 300.0, 3400.0
"""Hz: what every handset lets pass."""
_PEAK = 10_000
_EDGE = RATE // 100
_THIN = 6
"""The coarse search is at 8 kHz."""
_DISTINCT = 7.0
"""So many times the correlation's effective value: noise alone hardly reaches 5."""
_AGREE = RATE // 500
"""2 ms: two chirps' delays, or one of them was chance."""
_WORD = 4
_BIAS = 1 << 63
_SILENT = 2
"""Steps of 32768: a microphone that gives no more than that is not there."""


@dataclass(frozen=True, slots=True)
class Echo:
    """What came back."""

    delay_ms: float | None
    """From the sample that is handed to the card to the one it gives: the phone's own queues are in it. None: nothing
    came back.
    """
    level_db: float | None
    """Against what was played."""
    noise_db: float | None
    """Against full scale, of the microphone before the chirps; None: digital silence."""
    silent: bool
    """The microphone gave nothing at any time."""


@cache
def signal() -> array[int]:
    """What is played: LENGTH samples."""
    silence = array("h", bytes(2 * GAP))
    return array("h", bytes(2 * LEAD)) + (chirp() + silence) * TIMES


@cache
def chirp() -> array[int]:
    """From low to high, with soft edges."""
    turn = 2 * math.pi / RATE
    slope = (_HIGH - _LOW) / (2 * CHIRP)
    return array("h", [round(_PEAK * _edge(i) * math.sin(turn * (_LOW + slope * i) * i)) for i in range(CHIRP)])


def _edge(i: int) -> float:
    nearest = min(i, CHIRP - 1 - i, _EDGE)
    return 0.5 - 0.5 * math.cos(math.pi * nearest / _EDGE)


def echo(heard: array[int]) -> Echo:
    """What of `signal` is in `heard`, which begins with it and is as long."""
    silent = max(heard) <= _SILENT and min(heard) >= -_SILENT
    found = [] if silent else [each for place in range(TIMES) if (each := _found(heard, place)) is not None]
    delay = _agreed([delay for delay, _ in found])
    if delay is None:
        return Echo(None, None, _noise(heard), silent)
    gains = [gain for at, gain in found if abs(at - delay) <= _AGREE]
    level = 20 * math.log10(sum(gains) / len(gains))
    return Echo(1000 * delay / RATE, level, _noise(heard), silent=False)


def _agreed(delays: Sequence[int]) -> int | None:
    """The middle one, if another is near."""
    middle = sorted(delays)[len(delays) // 2] if delays else 0
    near = sum(abs(delay - middle) <= _AGREE for delay in delays)
    return middle if near * 2 > TIMES else None


def _noise(heard: array[int]) -> float | None:
    lead = heard[LEAD // 6 : LEAD]
    power = sum(map(mul, lead, lead)) / len(lead)
    return 10 * math.log10(power / 32768**2) if power else None


def _found(heard: array[int], place: int) -> tuple[int, float] | None:
    """Delay in samples and gain of one chirp."""
    begin = LEAD + place * (CHIRP + GAP)
    window = heard[begin : begin + CHIRP + GAP]
    values = _correlation(_thinned(window), _thinned(chirp()))
    peak = max(map(abs, values))
    effective = math.sqrt(sum(map(mul, values, values)) / len(values))
    if peak <= _DISTINCT * effective:
        return None
    coarse = _THIN * next(i for i, value in enumerate(values) if abs(value) == peak)
    return _fine(window, coarse)


def _thinned(samples: array[int]) -> array[int]:
    """At 8 kHz: means of six."""
    sums: Sequence[int] = samples[::_THIN]
    for phase in range(1, _THIN):
        sums = list(map(add, sums, samples[phase::_THIN]))
    return array("h", [each // _THIN for each in sums])


def _correlation(heard: array[int], reference: array[int]) -> list[int]:
    """Where `reference` lies wholly in `heard`, for each place from 0 on: the product of two polynomials."""
    slots = len(heard) + len(reference)
    product = pack(heard, _WORD) * pack(reference[::-1], _WORD)
    bias = _BIAS * (((1 << (64 * slots)) - 1) // ((1 << 64) - 1))
    words = array("Q")
    words.frombytes((product + bias).to_bytes(8 * slots, "little"))
    first = len(reference) - 1
    return [word - _BIAS for word in words[first : len(heard)]]


def _fine(window: array[int], coarse: int) -> tuple[int, float]:
    """The best of the places around, at 48 kHz; a handset may be wired with its poles exchanged."""
    reference = chirp()
    places = range(max(0, coarse - _THIN), min(GAP, coarse + _THIN) + 1)
    best = max((abs(sum(map(mul, window[at : at + CHIRP], reference))), -at) for at in places)
    return -best[1], best[0] / sum(map(mul, reference, reference))


class Probe:
    """The audio thread's part: what it plays, and what it heard meanwhile."""

    __slots__ = ("_at", "_heard", "_last_xruns", "_xruns")

    def __init__(self) -> None:
        self._at = 0
        self._heard = array("h")
        self._xruns: int | None = None
        self._last_xruns = 0

    def exchange(self, microphone: array[int], xruns: int) -> array[int]:
        """The next samples to play, for those that the microphone heard. `xruns`: of the card, so far."""
        count = len(microphone)
        if not self.over:
            self._xruns = xruns if self._xruns is None else self._xruns
            self._heard += microphone
            self._last_xruns = xruns
        played = signal()[self._at : self._at + count]
        self._at += count
        return played + array("h", bytes(2 * (count - len(played))))

    @property
    def over(self) -> bool:
        """All was played, and its last echo heard."""
        return self._at >= LENGTH

    @property
    def heard(self) -> array[int]:
        """As long as `signal`, once it is over."""
        return self._heard[:LENGTH]

    @property
    def xruns(self) -> int:
        """Gaps of the card meanwhile: each spoils a delay."""
        return self._last_xruns - (self._xruns or 0)
