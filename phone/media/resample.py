"""48 kHz <-> 8 kHz for the G.711 codecs: linear-phase polyphase filters, each phase one big-integer product.

120 taps: 1 dB down at 3.4 kHz, 50 dB from 4.6 kHz on, 1.2 ms of delay each way.
"""

from __future__ import annotations

import math
from array import array
from functools import cache

from phone.media.slots import SLOT48, pack, pack_factors, unpack
from phone.media.voice import saturate

FACTOR = 6
_TAPS = 20
"""For each of the six phases."""
_HISTORY = _TAPS - 1
_CUT_OFF = 3850 / 48000
_UNITY = 1 << 16
_HEADROOM = 14_000
"""Below this no sum of the filter can leave int16: its factors' absolute values sum up to less than 2.3."""


@cache
def _factors() -> tuple[int, ...]:
    # Sinc under a Hamming window; the sum over all taps is FACTOR, so that each phase has gain 1.
    size = FACTOR * _TAPS
    wanted = []
    for n in range(size):
        t = n - (size - 1) / 2
        sinc = math.sin(2 * math.pi * _CUT_OFF * t) / (math.pi * t)
        angle = 2 * math.pi * n / (size - 1)
        wanted.append(sinc * (0.54 - 0.46 * math.cos(angle)))
    gain = FACTOR * _UNITY / sum(wanted)
    return tuple(round(w * gain) for w in wanted)


@cache
def _phases(divisor: int) -> tuple[int, ...]:
    """The six phases, packed, their factors divided by `divisor`."""
    return tuple(pack_factors([round(f / divisor) for f in _factors()[p::FACTOR]], SLOT48) for p in range(FACTOR))


class Upsampler:
    """8 kHz to 48 kHz, block by block."""

    __slots__ = ("_past",)

    def __init__(self) -> None:
        self._past = array("h", bytes(2 * _HISTORY))

    def __call__(self, samples: array[int]) -> array[int]:
        """Six samples for each."""
        block = self._past + samples
        self._past = block[-_HISTORY:]
        packed = pack(block, SLOT48)
        out = array("h", bytes(2 * FACTOR * len(samples)))
        loud = max(block) > _HEADROOM or min(block) < -_HEADROOM
        for phase, factors in enumerate(_phases(1)):
            words = unpack(packed * factors, len(block) + _HISTORY, SLOT48)
            out[phase::FACTOR] = _convolved(words, len(samples), loud=loud)
        return out


class Downsampler:
    """48 kHz to 8 kHz, block by block; blocks hold whole multiples of six samples."""

    __slots__ = ("_past",)

    def __init__(self) -> None:
        # The newest phase needs no sample of the next block, the others one column more of the past.
        self._past = array("h", bytes(2 * FACTOR * _HISTORY))

    def __call__(self, samples: array[int]) -> array[int]:
        """One sample for each six."""
        block = self._past + samples
        self._past = block[-FACTOR * _HISTORY :]
        columns = len(block) // FACTOR
        total = 0
        for phase, factors in enumerate(_phases(FACTOR)):
            total += pack(block[FACTOR - 1 - phase :: FACTOR], SLOT48) * factors
        words = unpack(total, columns + _HISTORY, SLOT48)
        return _convolved(words, len(samples) // FACTOR, loud=True)


def _convolved(words: array[int], samples: int, *, loud: bool) -> array[int]:
    """The samples of a product of packed blocks that see the whole filter."""
    first, last = SLOT48 * _HISTORY, SLOT48 * (_HISTORY + samples)
    low = words[first + 1 : last : SLOT48]
    if not loud:
        return low
    high = words[first + 2 : last : SLOT48]
    wide = [(h << 16) | (v & 0xFFFF) for h, v in zip(high, low, strict=True)]
    try:
        return array("h", wide)
    except OverflowError:
        return saturate(wide)
