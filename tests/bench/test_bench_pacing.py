"""Which packets on a cable are a phone's voice."""

from __future__ import annotations

import socket

import pytest

from bench.pacing import sequence_number

OURS, OTHER = "10.68.0.2", "10.68.0.3"


def packet(sender: str, payload: bytes, protocol: int = 17, options: bytes = b"") -> bytes:
    """IPv4 and UDP around it."""
    head = bytes([0x40 | (20 + len(options)) // 4]) + bytes(8) + bytes([protocol]) + bytes(2)
    return head + socket.inet_aton(sender) + bytes(4) + options + bytes(8) + payload


RTP = bytes([0x80, 96, 0x12, 0x34]) + bytes(8)
RTCP = bytes([0x80, 200, 0, 6]) + bytes(8)
STUN = bytes([0x00, 0x01, 0, 0]) + bytes(16)


def test_rtp_with_and_without_marker_and_options() -> None:
    assert sequence_number(packet(OURS, RTP), OURS) == 0x1234
    assert sequence_number(packet(OURS, RTP, options=bytes(4)), OURS) == 0x1234
    assert sequence_number(packet(OURS, bytes([0x80, 0x80 | 96]) + RTP[2:]), OURS) == 0x1234


@pytest.mark.parametrize(
    "other",
    [packet(OTHER, RTP), packet(OURS, RTCP), packet(OURS, STUN), packet(OURS, RTP, 6), packet(OURS, RTP[:11]), b""],
    ids=["another's", "rtcp", "stun", "tcp", "cut", "nothing"],
)
def test_nothing_else(other: bytes) -> None:
    assert sequence_number(other, OURS) is None
