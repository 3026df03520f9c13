"""How much of a far end's time is missing between two of its packets: loss or a pause, which look alike."""

from __future__ import annotations

from phone.media.codecs import RATE

_DISBELIEF = RATE
"""Timestamps may run ahead of the clock by a second (a stalled network lets go); what is more is another time line."""
LONGEST = 600 * RATE
"""Ten minutes in one gap: no recording is so long."""


class Timeline:
    """Sizes in 48 kHz samples. Each packet's `gap` is asked before its length is told by `lasts`.

    By timestamps as far as they can be true; where another stream begins, or they jump, by the clock of arrival.
    """

    __slots__ = ("_arrival", "_begun", "_clock_rate", "_expected")

    def __init__(self) -> None:
        self._begun = False
        self._clock_rate = 0
        self._expected = 0
        """The timestamp that goes on where the last packet ended."""
        self._arrival = 0.0
        """When the sound of the last packet was over, if it was not late."""

    def gap(self, timestamp: int, clock_rate: int, arrival: float, *, fresh: bool) -> int:
        """Missing before the packet of this RTP `timestamp` that came at `arrival` (monotonic seconds); 0 or more."""
        elapsed = round((arrival - self._arrival) * RATE) if self._begun else 0
        fresh = fresh or clock_rate != self._clock_rate
        gap = elapsed if fresh else self._missing(timestamp, elapsed)
        self._begun, self._clock_rate, self._expected, self._arrival = True, clock_rate, timestamp, arrival
        return min(LONGEST, max(0, gap))

    def lasts(self, samples: int) -> None:
        """So long was the packet."""
        self._expected = (self._expected + samples * self._clock_rate // RATE) & 0xFFFFFFFF
        self._arrival += samples / RATE

    def _missing(self, timestamp: int, elapsed: int) -> int:
        units = ((timestamp - self._expected + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        missing = units * (RATE // self._clock_rate)
        believable = -_DISBELIEF <= missing <= max(0, elapsed) + _DISBELIEF
        return missing if believable else elapsed
