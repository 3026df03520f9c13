"""Is it the project's tune that sounds, for those on hold? By correlation with all of it, wherever it stands."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from peers.rtp_end import HZ_HERE, HZ_THERE, HZ_THIRD, Ear, Samples, share, until

from phone.media.hold import OWN_TUNE

_RATE = 8000
_ALIKE = 0.6
"""Share of what is heard that is the tune's: Opus and G.711 leave over 0.9; a jitter buffer may stretch a part."""
_PIECE = _RATE // 5
_TONE = 0.5

TONES = (HZ_HERE, HZ_THERE, HZ_THIRD)
Signal = npt.NDArray[np.float64]


@cache
def _tune() -> Signal:
    return _at_8_khz(np.frombuffer(OWN_TUNE.read_bytes()[44:], "<i2"), 48_000)


def _at_8_khz(samples: Samples, rate: int) -> Signal:
    step = rate // _RATE
    return samples[: len(samples) // step * step].reshape(-1, step).mean(axis=1)


def likeness(samples: Samples, rate: int) -> float:
    """How much a fifth of a second is like the place of the tune that it is like most, 0 to 1."""
    piece, tune = _at_8_khz(samples, rate)[-_PIECE:], _tune()
    if len(piece) < _PIECE or not np.any(np.abs(piece) > 50):
        return 0.0
    endless = np.concatenate([tune, tune[:_PIECE]])
    size = 1 << (len(endless) + _PIECE).bit_length()
    product = np.fft.irfft(np.fft.rfft(endless, size) * np.conj(np.fft.rfft(piece, size)), size)[: len(tune)]
    energy = np.concatenate([[0.0], np.cumsum(endless**2)])
    there = np.sqrt(np.maximum(energy[_PIECE : _PIECE + len(tune)] - energy[: len(tune)], 1.0))
    return float((product / there).max() / np.sqrt((piece**2).sum()))


async def hears_tune(ear: Ear, within: float = 10) -> None:
    """Return once the last moment was the tune, and no tone of anybody's. Raises AssertionError."""
    await until(ear, is_tune, "no hold music", within)


def is_tune(heard: Samples, rate: int) -> bool:
    """Whether that is a part of it, at some volume."""
    # the tune's own notes are like the tones of the tests: those do not count
    return likeness(heard, rate) > _ALIKE and all(share(heard, hz, rate) < _TONE for hz in TONES)
