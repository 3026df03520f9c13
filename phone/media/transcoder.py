"""Speech decoded packet by packet as it comes, for a far end that speaks another codec.

There is no jitter buffer here: the far end has one, and hears the network of both ways as one. A short loss is
concealed; a pause of the sender (no gap in sequence, or a long one) stays a pause.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from phone.media.codecs import RATE, Codec
from phone.media.rtp import MAX_DROPOUT, RtpPacket, sequence_step

_CONCEALED = RATE * 120 // 1000
"""A gap up to this is filled; beyond it nothing is known of what was said."""
_JUMP = 10 * RATE
_STEP = 120
"""Codecs conceal whole multiples of 2.5 ms."""


@dataclass(frozen=True, slots=True)
class Pause:
    """So many 48 kHz samples of nothing at all."""

    samples: int


class Transcoder:
    """From the packets of one stream to frames of 48 kHz samples."""

    def __init__(self, decoder: Codec) -> None:
        """`decoder`: used for nothing else."""
        self._decoder = decoder
        self._factor = RATE // decoder.clock_rate
        self._ssrc: int | None = None
        self._sequence = 0
        self._expected = 0
        """The timestamp that goes on where the last packet ended."""
        self._pending = array("h")

    def put(self, packet: RtpPacket, size: int) -> Iterator[array[int] | Pause]:
        """Frames of `size` samples that are complete with this packet; one that comes late is left out."""
        step = sequence_step(self._sequence, packet.sequence)
        fresh = packet.ssrc != self._ssrc or abs(step) > MAX_DROPOUT
        if not fresh and step <= 0:
            return
        gap = 0 if fresh else self._gap(packet.timestamp)
        self._ssrc, self._sequence = packet.ssrc, packet.sequence
        if 0 < gap <= _CONCEALED and step > 1:
            self._add(self._decoder.conceal(gap // _STEP * _STEP))
        elif gap > 0:
            yield from self._paused(gap, size)
        count = self._add(self._decoder.decode(packet.payload))
        self._expected = (packet.timestamp + count // self._factor) & 0xFFFFFFFF
        yield from self._complete(size)

    def skip(self, packet: RtpPacket) -> bool:
        """A packet of the same sequence that is no speech: what follows it is not a loss. False: it comes late."""
        step = sequence_step(self._sequence, packet.sequence)
        if packet.ssrc != self._ssrc or not 0 < step <= MAX_DROPOUT:
            return False
        self._sequence = packet.sequence
        return True

    def _gap(self, timestamp: int) -> int:
        """48 kHz samples of which nothing came; another time line has none."""
        units = ((timestamp - self._expected + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        gap = units * self._factor
        return gap if 0 < gap <= _JUMP else 0

    def _paused(self, gap: int, size: int) -> Iterator[array[int] | Pause]:
        filled = -len(self._pending) % size
        self._pending += array("h", bytes(2 * filled))
        yield from self._complete(size)
        if gap > filled:
            yield Pause(gap - filled)

    def _add(self, samples: memoryview) -> int:
        self._pending.frombytes(samples.cast("B"))
        return len(samples)

    def _complete(self, size: int) -> Iterator[array[int]]:
        while len(self._pending) >= size:
            yield self._pending[:size]
            del self._pending[:size]
