"""A speakerphone must not howl: while the far end speaks, the microphone is 26 dB down (half duplex).

Voice-switched: what is played is known before its echo can come back, so the microphone is down in time, and stays
so until the echo of the room has died away. A steady noise from afar (wind, a street) is learnt and does not close it,
but what is loud always does, lest a howl be taken for noise.
"""

from __future__ import annotations

from array import array

from phone.media.voice import UNITY, ramp, scale

DOWN = UNITY // 20
"""-26 dB."""
_RATE = 48_000
_QUIET = 330
"""Peak (-40 dBFS) below which nothing played is speech."""
_LOUD = 2_000
"""Peak (-24 dBFS) from which everything is."""
_ABOVE_NOISE = 4
"""Speech is 12 dB above the far end's noise."""
_LEAST_NOISE = _QUIET / _ABOVE_NOISE
_NOISE_DOUBLES = 2 * _RATE
"""Samples in which the noise is believed to be twice as loud, when nothing is quieter."""
_HANGOVER = _RATE * 250 // 1000
"""The card's queue, the room's echo, and the pause between two words."""
_OPENS_IN = _RATE // 10
"""From down to open: quick enough for an answer, slow enough to be no click."""


class Suppressor:
    """Called with each block of the microphone and what is played meanwhile."""

    def __init__(self) -> None:
        self._gain = UNITY
        self._noise = _LEAST_NOISE
        """Peak of what the far end sends when it does not speak."""
        self._left = 0

    def __call__(self, microphone: array[int], played: array[int]) -> array[int]:
        """The microphone as the far end may hear it. Blocks of the same length, 48 kHz."""
        count = len(microphone)
        self._left = _HANGOVER if self._speaks(played, count) else max(0, self._left - count)
        before = self._gain
        if self._left:
            self._gain = DOWN
        else:
            self._gain = min(UNITY, self._gain + (UNITY - DOWN) * count // _OPENS_IN)
        if before == self._gain:
            return scale(microphone, before)
        return ramp(microphone, before, self._gain, count)

    def _speaks(self, played: array[int], count: int) -> bool:
        peak = max(*map(abs, (max(played), min(played))))
        self._noise = max(_LEAST_NOISE, min(peak, self._noise * 2 ** (count / _NOISE_DOUBLES)))
        return peak > min(_LOUD, max(_QUIET, self._noise * _ABOVE_NOISE))
