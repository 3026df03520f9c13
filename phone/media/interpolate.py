"""Any rate to 48 kHz by cubic interpolation (Catmull and Rom): for the owner's hold music, not for speech."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable

from phone.media.voice import saturate

RATE = 48_000
_BEFORE, _AFTER = 1, 2
"""Samples needed on either side of the interval."""


class Interpolator:
    """Takes samples from `source` (count to that many samples) as it needs them."""

    def __init__(self, rate: int, source: Callable[[int], array[int]]) -> None:
        divisor = math.gcd(rate, RATE)
        self._up, self._down = RATE // divisor, rate // divisor
        self._source = source
        self.restart()

    def restart(self) -> None:
        """Forget what came before."""
        self._phase = 0
        self._past = array("h", bytes(2 * _BEFORE))

    def read(self, count: int) -> array[int]:
        """The next `count` samples at 48 kHz."""
        end = self._phase + count * self._down
        needed = (end - self._down) // self._up + _BEFORE + _AFTER + 1
        block = self._past + self._source(max(0, needed - len(self._past)))
        up = self._up
        out = saturate(_between(block, *divmod(at, up), up) for at in range(self._phase, end, self._down))
        used, self._phase = divmod(end, up)
        self._past = block[used:]
        return out


def _between(a: array[int], i: int, phase: int, up: int) -> int:
    """`phase` of `up` parts of the way from sample i + 1 to the one behind it."""
    p, q, r, s = a[i : i + 4]
    t = phase / up
    return round(q + 0.5 * t * (r - p + t * (2 * p - 5 * q + 4 * r - s + t * (3 * (q - r) + s - p))))
