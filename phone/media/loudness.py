"""Whether somebody speaks: by level, against the noise of the line.

Speech is what is louder than -45 dBFS and than 10 dB above the noise floor, for 40 ms or more; once it has begun, 3 dB
less will do. The floor falls with the level at once and rises by 1 dB a second only, so it finds the noise in the
pauses of speech, and a hum or a tone that never pauses ends as noise, too: a recording of nothing else is to stop.
"""

from __future__ import annotations

from phone.media.codecs import RATE

_FULL_SCALE = 32768.0**2
_LEAST = _FULL_SCALE * 10**-4.5
"""-45 dBFS, as a mean square."""
_ABOVE_NOISE = 10.0
_FLOOR = _LEAST / _ABOVE_NOISE
_RISE = 10 ** (0.1 / RATE)
"""1 dB a second, for each sample."""
_GOING_ON = 0.5
_RUN = RATE * 40 // 1000
"""What is shorter is a click."""


class SpeechMeter:
    """Counts. Times of `silent_ms` are monotonic seconds, handed in."""

    __slots__ = ("_floor", "_heard_at", "_run", "_speech")

    def __init__(self, now: float) -> None:
        """Recording begins."""
        self._heard_at = now
        self._floor = _FLOOR
        self._run = 0
        """48 kHz samples of loudness up to now."""
        self._speech = 0

    @property
    def speech_ms(self) -> int:
        """Of speech, so far."""
        return self._speech * 1000 // RATE

    def silent_ms(self, now: float) -> int:
        """Since speech was heard last, or since recording began."""
        return max(0, round((now - self._heard_at) * 1000))

    def add(self, mean_square: float, samples: int, now: float) -> None:
        """So many 48 kHz samples of this level were heard at `now`."""
        self._floor = max(_FLOOR, min(mean_square, self._floor * _RISE**samples))
        wanted = max(_LEAST, self._floor * _ABOVE_NOISE)
        if self._run:
            wanted *= _GOING_ON
        if mean_square < wanted:
            self._run = 0
            return
        before, self._run = self._run, self._run + samples
        if self._run >= _RUN:
            self._speech += samples if before >= _RUN else self._run
            self._heard_at = now
