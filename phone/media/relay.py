"""One far end's RTP packets numbered anew as a stream of ours, payloads untouched (RFC 3550 7.2 calls it a translator).

Laws: gaps in sequence and jumps in time stay as they were; no sequence number is ever used twice (SRTP would use its
key stream twice, RFC 3711 9.1); a far end that begins a new stream goes on in ours without a gap.
"""

from __future__ import annotations

from dataclasses import dataclass

from phone.media.rtp import MAX_DROPOUT, RtpPacket, RtpSender, sequence_step

WINDOW = 1024
"""Packets: older ones than this are not sent on, as nobody would play them."""
_ALL = (1 << WINDOW) - 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a packet stands in our stream."""

    sequence: int
    timestamp: int
    fresh: bool
    """The first of a stretch: it carries the marker (RFC 3551 4.1)."""


class Relay:
    """Places packets in `sender`'s stream, from its next number and its timestamp on."""

    def __init__(self, sender: RtpSender) -> None:
        self._sender = sender
        self._ssrc: int | None = None
        self._newest = 0
        """The far end's highest sequence number."""
        self._top = self._first = sender.sequence - 1
        """Ours for it, never wrapped; and the one before the first of this stream."""
        self._seen = 0
        """Bit n: the packet n before the newest has been placed."""
        self._shift = 0
        """Our timestamps less theirs."""
        self._placed_at = 0.0

    def place(self, packet: RtpPacket, clock_rate: int, now: float) -> Place | None:
        """Where to send it, at `now` (monotonic seconds); None: a copy, or older than what was sent on so far."""
        step = sequence_step(self._newest, packet.sequence)
        fresh = packet.ssrc != self._ssrc or abs(step) > MAX_DROPOUT
        if fresh:
            self._begin(packet, clock_rate, now)
            step = 1
        if step > 0:
            self._seen = (self._seen << step | 1) & _ALL
            self._newest, self._top = packet.sequence, self._top + step
        elif self._is_old(-step):
            return None
        else:
            self._seen |= 1 << -step
        timestamp = (packet.timestamp + self._shift) & 0xFFFFFFFF
        if step > 0:
            self._sender.sequence = (self._top + 1) & 0xFFFF
            self._sender.timestamp = timestamp
            self._placed_at = now
            return Place(self._top & 0xFFFF, timestamp, fresh)
        return Place((self._top + step) & 0xFFFF, timestamp, fresh)

    def _is_old(self, back: int) -> bool:
        return back >= WINDOW or self._top - back <= self._first or bool(self._seen >> back & 1)

    def _begin(self, packet: RtpPacket, clock_rate: int, now: float) -> None:
        if self._ssrc is not None:
            self._sender.advance(round(max(0.0, now - self._placed_at) * clock_rate))
        self._ssrc = packet.ssrc
        self._shift = self._sender.timestamp - packet.timestamp
        self._first, self._seen = self._top, 0
