"""Is that tone there, is that speech there, and how late: for ears in tests. Samples are 16-bit mono at 48 kHz."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phone.drivers.vcard import RATE

FULL_SCALE = 32_768


def as_samples(raw: bytes) -> npt.NDArray[np.int16]:
    """What `Card.hear` gives, as an array."""
    return np.frombuffer(raw, dtype=np.int16)


def tone(hz: float, seconds: float, level_dbfs: float = -12.0) -> npt.NDArray[np.int16]:
    """A sine; the level is its RMS below a full-scale sine's."""
    t = np.arange(int(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * hz * t) * (FULL_SCALE - 1) * 10 ** (level_dbfs / 20)).astype(np.int16)


def level(samples: npt.NDArray[np.int16]) -> float:
    """RMS in dB below a full-scale sine; -inf for digital silence."""
    rms = np.sqrt(np.mean(samples.astype(np.float64) ** 2)) if len(samples) else 0.0
    return float(20 * np.log10(rms * np.sqrt(2) / FULL_SCALE)) if rms else float("-inf")


def tone_level(samples: npt.NDArray[np.int16], hz: float) -> float:
    """The level of the sine at `hz` alone, in dB below a full-scale sine (Goertzel by scalar product)."""
    if not len(samples):
        return float("-inf")
    turn = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / RATE)
    amplitude = 2 * abs(np.dot(samples.astype(np.float64), turn)) / len(samples)
    return float(20 * np.log10(amplitude / FULL_SCALE)) if amplitude > 0 else float("-inf")


@dataclass(frozen=True, slots=True)
class Match:
    """Where a reference lies in what was heard."""

    delay_ms: float
    likeness: float
    """Normalised correlation of the best place: 1 is the very same waveform, under 0.2 is chance."""


def speech_delay(reference: npt.NDArray[np.int16], heard: npt.NDArray[np.int16]) -> Match:
    """The best place of `reference` in `heard`, which must be the longer one. A codec leaves a likeness of 0.8."""
    if len(heard) < len(reference):
        raise ValueError("hear for longer than is said")
    said, ear = reference.astype(np.float64), heard.astype(np.float64)
    size = 1 << (len(ear) + len(said)).bit_length()
    match = np.fft.irfft(np.fft.rfft(ear, size) * np.conj(np.fft.rfft(said, size)), size)[: len(ear) - len(said) + 1]
    energy = np.cumsum(np.concatenate(([0.0], ear * ear)))
    local = np.sqrt(np.maximum(energy[len(said) :] - energy[: -len(said)], 0) * (said * said).sum()) + 1e-9
    likeness = match / np.maximum(local, 1e-3 * local.max())
    best = int(np.argmax(likeness))
    return Match(best / RATE * 1e3, float(likeness[best]))


def first_sound(heard: npt.NDArray[np.int16], threshold: int = 300) -> int | None:
    """Index of the first sample at least that loud; None: there is none."""
    loud = np.flatnonzero(np.abs(heard.astype(np.int32)) >= threshold)
    return int(loud[0]) if len(loud) else None


def onset(
    heard: npt.NDArray[np.int16], hz: float, threshold_dbfs: float = -30.0, window: int = RATE // 100
) -> int | None:
    """Index behind the first window in which the sine at `hz` is that loud and makes up half of all that sounds;
    None: it never does.
    """
    if len(heard) < window:
        return None
    samples = heard.astype(np.float64)
    turned = np.cumsum(np.concatenate(([0], samples * np.exp(-2j * np.pi * hz * np.arange(len(samples)) / RATE))))
    energy = np.cumsum(np.concatenate(([0.0], samples * samples)))
    amplitude = 2 * np.abs(turned[window:] - turned[:-window]) / window
    power = (energy[window:] - energy[:-window]) / window
    there = np.flatnonzero((amplitude > FULL_SCALE * 10 ** (threshold_dbfs / 20)) & (amplitude**2 / 2 > power / 2))
    return int(there[0]) + window if len(there) else None
