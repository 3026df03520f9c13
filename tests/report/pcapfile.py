"""A reader of pcap files with link type RAW, to check what we write by other means than those that wrote it."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Seen:
    """One packet as a reader sees it."""

    at: float
    source: tuple[str, int]
    target: tuple[str, int]
    size: int
    """Of the UDP payload, by its header."""
    head: bytes
    """What is there of it."""


def parse(data: bytes) -> list[Seen]:
    """All packets; asserts that headers and lengths agree."""
    magic, major, minor, zone, accuracy, snaplen, linktype = struct.unpack_from("<IHHiIII", data)
    assert (magic, major, minor, zone, accuracy, snaplen, linktype) == (0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    found, at = [], 24
    while at < len(data):
        seconds, micro, kept, whole = struct.unpack_from("<IIII", data, at)
        packet = data[at + 16 : at + 16 + kept]
        assert len(packet) == kept <= whole
        found.append(_packet(seconds + micro / 1e6, packet, whole))
        at += 16 + kept
    return found


def _packet(at: float, packet: bytes, whole: int) -> Seen:
    version = packet[0] >> 4
    if version == 4:
        assert packet[0] & 0xF == 5
        assert struct.unpack_from(">H", packet, 2)[0] == whole
        assert _sum(packet[:20]) == 0xFFFF
        protocol, start = packet[9], 20
        source, target = (str(ipaddress.IPv4Address(packet[o : o + 4])) for o in (12, 16))
    else:
        assert version == 6
        assert struct.unpack_from(">H", packet, 4)[0] == whole - 40
        protocol, start = packet[6], 40
        source, target = (str(ipaddress.IPv6Address(packet[o : o + 16])) for o in (8, 24))
    assert protocol == 17
    sport, dport, length, _ = struct.unpack_from(">HHHH", packet, start)
    assert length == whole - start
    return Seen(at, (source, sport), (target, dport), length - 8, packet[start + 8 :])


def _sum(header: bytes) -> int:
    total = sum(struct.unpack(">10H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
