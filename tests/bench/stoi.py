"""How much of speech is understood: STOI (Taal, Hendriks, Heusdens, Jensen 2011), from 0 to 1. numpy alone.

The ear's third-octave envelopes of what was said and what was heard are compared over 0.4 s at a time.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]

RATE = 10_000
_FRAME, _HOP, _FFT = 256, 128, 512
_BANDS, _LOWEST = 15, 150.0
_SEGMENT = 30
"""Frames: 384 ms."""
_BETA = 10 ** (15 / 20)
"""A cell of the envelope counts at most 15 dB of distortion."""
_SILENT_DB = 40.0


class TooShortError(ValueError):
    """Less than 0.4 s of speech: there is nothing to compare."""


def resampled(samples: Signal, rate: int, wanted: int) -> Signal:
    """By its spectrum; the whole length at once."""
    length = round(len(samples) * wanted / rate)
    spectrum = np.fft.rfft(samples)
    kept = np.zeros(length // 2 + 1, complex)
    kept[: min(len(kept), len(spectrum))] = spectrum[: len(kept)]
    return np.fft.irfft(kept, length) * (length / len(samples))


def stoi(said: Signal, heard: Signal, rate: int) -> float:
    """Both of the same length and aligned. Raises TooShortError."""
    clean, noisy = _without_silence(resampled(said, rate, RATE), resampled(heard, rate, RATE))
    x, y = _envelopes(clean), _envelopes(noisy)
    if x.shape[1] < _SEGMENT:
        raise TooShortError("less than 0.4 s of speech to compare")
    return float(
        np.mean([_alike(x[:, n - _SEGMENT : n], y[:, n - _SEGMENT : n]) for n in range(_SEGMENT, x.shape[1] + 1)])
    )


def _frames(signal: Signal, window: Signal) -> Signal:
    starts = range(0, len(signal) - _FRAME + 1, _HOP)
    return np.array([window * signal[start : start + _FRAME] for start in starts]).reshape(-1, _FRAME)


def _window() -> Signal:
    return np.hanning(_FRAME + 2)[1:-1]


def _without_silence(said: Signal, heard: Signal) -> tuple[Signal, Signal]:
    """Only the frames in which something is said."""
    window = _window()
    x, y = _frames(said, window), _frames(heard, window)
    if not len(x):
        return said[:0], heard[:0]
    energy = 20 * np.log10(np.linalg.norm(x, axis=1) + 1e-12)
    speaking = energy > energy.max() - _SILENT_DB
    return _joined(x[speaking]), _joined(y[speaking])


def _joined(frames: Signal) -> Signal:
    out = np.zeros((len(frames) - 1) * _HOP + _FRAME)
    for number, frame in enumerate(frames):
        out[number * _HOP : number * _HOP + _FRAME] += frame
    return out


def _envelopes(signal: Signal) -> Signal:
    """Third-octave band by frame."""
    power = np.abs(np.fft.rfft(_frames(signal, _window()), _FFT, axis=1)) ** 2
    return np.sqrt(_third_octaves() @ power.T)


def _third_octaves() -> Signal:
    grid = np.linspace(0, RATE, _FFT + 1)[: _FFT // 2 + 1]
    bands = np.zeros((_BANDS, len(grid)))
    for number in range(_BANDS):
        centre = _LOWEST * 2 ** (number / 3)
        edges = [int(np.argmin((grid - centre * 2 ** (half / 6)) ** 2)) for half in (-1, 1)]
        bands[number, edges[0] : edges[1]] = 1
    return bands


def _alike(x: Signal, y: Signal) -> float:
    """Mean correlation of the bands' envelopes in one segment."""
    scale = np.linalg.norm(x, axis=1, keepdims=True) / (np.linalg.norm(y, axis=1, keepdims=True) + 1e-12)
    y = np.minimum(y * scale, x * (1 + _BETA))
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1) + 1e-12
    return float(np.mean((x * y).sum(axis=1) / norms))
