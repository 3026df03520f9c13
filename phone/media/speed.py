"""Faster or slower speech at the same pitch: pieces of 40 ms, each joined where the waveform goes on best (WSOLA).

The pieces are taken from the input at the speed's distance, so no error adds up; each may begin up to 15 ms later than
that, where it is most like what would have followed the piece before. Nothing here asks a clock.
"""

from __future__ import annotations

from array import array

from phone.media.stretch import best_lag
from phone.media.voice import cross_fade

_PIECE = 1920
_SEEK = 720
"""15 ms: one period of the lowest voice."""
_FADE = 384
"""8 ms."""
SLOWEST, FASTEST = 50, 200
"""Percent."""


class Speed:
    """48 kHz samples in, 48 kHz samples out."""

    def __init__(self) -> None:
        self._input = array("h")
        self._begin = 0
        """Where in the input the next piece nominally begins."""
        self._tail = array("h")
        """What would have followed the last piece; empty where nothing was changed."""

    @property
    def waiting(self) -> int:
        """Input samples that are not heard yet."""
        return max(0, len(self._input) - self._begin)

    def put(self, samples: array[int]) -> None:
        """More of the input."""
        self._input += samples

    def take(self, percent: int) -> array[int]:
        """What can be made of the input by now, at a speed of 50 to 200 percent; empty: it needs more."""
        if percent == 100:
            return self._unchanged()
        out = array("h")
        step = _PIECE * min(FASTEST, max(SLOWEST, percent)) // 100
        while len(self._input) - self._begin >= max(step, _PIECE + _SEEK + _FADE):
            out += self._piece()
            self._begin += step
            self._forget()
        return out

    def rest(self) -> array[int]:
        """The end of the input, as it is: too short for a piece."""
        return self._unchanged()

    def _unchanged(self) -> array[int]:
        samples = self._joined(self._input[self._begin :])
        self._input, self._begin, self._tail = array("h"), 0, array("h")
        return samples

    def _piece(self) -> array[int]:
        begin = self._begin
        if self._tail:
            begin += best_lag(self._input[begin : begin + _SEEK + _FADE], self._tail, 0, _SEEK)
        end = begin + _PIECE
        piece = self._joined(self._input[begin:end])
        self._tail = self._input[end : end + _FADE]
        return piece

    def _joined(self, samples: array[int]) -> array[int]:
        size = min(len(self._tail), len(samples))
        return cross_fade(self._tail[:size], samples[:size]) + samples[size:]

    def _forget(self) -> None:
        drop = min(self._begin, len(self._input))
        del self._input[:drop]
        self._begin -= drop
