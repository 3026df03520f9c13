"""What is done to samples on their way to the ear: volume, mixing, fades. Blocks are `array('h')`, 48 kHz mono."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import cache

from phone.media.slots import SLOT16, pack, unpack, unpack_sum

UNITY = 1 << 16
"""Gain 1.0: gains are fixed point with 16 fractional bits."""
LOUDEST = 2 * UNITY
UNITY_PERCENT = 80
"""The volume setting at which samples pass as they came, which costs nothing; more amplifies a quiet far end."""
_DB_PER_PERCENT = 0.3
_FITTING = 32_767 * UNITY
"""A product up to this stays within its slot and, rounded, within int16."""
_RAMP = 480
"""10 ms: a volume step spread so is not heard as a click."""


def saturate(values: Iterable[int]) -> array[int]:
    """Samples held within int16."""
    return array("h", [max(-32768, min(32767, v)) for v in values])


def _held(values: list[int]) -> array[int]:
    try:
        return array("h", values)
    except OverflowError:
        return saturate(values)


def total(blocks: Sequence[array[int]]) -> array[int]:
    """The sum of one or more blocks of the same length, saturated. A single one is returned as it is."""
    if len(blocks) == 1:
        return blocks[0]
    fitting = unpack_sum(sum(pack(block, SLOT16) for block in blocks), len(blocks[0]))
    # Saturating costs twenty times as much, and is hardly ever needed.
    return saturate(map(sum, zip(*blocks, strict=True))) if fitting is None else fitting


def mix(one: array[int], other: array[int]) -> array[int]:
    """The sum of two blocks of the same length, saturated."""
    return total((one, other))


@cache
def gain_of_percent(percent: int) -> int:
    """Gain of a volume setting: 80 is unity, 0 silence, 0.3 dB a step (as ears count), so 100 is 6 dB more."""
    if percent <= 0:
        return 0
    return round(UNITY * 10 ** ((min(percent, 100) - UNITY_PERCENT) * _DB_PER_PERCENT / 20))


def scale(samples: array[int], gain: int) -> array[int]:
    """A block times a gain from 0 to LOUDEST, saturated."""
    gain = min(gain, LOUDEST)
    if gain == UNITY or not samples:
        return samples
    if gain <= 0:
        return array("h", bytes(2 * len(samples)))
    if gain > UNITY and not -_FITTING <= min(samples) * gain <= max(samples) * gain <= _FITTING:
        return saturate(s * gain + UNITY // 2 >> 16 for s in samples)
    return unpack(pack(samples, SLOT16) * gain, len(samples), SLOT16)[1 : 2 * len(samples) : 2]


def ramp(samples: array[int], begin: int, end: int, length: int) -> array[int]:
    """A block whose gain goes from `begin` to `end` over its first `length` samples and stays there."""
    length = min(length, len(samples))
    step = (end - begin) / max(1, length)
    head = _held([int(s * (begin + step * i)) >> 16 for i, s in enumerate(samples[:length], 1)])
    return head + scale(samples[length:], end)


def cross_fade(old: array[int], new: array[int]) -> array[int]:
    """From `old` to `new`, linearly, over their common length."""
    size = len(new)
    return array("h", [(a * (size - i) + b * i) // size for i, (a, b) in enumerate(zip(old, new, strict=True))])


class Volume:
    """A gain that never steps: a new setting is reached over 10 ms."""

    __slots__ = ("_gain", "_wanted")

    def __init__(self, percent: int) -> None:
        self._gain = self._wanted = gain_of_percent(percent)

    def turn(self, percent: int) -> None:
        """Set the volume, 0 (silence, so also the mute) to 100."""
        self._wanted = gain_of_percent(percent)

    def apply(self, samples: array[int]) -> array[int]:
        """The block at the volume set."""
        if self._gain == self._wanted:
            return scale(samples, self._gain)
        begin, self._gain = self._gain, self._wanted
        return ramp(samples, begin, self._wanted, _RAMP)
