"""UDP datagrams as a pcap file: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-06.html.

Link type RAW: IP headers are made here, since a socket shows none. What was cut from a datagram is cut in the file,
too, as by a snapshot length, and the lengths in the headers are those of the whole.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Sequence

_MAGIC = 0xA1B2C3D4
"""Microseconds."""
_LINKTYPE_RAW = 101
_SNAPLEN = 65_535
_UDP = 17
_EXPEDITED_FORWARDING = 0xB8
"""As the phone marks its own packets (`media.sockets`); of others it is not known."""
_TTL = 64
_FILE = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")
_UDP_HEADER = struct.Struct(">HHHH")
_IPV4 = struct.Struct(">BBHHHBBH4s4s")
_IPV6 = struct.Struct(">IHBB16s16s")
_MOST = 65_507
"""Octets of UDP payload in an IPv4 packet."""

Address = tuple[str, int]


def file_header() -> bytes:
    """What a file begins with."""
    return _FILE.pack(_MAGIC, 2, 4, 0, 0, _SNAPLEN, _LINKTYPE_RAW)


def record(at: float, source: Address, target: Address, size: int, head: bytes) -> bytes:
    """A datagram of `size` octets that begins with `head`, at Unix second `at`.

    Raises ValueError where the addresses are none, or of two families.
    """
    headers = _headers(source, target, min(size, _MOST))
    kept = headers + head[:_MOST]
    seconds, microseconds = divmod(round(at * 1_000_000), 1_000_000)
    whole = len(headers) + max(min(size, _MOST), len(head[:_MOST]))
    return _RECORD.pack(seconds & 0xFFFFFFFF, microseconds, len(kept), whole) + kept


def _headers(source: Address, target: Address, size: int) -> bytes:
    ours, theirs = ipaddress.ip_address(source[0]), ipaddress.ip_address(target[0])
    length = _UDP_HEADER.size + size
    # 0: no checksum; a whole datagram would be needed for one
    udp = _UDP_HEADER.pack(source[1], target[1], length, 0)
    if isinstance(ours, ipaddress.IPv4Address) and isinstance(theirs, ipaddress.IPv4Address):
        return _ipv4(ours, theirs, length) + udp
    if isinstance(ours, ipaddress.IPv6Address) and isinstance(theirs, ipaddress.IPv6Address):
        flow = 6 << 28 | _EXPEDITED_FORWARDING << 20
        return _IPV6.pack(flow, length, _UDP, _TTL, ours.packed, theirs.packed) + udp
    raise ValueError(f"{source[0]} and {target[0]} are of two families")


def _ipv4(source: ipaddress.IPv4Address, target: ipaddress.IPv4Address, length: int) -> bytes:
    fields = (0x45, _EXPEDITED_FORWARDING, 20 + length, 0, 0x4000, _TTL, _UDP)
    bare = _IPV4.pack(*fields, 0, source.packed, target.packed)
    return _IPV4.pack(*fields, _checksum(struct.unpack(">10H", bare)), source.packed, target.packed)


def _checksum(words: Sequence[int]) -> int:
    """RFC 1071."""
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
