"""RTP packets on the wire (RFC 3550 5.1): any header extension, padding and CSRC list is accepted and skipped.

Nothing here opens a socket or asks a clock. What the network sends may be wrong: parsing raises `RtpError`,
the caller counts it and goes on.
"""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass
from typing import Literal

from phone.errors import PhoneError

Buffer = bytes | bytearray | memoryview
DatagramKind = Literal["stun", "dtls", "rtp", "rtcp", "unknown"]

HEADER_BYTES = 12
MAX_PACKET_BYTES = 1500
MAX_PAYLOAD_BYTES = MAX_PACKET_BYTES - HEADER_BYTES
MAX_DROPOUT = 3000
"""RFC 3550 A.1: a step in sequence numbers farther than this is another stream."""
_HEADER = struct.Struct(">BBHII")
_EXTENSION = struct.Struct(">HH")


class RtpError(PhoneError, ValueError):
    """A datagram is not an RTP or RTCP packet: count it and drop it."""


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One RTP packet without its header extensions, padding and contributing sources."""

    payload_type: int
    marker: bool
    sequence: int
    """0 to 65535; wraps."""
    timestamp: int
    """In units of the payload type's clock; wraps at 2**32."""
    ssrc: int
    payload: bytes


def kind_of_datagram(data: Buffer) -> DatagramKind:
    """What shares the port (RFC 7983 section 7 by the first byte, RFC 5761 section 4 by the second)."""
    if not data:
        return "unknown"
    first = data[0]
    if first <= 3:
        return "stun"
    if 20 <= first <= 63:
        return "dtls"
    if 128 <= first <= 191:
        return "rtcp" if is_rtcp(data) else "rtp"
    return "unknown"


def is_rtcp(data: Buffer) -> bool:
    """Whether a datagram of version 2 is RTCP: packet types 192 to 223 (RFC 5761 section 4)."""
    return len(data) >= 2 and 192 <= data[1] <= 223


def parse_rtp(data: Buffer) -> RtpPacket:
    """One RTP packet. Raises RtpError if it is truncated, of another version or wrongly padded."""
    size = len(data)
    if size < HEADER_BYTES:
        raise RtpError(f"RTP packet of {size} bytes is shorter than its header")
    flags, kind, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if flags >> 6 != 2:
        raise RtpError(f"RTP version {flags >> 6} is not 2")
    start = HEADER_BYTES + 4 * (flags & 0x0F)
    if flags & 0x10:
        start = _after_extension(data, start, size)
    end = _before_padding(data, size) if flags & 0x20 else size
    if start > end:
        raise RtpError(f"RTP header and padding need {start + size - end} bytes, the packet has {size}")
    return RtpPacket(kind & 0x7F, kind >= 0x80, sequence, timestamp, ssrc, bytes(data[start:end]))


def _after_extension(data: Buffer, start: int, size: int) -> int:
    # RFC 3550 5.3.1; the profile (RFC 8285 one-byte, two-byte or any other) does not matter to who skips it.
    if start + 4 > size:
        raise RtpError("RTP header extension is cut off")
    _, words = _EXTENSION.unpack_from(data, start)
    return start + 4 + 4 * int(words)


def _before_padding(data: Buffer, size: int) -> int:
    padding = data[size - 1]
    if padding == 0:
        raise RtpError("RTP padding of 0 bytes cannot hold its own length")
    return size - padding


class RtpSender:
    """Numbers one stream's packets and packs them in place; sequence and timestamp start at random (RFC 3550 5.1)."""

    __slots__ = ("_buffer", "_view", "octets", "packets", "sequence", "ssrc", "timestamp")

    def __init__(self, ssrc: int, *, sequence: int | None = None, timestamp: int | None = None) -> None:
        self.ssrc = ssrc
        self.sequence = secrets.randbits(16) if sequence is None else sequence
        self.timestamp = secrets.randbits(32) if timestamp is None else timestamp
        self.packets = 0
        self.octets = 0
        self._buffer = bytearray(MAX_PACKET_BYTES)
        self._view = memoryview(self._buffer)

    def pack(
        self,
        payload: Buffer,
        payload_type: int,
        *,
        marker: bool = False,
        timestamp: int | None = None,
        sequence: int | None = None,
    ) -> memoryview:
        """The next packet, valid until the next call. `timestamp` stands in for the stream's own (RFC 4733 events);
        so does `sequence` for a packet that is not the next one: its giver keeps count. Payloads: MAX_PAYLOAD_BYTES.
        """
        stamp = self.timestamp if timestamp is None else timestamp
        kind = payload_type | 0x80 if marker else payload_type
        number = self.sequence if sequence is None else sequence
        _HEADER.pack_into(self._buffer, 0, 0x80, kind, number, stamp & 0xFFFFFFFF, self.ssrc)
        end = HEADER_BYTES + len(payload)
        self._view[HEADER_BYTES:end] = payload
        if sequence is None:
            self.sequence = (self.sequence + 1) & 0xFFFF
        self.packets += 1
        self.octets += len(payload)
        return self._view[:end]

    def advance(self, units: int) -> None:
        """Let `units` of the RTP clock pass: once for each packet time, sent or not."""
        self.timestamp = (self.timestamp + units) & 0xFFFFFFFF


def sequence_step(before: int, number: int) -> int:
    """From one sequence number to another, the shorter way round: -32768 to 32767."""
    return ((number - before + 0x8000) & 0xFFFF) - 0x8000


class Unwrap:
    """Turns wrapping counters of `bits` into ones that never wrap: each value is the nearest to the highest seen."""

    __slots__ = ("_half", "_highest", "_modulus")

    def __init__(self, bits: int) -> None:
        self._modulus = 1 << bits
        self._half = self._modulus >> 1
        self._highest: int | None = None

    def __call__(self, value: int) -> int:
        """`value` without its wraps. The first stays as it is; older ones may come out negative."""
        if self._highest is None:
            self._highest = value
            return value
        step = ((value - self._highest + self._half) % self._modulus) - self._half
        unwrapped = self._highest + step
        self._highest = max(self._highest, unwrapped)
        return unwrapped

    def forget(self) -> None:
        """Begin again with the next value (new SSRC, restarted stream)."""
        self._highest = None


def unwrap16() -> Unwrap:
    """For sequence numbers."""
    return Unwrap(16)


def unwrap32() -> Unwrap:
    """For timestamps."""
    return Unwrap(32)
