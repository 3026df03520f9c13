"""`python -m phone.media.compose FILE`: writes the hold tune, 10 s of calm arpeggio that go round without a seam.

Composed for this project and as free as it is. Soft plucks between 260 and 880 Hz pass G.711 as they are. Frequencies
are whole hertz, so that a table of one second serves every note. It runs when the tune changes, never in the phone.
"""

from __future__ import annotations

import math
import struct
import sys
from array import array
from itertools import cycle, islice
from pathlib import Path

RATE = 48_000
_BARS = (
    (262, 330, 392, 494, 587, 494, 392, 330),
    (220, 330, 392, 523, 659, 523, 392, 330),
    (262, 349, 440, 523, 659, 523, 440, 349),
    (247, 294, 392, 494, 587, 494, 440, 392),
)
"""C major ninth, A minor seventh, F major seventh, G sixth: eighths at 96 a minute."""
_EIGHTH = RATE * 60 // 96 // 2
_LENGTH = sum(map(len, _BARS)) * _EIGHTH
_HARMONICS = (1.0, 0.22, 0.08)
_ATTACK = RATE // 80
_DECAY = RATE * 0.55
_RINGS = 3 * RATE
_SWELL = 0.16
"""The bar's lowest note, an octave up, as a breath below the plucks."""
_LEVEL = 3277
"""Root mean square: 20 dB below full scale."""


def compose() -> array[int]:
    """The tune: 48 kHz mono."""
    period = [sum(a * math.sin(2 * math.pi * n * i / RATE) for n, a in enumerate(_HARMONICS, 1)) for i in range(RATE)]
    decay = [_pluck(i) for i in range(_RINGS)]
    swell = [_SWELL * math.sin(math.pi * i / (10 * _EIGHTH)) ** 2 for i in range(10 * _EIGHTH)]
    sound = [0.0] * _LENGTH
    for bar, notes in enumerate(_BARS):
        _add(sound, _note(period, 2 * notes[0], swell), bar * len(notes) * _EIGHTH)
        for place, hertz in enumerate(notes):
            loud = 1.0 if place == 0 else 0.72 if place % 2 == 0 else 0.6
            played = [loud * s for s in _note(period, hertz, decay)]
            _add(sound, played, (bar * len(notes) + place) * _EIGHTH)
    gain = _LEVEL / math.sqrt(sum(s * s for s in sound) / _LENGTH)
    return array("h", [round(s * gain) for s in sound])


def _pluck(i: int) -> float:
    rise = 0.5 - 0.5 * math.cos(math.pi * min(1.0, i / _ATTACK))
    fall = 1.0 - i / _RINGS
    return rise * fall * math.exp(-i / _DECAY)


def _note(period: list[float], hertz: int, envelope: list[float]) -> list[float]:
    wave = islice(cycle([period[i * hertz % RATE] for i in range(RATE)]), len(envelope))
    return [s * e for s, e in zip(wave, envelope, strict=True)]


def _add(sound: list[float], note: list[float], start: int) -> None:
    """What rings beyond the end rings into the beginning."""
    for i, s in enumerate(note, start):
        sound[i % _LENGTH] += s


def wav(samples: array[int]) -> bytes:
    """A WAV file of 48 kHz mono."""
    data = samples.tobytes()
    head = struct.pack("<4sI4s", b"RIFF", 36 + len(data), b"WAVE")
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return head + form + struct.pack("<4sI", b"data", len(data)) + data


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(wav(compose()))
