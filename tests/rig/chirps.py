"""Mouth to ear by chirps: said into one card's microphone, found in the other's speaker by a matched filter.

Both cards keep time on the monotonic clock, so a delay is exact to the sample, whatever the machine does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phone.drivers.vcard import RATE

Samples = npt.NDArray[np.int16]

SECONDS = 0.020
LENGTH = int(SECONDS * RATE)
SEARCH_SECONDS = 0.8
"""A chirp that came later than this counts as lost."""
_LIKENESS = 0.45
"""Normalised correlation from which a chirp counts as heard; a codec leaves 0.6 to 0.95."""
_QUIET = 200
_FLOOR = 1e5


@dataclass(frozen=True, slots=True)
class Chirp:
    """One chirp, at its place in samples; up and down alternate, so that a late one is not taken for the next."""

    at: int
    up: bool


def waveform(*, up: bool) -> npt.NDArray[np.float64]:
    """20 ms between 400 and 3000 Hz: inside every telephone codec's band."""
    t = np.arange(LENGTH) / RATE
    low, high = (400, 3000) if up else (3000, 400)
    phase = 2 * np.pi * (low * t + (high - low) / (2 * SECONDS) * t * t)
    return np.sin(phase) * np.hanning(LENGTH)


def track(seconds: float, seed: int, *, loudness: int = 12_000, noise: int = 8) -> tuple[Samples, list[Chirp]]:
    """A chirp about every half second, at random phase to the packets, over faint noise."""
    random = np.random.default_rng(seed)
    samples = random.integers(-noise, noise + 1, int(seconds * RATE)).astype(np.int16)
    chirps: list[Chirp] = []
    at = 0.1
    while at < seconds - SEARCH_SECONDS:
        chirp = Chirp(int(at * RATE), len(chirps) % 2 == 0)
        samples[chirp.at : chirp.at + LENGTH] += (loudness * waveform(up=chirp.up)).astype(np.int16)
        chirps.append(chirp)
        at += 0.5 + random.uniform(-0.06, 0.06)
    return samples, chirps


def delay_ms(heard: Samples, chirp: Chirp) -> float | None:
    """Milliseconds from the chirp's place to its best match behind it in `heard`; None: it is not there."""
    window = heard[chirp.at : chirp.at + int(SEARCH_SECONDS * RATE) + LENGTH].astype(np.float64)
    if len(window) < 2 * LENGTH or np.abs(window).max() < _QUIET:
        return None
    reference = waveform(up=chirp.up)
    size = 1 << (len(window) + LENGTH).bit_length()
    spectrum = np.fft.rfft(window, size) * np.conj(np.fft.rfft(reference, size))
    match = np.abs(np.fft.irfft(spectrum, size)[: len(window) - LENGTH])
    energy = np.convolve(window * window, np.ones(LENGTH), "valid")[: len(match)]
    likeness = match / (np.sqrt(np.maximum(energy, 0) * (reference**2).sum()) + _FLOOR)
    # the best by likeness, but an echo or a codec's ringing is quieter than the chirp itself
    best = int(np.argmax(likeness * np.minimum(1, match / (0.3 * match.max() + 1e-9))))
    return None if likeness[best] < _LIKENESS else best / RATE * 1e3


def delays_ms(heard: Samples, chirps: list[Chirp]) -> list[float | None]:
    """`delay_ms` of each."""
    return [delay_ms(heard, chirp) for chirp in chirps]


@dataclass(frozen=True, slots=True)
class Summary:
    """A distribution of delays in milliseconds."""

    count: int
    lost: int
    median: float
    p95: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, delays: list[float | None]) -> Summary:
        """NaN where nothing was heard."""
        heard = np.array([delay for delay in delays if delay is not None])
        lost = len(delays) - len(heard)
        if not len(heard):
            return cls(0, lost, *[float("nan")] * 4)
        p50, p95 = (round(float(np.percentile(heard, q)), 2) for q in (50, 95))
        return cls(len(heard), lost, p50, p95, round(float(heard.min()), 2), round(float(heard.max()), 2))
