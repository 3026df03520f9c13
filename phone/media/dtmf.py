"""Telephone events (RFC 4733): key presses as RTP payloads, both ways. Time comes in as RTP timestamps alone."""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass

from phone.media.rtp import RtpPacket

DIGITS = "0123456789*#ABCD"
"""A digit's place is its event code (RFC 4733 3.2)."""
FREQUENCIES: dict[str, tuple[int, int]] = {
    digit: (low, high)
    for low, row in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
    for high, digit in zip((1209, 1336, 1477, 1633), row, strict=True)
}
"""Hz, low and high group (ITU-T Q.23)."""

_EVENT = struct.Struct(">BBH")
_END = 0x80
_VOLUME = 10
"""-10 dBm0."""
_END_PACKETS = 3
_MAX_DURATION = 0xFFFF


def parse_event(payload: bytes) -> tuple[int, bool, int] | None:
    """Event code, end flag and duration in clock units (RFC 4733 2.3); None if cut off."""
    if len(payload) < _EVENT.size:
        return None
    code, flags, duration = _EVENT.unpack_from(payload)
    return code, bool(flags & _END), duration


def rescale(payload: bytes, clock_rate: int, other_rate: int) -> bytes:
    """The same event for a payload type of another clock rate; what is cut off stays as it is."""
    if clock_rate == other_rate or len(payload) < _EVENT.size:
        return payload
    code, flags, duration = _EVENT.unpack_from(payload)
    return _EVENT.pack(code, flags, min(_MAX_DURATION, duration * other_rate // clock_rate))


class DtmfReceiver:
    """Reports each key press once, by its timestamp, whichever of its packets comes first."""

    __slots__ = ("_code", "_ended", "_ends_at", "_timestamp")

    def __init__(self) -> None:
        self._timestamp: int | None = None
        self._code = -1
        self._ends_at = 0
        self._ended = True

    def put(self, packet: RtpPacket) -> str | None:
        """The digit, if this packet is the first one heard of its event; None else and for nonsense."""
        event = parse_event(packet.payload)
        if event is None or event[0] >= len(DIGITS):
            return None
        code, end, duration = event
        if self._timestamp is not None and _signed32(packet.timestamp - self._timestamp) < 0:
            return None  # a copy of an older event, overtaken
        new = packet.timestamp != self._timestamp and not self._goes_on(packet.timestamp, code)
        if packet.timestamp != self._timestamp:
            self._ended = False
        self._timestamp, self._code = packet.timestamp, code
        self._ends_at = (packet.timestamp + duration) & 0xFFFFFFFF
        self._ended |= end
        return DIGITS[code] if new else None

    def _goes_on(self, timestamp: int, code: int) -> bool:
        # RFC 4733 2.5.1.3: an event longer than 0xFFFF units goes on in a segment that begins where the last ended.
        return not self._ended and code == self._code and timestamp == self._ends_at


def _signed32(difference: int) -> int:
    return ((difference + 0x80000000) & 0xFFFFFFFF) - 0x80000000


@dataclass(frozen=True, slots=True)
class DtmfPacket:
    """What to send instead of speech in this packet time."""

    payload: bytes
    marker: bool
    timestamp: int
    """The event's own: the same in all its packets (RFC 4733 2.5.1.2)."""


class DtmfSender:
    """A queue of digits, played out one packet time after the other; all times in RTP clock units."""

    __slots__ = ("_clock_rate", "_code", "_ends_left", "_free_from", "_length", "_queue", "_start")

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._queue: deque[tuple[int, int]] = deque()
        self._code = 0
        self._length = 0
        self._start: int | None = None
        self._ends_left = 0
        self._free_from: int | None = None

    def push(self, digit: str, ms: int = 100) -> None:
        """Queue a digit of `DIGITS`, sounding `ms`. Raises ValueError for another character."""
        if len(digit) != 1 or digit not in DIGITS:
            raise ValueError(f"{digit!r} is no DTMF digit: one of {DIGITS}")
        self._queue.append((DIGITS.index(digit), min(_MAX_DURATION, ms * self._clock_rate // 1000)))

    @property
    def busy(self) -> bool:
        """Whether an event sounds or waits."""
        return self._start is not None or bool(self._queue)

    def tick(self, timestamp: int, units: int) -> DtmfPacket | None:
        """The packet for the packet time of `units` that begins at `timestamp`; None: send speech."""
        first = self._start is None
        if first and not self._begin(timestamp):
            return None
        start = self._start
        assert start is not None  # noqa: S101 - _begin has set it
        elapsed = (timestamp + units - start) & 0xFFFFFFFF
        if elapsed >= self._length and self._ends_left == 0:
            self._ends_left = _END_PACKETS
        duration = min(elapsed, self._length)
        ended = self._ends_left > 0
        packet = DtmfPacket(_EVENT.pack(self._code, (_END if ended else 0) | _VOLUME, duration), first, start)
        if ended:
            self._count_end(start)
        return packet

    def _begin(self, timestamp: int) -> bool:
        if not self._queue:
            return False
        if self._free_from is not None and _signed32(timestamp - self._free_from) < 0:
            return False
        self._code, self._length = self._queue.popleft()
        self._start = timestamp
        return True

    def _count_end(self, start: int) -> None:
        self._ends_left -= 1
        if self._ends_left == 0:
            self._start = None
            pause = 60 * self._clock_rate // 1000
            self._free_from = (start + self._length + pause) & 0xFFFFFFFF
