"""Concealment for codecs without their own: the last pitch period repeated and faded (after ITU-T G.711 Appendix I)."""

from __future__ import annotations

from array import array
from operator import mul

from phone.media.voice import cross_fade

RATE = 8_000
_LONGEST, _SHORTEST = 120, 40
"""Pitch periods looked for, in samples: 66 to 200 Hz."""
_PATTERN = 160
_HISTORY = 390
"""48.75 ms: as much as the search needs, with room for the overlap."""
_HOLD = 80
_FADE_STEPS = 5
"""After 10 ms each further 10 ms is a fifth weaker: silence after 60 ms."""
_SEAM_LEAST, _SEAM_MOST = 32, 80


class Concealer:
    """For 8 kHz samples. Feed it all that was decoded; ask it when nothing came."""

    __slots__ = ("_made", "_past", "_period")

    def __init__(self) -> None:
        self._past = array("h", bytes(2 * _HISTORY))
        self._period = array("h")
        self._made = 0

    def heard(self, samples: array[int]) -> array[int]:
        """The decoded block, after a concealment with its beginning faded over from it."""
        if self._made:
            seam = min(len(samples), _SEAM_MOST, _SEAM_LEAST + self._made * 4 // 10)
            samples = cross_fade(self.conceal(seam), samples[:seam]) + samples[seam:]
            self._made = 0
        self._past = (self._past + samples)[-_HISTORY:]
        return samples

    def conceal(self, samples: int) -> array[int]:
        """So many samples like the last ones heard, weaker and weaker."""
        if not self._made:
            self._period = _looped(self._past, pitch_period(self._past))
        period, start = self._period, self._made % len(self._period)
        looped = (period * (samples // len(period) + 2))[start : start + samples]
        out = array("h", [int(s * _strength(n)) for n, s in enumerate(looped, self._made)])
        self._made += samples
        return out


def _strength(position: int) -> float:
    return max(0.0, 1.0 - max(0, position - _HOLD) / (_HOLD * _FADE_STEPS))


def _looped(past: array[int], period: int) -> array[int]:
    """The last period, its end faded over into what came before its beginning, so that it can be repeated."""
    last = past[-period:]
    seam = period // 4
    before = past[-period - seam : -period]
    return last[:-seam] + cross_fade(last[-seam:], before)


def pitch_period(past: array[int]) -> int:
    """The lag from 40 to 120 samples at which the end of `past` is most like what came before it."""
    pattern = past[-_PATTERN::2]
    best, best_score = _LONGEST, 0.0
    for lag in range(_SHORTEST, _LONGEST + 1):
        piece = past[-_PATTERN - lag : -lag : 2]
        product = sum(map(mul, piece, pattern))
        score = product * abs(product) / (sum(map(mul, piece, piece)) + 1)
        if score > best_score:
            best, best_score = lag, score
    return best
