"""Speech as samples: silence cut off, as loud as all other prompts, at the coder's rate. Pure; int16 in and out."""

from __future__ import annotations

import math
from array import array
from functools import cache
from itertools import starmap
from operator import mul

RATE = 24_000
"""Of all prompts: what espeak-ng has to say ends at 11 kHz, and Opus plays it at 48 kHz all the same."""
_FULL = 32768
_WANTED_RMS = _FULL * 10 ** (-20.5 / 20)
_KNEE = _FULL * 10 ** (-11 / 20)
_MOST = _FULL * 10 ** (-7 / 20)
_SILENCE = 160
"""Below that nothing is said; espeak-ng's own silence is digital."""
_BEFORE, _AFTER = 0.005, 0.04
"""Seconds that stay around the speech."""
_TAPS = 24


def trimmed(samples: array[int], rate: int) -> array[int]:
    """From just before the first sound to just after the last one; empty if there is none."""
    loud = [i for i, sample in enumerate(samples) if abs(sample) > _SILENCE]
    if not loud:
        return array("h")
    return samples[max(0, loud[0] - int(_BEFORE * rate)) : loud[-1] + int(_AFTER * rate)]


def levelled(samples: array[int], rate: int) -> array[int]:
    """Speech at -20.5 dBFS RMS (where something is said), its few peaks bent below -7 dBFS: coding adds up to 4 dB."""
    gain = _WANTED_RMS / max(1.0, loudness(samples, rate))
    return array("h", (round(_bent(gain * sample)) for sample in samples))


def _bent(sample: float) -> float:
    over = abs(sample) - _KNEE
    if over <= 0:
        return sample
    room = _MOST - _KNEE
    return math.copysign(_KNEE + room * math.tanh(over / room), sample)


def loudness(samples: array[int], rate: int) -> float:
    """RMS over all windows of 20 ms in which something is said; 0.0 if nothing is."""
    size = rate // 50
    powers = [sum(s * s for s in samples[i : i + size]) / size for i in range(0, len(samples), size)]
    floor = max(powers, default=0.0) / 100
    said = [power for power in powers if power > floor]
    return math.sqrt(sum(said) / len(said)) if said else 0.0


def resampled(samples: array[int], rate: int) -> array[int]:
    """At `RATE`, from a lower rate, by a windowed sinc."""
    divisor = math.gcd(RATE, rate)
    up, down = RATE // divisor, rate // divisor
    phases = _phases(up)
    margin = array("h", bytes(2 * _TAPS))
    padded = [*margin, *samples, *margin]
    moments = (divmod(n * down, up) for n in range(len(samples) * up // down))

    def between(at: int, phase: int) -> int:
        first = at + _TAPS // 2 + 1
        return round(sum(map(mul, phases[phase], padded[first : first + _TAPS]), 0.0))

    return array("h", (max(-_FULL, min(_FULL - 1, sample)) for sample in starmap(between, moments)))


@cache
def _phases(up: int) -> tuple[tuple[float, ...], ...]:
    """For each of `up` places between two samples: what the samples around weigh, the sum being 1."""
    return tuple(_weights(phase / up) for phase in range(up))


def _weights(place: float) -> tuple[float, ...]:
    raw = []
    for tap in range(_TAPS):
        t = tap - (_TAPS // 2 - 1) - place
        sinc = 1.0 if t == 0 else math.sin(math.pi * t) / (math.pi * t)
        raw.append(sinc * (0.54 + 0.46 * math.cos(2 * math.pi * t / _TAPS)))
    return tuple(weight / sum(raw) for weight in raw)


def tone(seconds: float, hertz: float) -> array[int]:
    """A beep as loud as speech, that begins and ends softly."""
    count, ramp = int(seconds * RATE), RATE // 200
    level = _WANTED_RMS * math.sqrt(2)
    step = 2 * math.pi * hertz / RATE
    edges = (min(1.0, (n + 1) / ramp, (count - n) / ramp) for n in range(count))
    return array("h", (round(level * edge * math.sin(step * n)) for n, edge in enumerate(edges)))


def silence(seconds: float) -> array[int]:
    """Nothing, for so long."""
    return array("h", bytes(2 * int(seconds * RATE)))
