"""When a phone's voice packets leave, as seen on its cable."""

from __future__ import annotations

import socket
import struct
import time
from itertools import pairwise

from phone.media.rtp import HEADER_BYTES, kind_of_datagram

_IPV4, _UDP = 0x0800, 17
_TIMESTAMPS = 35
"""SO_TIMESTAMPNS of Linux: the kernel's own time of arrival, however late this program is."""
_TIMESPEC = struct.Struct("@qq")
PERIOD = 20.0
"""Milliseconds."""


def deviations(sender: str, seconds: float) -> list[float]:
    """Milliseconds, each the time between two RTP packets in sequence from that IPv4 address less `PERIOD`, without its
    sign; for so long. Raises PermissionError for anybody but root.
    """
    found: dict[int, float] = {}
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_IPV4)) as tap:
        tap.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        tap.settimeout(0.2)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                data, ancillary, _, _ = tap.recvmsg(256, socket.CMSG_SPACE(_TIMESPEC.size))
            except TimeoutError:
                continue
            if (number := sequence_number(data, sender)) is not None and ancillary:
                whole, nanoseconds = _TIMESPEC.unpack(ancillary[0][2][: _TIMESPEC.size])
                found.setdefault(number, whole * 1e3 + nanoseconds / 1e6)
    pairs = pairwise(sorted(found))
    return [abs(found[later] - found[earlier] - PERIOD) for earlier, later in pairs if later == earlier + 1]


def sequence_number(packet: bytes, sender: str) -> int | None:
    """Of RTP (RFC 3550 5.1) in IPv4 from there."""
    header = (packet[0] & 0x0F) * 4 if packet else 0
    rtp = packet[header + 8 :]
    if len(rtp) < HEADER_BYTES or packet[9] != _UDP or packet[12:16] != socket.inet_aton(sender):
        return None
    return int.from_bytes(rtp[2:4], "big") if kind_of_datagram(rtp) == "rtp" else None
