"""RTCP packets on the wire (RFC 3550 section 6): sender and receiver reports, source description, goodbye.

Packets come stacked (compound). Unknown types (feedback, extended reports) are skipped; what is cut off or has wrong
lengths raises `RtpError`, for the caller to count. NTP timestamps come in as 64-bit numbers: no clock is asked.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from phone.media.rtp import Buffer, RtpError

SENDER_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION, GOODBYE = 200, 201, 202, 203
_CNAME = 1
_HEADER = struct.Struct(">BBH")
_WORD = struct.Struct(">I")
_SENDER = struct.Struct(">QIII")
_BLOCK = struct.Struct(">IIIIII")


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What its sender received of one source (RFC 3550 6.4.1)."""

    ssrc: int
    fraction_lost: int
    """256ths of the packets expected since the last report."""
    lost: int
    """Since the beginning; negative where there were duplicates. 24 bits."""
    highest_sequence: int
    """With the count of wraps in the upper 16 bits."""
    jitter: int
    """Interarrival jitter in RTP clock units."""
    last_report: int
    """Middle 32 bits of the NTP timestamp of the last sender report seen; 0 for none."""
    delay: int
    """Since then, in 65536ths of a second."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    """SR."""

    ssrc: int
    ntp: int
    """64-bit NTP format: seconds, then 2**-32 seconds."""
    timestamp: int
    """RTP timestamp of the same instant."""
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """RR: from who sends nothing."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """SDES, its CNAME alone. "" where a source sent none."""

    ssrc: int
    cname: str


@dataclass(frozen=True, slots=True)
class Goodbye:
    """BYE: these sources send no more."""

    ssrcs: tuple[int, ...]


RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Goodbye


def middle_of_ntp(ntp: int) -> int:
    """The 32 bits by which report blocks name a sender report."""
    return ntp >> 16 & 0xFFFFFFFF


def parse_rtcp(data: Buffer) -> tuple[RtcpPacket, ...]:
    """The known packets of a compound one, in order. Raises RtpError if any part of it is malformed."""
    packets: list[RtcpPacket] = []
    view, start = memoryview(data), 0
    while start < len(view):
        count, kind, body, start = _next(view, start)
        try:
            packets += _parsed(kind, count, body)
        except (struct.error, IndexError) as error:
            raise RtpError(f"RTCP packet of type {kind} is shorter than its contents") from error
    return tuple(packets)


def _next(view: memoryview, start: int) -> tuple[int, int, memoryview, int]:
    if start + 4 > len(view):
        raise RtpError("RTCP header is cut off")
    first, kind, words = _HEADER.unpack_from(view, start)
    end = start + 4 + 4 * words
    if first >> 6 != 2 or end > len(view):
        raise RtpError(f"RTCP packet of type {kind} has another version or is cut off")
    body = view[start + 4 : end]
    if first & 0x20:
        padding = body[-1] if body else 0
        if not 0 < padding <= len(body):
            raise RtpError(f"RTCP padding of {padding} bytes in a packet of {len(body)}")
        body = body[:-padding]
    return first & 0x1F, kind, body, end


def _parsed(kind: int, count: int, body: memoryview) -> list[RtcpPacket]:
    if kind == SENDER_REPORT:
        ntp, timestamp, packets, octets = _SENDER.unpack_from(body, 4)
        return [SenderReport(_word(body), ntp, timestamp, packets, octets, _blocks(body, 24, count))]
    if kind == RECEIVER_REPORT:
        return [ReceiverReport(_word(body), _blocks(body, 4, count))]
    if kind == SOURCE_DESCRIPTION:
        return _descriptions(body, count)
    if kind == GOODBYE:
        return [Goodbye(struct.unpack_from(f">{count}I", body))]
    return []


def _word(body: memoryview, at: int = 0) -> int:
    return int(_WORD.unpack_from(body, at)[0])


def _blocks(body: memoryview, start: int, count: int) -> tuple[ReportBlock, ...]:
    return tuple(_block(*_BLOCK.unpack_from(body, start + 24 * n)) for n in range(count))


def _block(ssrc: int, loss: int, highest: int, jitter: int, last: int, delay: int) -> ReportBlock:
    lost = loss & 0xFFFFFF
    return ReportBlock(ssrc, loss >> 24, lost - 0x1000000 if lost & 0x800000 else lost, highest, jitter, last, delay)


def _descriptions(body: memoryview, count: int) -> list[RtcpPacket]:
    found: list[RtcpPacket] = []
    at = 0
    for _ in range(count):
        ssrc = _word(body, at)
        at, cname = at + 4, ""
        while body[at]:
            kind, size = body[at], body[at + 1]
            if at + 2 + size > len(body):
                raise IndexError
            if kind == _CNAME:
                cname = bytes(body[at + 2 : at + 2 + size]).decode("utf-8", "replace")
            at += 2 + size
        at = (at // 4 + 1) * 4  # RFC 3550 6.5: one to four zero bytes end a source's items on a word
        found.append(SourceDescription(ssrc, cname))
    return found


def build_rtcp(packets: tuple[RtcpPacket, ...]) -> bytes:
    """A compound packet. A report must come first and a CNAME be in it (RFC 3550 6.1): that is the caller's."""
    return b"".join(map(_built, packets))


def _built(packet: RtcpPacket) -> bytes:
    match packet:
        case SenderReport():
            sender = _SENDER.pack(packet.ntp, packet.timestamp, packet.packets & 0xFFFFFFFF, packet.octets & 0xFFFFFFFF)
            return _framed(SENDER_REPORT, len(packet.blocks), _WORD.pack(packet.ssrc) + sender, packet.blocks)
        case ReceiverReport():
            return _framed(RECEIVER_REPORT, len(packet.blocks), _WORD.pack(packet.ssrc), packet.blocks)
        case SourceDescription():
            name = packet.cname.encode()[:255]
            item = bytes([_CNAME, len(name)]) + name
            item += bytes(4 - len(item) % 4)
            return _framed(SOURCE_DESCRIPTION, 1, _WORD.pack(packet.ssrc) + item)
        case _:
            return _framed(GOODBYE, len(packet.ssrcs), struct.pack(f">{len(packet.ssrcs)}I", *packet.ssrcs))


def _framed(kind: int, count: int, body: bytes, blocks: tuple[ReportBlock, ...] = ()) -> bytes:
    body += b"".join(map(_built_block, blocks))
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body


def _built_block(block: ReportBlock) -> bytes:
    lost = max(-0x800000, min(0x7FFFFF, block.lost)) & 0xFFFFFF
    loss = block.fraction_lost << 24 | lost
    return _BLOCK.pack(block.ssrc, loss, block.highest_sequence, block.jitter, block.last_report, block.delay)
