"""Known words, and whether they are in what was heard or recorded: 48 kHz mono, told by correlation."""

from __future__ import annotations

from array import array
from functools import cache
from pathlib import Path
from typing import BinaryIO, TypeAlias

import av
import numpy as np
import numpy.typing as npt
from rig.signals import Match, speech_delay

from phone.demo.hearing import RATE
from phone.demo.speech import speak

Samples: TypeAlias = "npt.NDArray[np.int16]"

LIKE_SPEECH = 0.6
"""Of a piece of speech that is the same; another sentence has less than half of it."""
_COARSE = 6
"""Compared at 8 kHz: what a telephone line carries."""
_PIECE = RATE // _COARSE // 2
"""Half a second: a jitter buffer may shift later words against earlier ones."""


@cache
def spoken(sentence: str) -> array[int]:
    """By espeak-ng, for a mouth (`Desk.say`)."""
    return speak(sentence)


def decoded(file: BinaryIO | Path, codec: str) -> Samples:
    """What a sound file holds; an independent decoder's word (FFmpeg). AssertionError: it is of another codec."""
    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(file if not isinstance(file, Path) else str(file)) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.name == codec, stream.codec_context.name
        frames = [out for frame in container.decode(stream) for out in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]) if frames else np.zeros(0, np.int16)


def likeness(reference: array[int] | Samples, heard: array[int] | Samples) -> float:
    """How much of `reference` is in `heard`, 0 to 1: half-second pieces are looked for one by one, and the mean is
    weighted by their energy.
    """
    said, ear = _coarse(reference), _coarse(heard)
    ear = np.concatenate((ear, np.zeros(_PIECE, ear.dtype)))
    pieces = [said[at : at + _PIECE] for at in range(0, len(said) - _PIECE // 2, _PIECE)]
    found: list[tuple[float, Match]] = []
    for piece in pieces:
        energy = float((piece.astype(np.float64) ** 2).sum())
        if energy:
            found.append((energy, speech_delay(piece, ear)))
    total = sum(energy for energy, _ in found)
    return sum(energy * match.likeness for energy, match in found) / total if total else 0.0


def _coarse(sound: array[int] | Samples) -> Samples:
    whole = np.asarray(sound, np.int16)
    whole = whole[: len(whole) - len(whole) % _COARSE]
    return whole.reshape(-1, _COARSE).mean(axis=1).astype(np.int16)
