"""Ogg pages (RFC 3533 section 6): bytes in, pages out, and back. What has no right checksum is no page."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from phone.errors import PhoneError

CAPTURE = b"OggS"
MAX_HEADER = 27 + 255
NO_GRANULE = -1
"""No packet ends on the page."""
_HEADER = struct.Struct("<4sBBqIIIB")
_CHECKSUM_AT = 22
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class OggError(PhoneError, ValueError):
    """The file is not what it should be: play another one."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a logical stream."""

    serial: int
    sequence: int
    granule: int
    """Of Opus (RFC 7845 section 4): 48 kHz samples up to the end of the last packet that ends here; or NO_GRANULE."""
    packets: tuple[bytes, ...]
    """In order; the first may be the rest of one, the last the beginning of one."""
    first: bool = False
    last: bool = False
    continued: bool = False
    """`packets[0]` began on an earlier page."""
    open: bool = False
    """`packets[-1]` goes on, on the next page."""


def segments(size: int) -> int:
    """Entries of the lacing table that a whole packet of `size` bytes takes; a page has 255 of them."""
    return size // 255 + 1


def checksum(data: bytes) -> int:
    """CRC-32 of polynomial 04C11DB7, most significant bit first, from zero (RFC 3533 section 6, field 7)."""
    # zlib's has the same polynomial, least significant bit first and inverted twice.
    mirrored = zlib.crc32(data.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")


def encode(page: Page) -> bytes:
    """Its bytes. Raises OggError if it has more than 255 segments."""
    lacing = _lacing([len(packet) for packet in page.packets], open_=page.open)
    if len(lacing) > 255:
        raise OggError(f"{len(lacing)} segments do not go on an Ogg page: write smaller packets")
    flags = page.continued * _CONTINUED | page.first * _FIRST | page.last * _LAST
    head = _HEADER.pack(CAPTURE, 0, flags, page.granule, page.serial, page.sequence, 0, len(lacing))
    data = bytearray(head + lacing + b"".join(page.packets))
    struct.pack_into("<I", data, _CHECKSUM_AT, checksum(bytes(data)))
    return bytes(data)


def _lacing(sizes: Sequence[int], *, open_: bool) -> bytes:
    table = b"".join(b"\xff" * (size // 255) + bytes([size % 255]) for size in sizes)
    if not open_:
        return table
    if not sizes or sizes[-1] % 255 or not sizes[-1]:
        raise OggError("a packet goes on after whole segments of 255 bytes only")
    return table[:-1]


def size_of(header: bytes) -> int:
    """Bytes of the page that these bytes (MAX_HEADER, or all there are) begin; 0: none begins here."""
    if len(header) < _HEADER.size or not header.startswith(CAPTURE) or header[4] != 0:
        return 0
    count = header[26]
    table = header[27 : 27 + count]
    return 27 + count + sum(table) if len(table) == count else 0


def decode(data: bytes) -> Page | None:
    """The page that these bytes are; None if its checksum or its size is wrong."""
    if size_of(data) != len(data) or not data:
        return None
    _, _, flags, granule, serial, sequence, told, count = _HEADER.unpack_from(data)
    if checksum(data[:_CHECKSUM_AT] + bytes(4) + data[_CHECKSUM_AT + 4 :]) != told:
        return None
    table = data[27 : 27 + count]
    return Page(
        serial,
        sequence,
        granule,
        _split(table, data[27 + count :]),
        first=bool(flags & _FIRST),
        last=bool(flags & _LAST),
        continued=bool(flags & _CONTINUED),
        open=table.endswith(b"\xff"),
    )


def _split(table: bytes, body: bytes) -> tuple[bytes, ...]:
    packets = []
    start = end = 0
    for length in table:
        end += length
        if length < 255:
            packets.append(body[start:end])
            start = end
    if table.endswith(b"\xff"):
        packets.append(body[start:end])
    return tuple(packets)
