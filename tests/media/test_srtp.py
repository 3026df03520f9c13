"""SRTP both ways: what was protected opens once, and nothing else does."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.media.dtls import SrtpKeys
from phone.media.rtcp import Goodbye, ReceiverReport, build_rtcp
from phone.media.rtp import RtpSender, parse_rtp
from phone.media.srtp import Srtp

PROFILES = {"SRTP_AES128_CM_SHA1_80": 30, "SRTP_AEAD_AES_128_GCM": 28, "SRTP_AEAD_AES_256_GCM": 44}


def pair(profile: str = "SRTP_AES128_CM_SHA1_80") -> tuple[Srtp, Srtp]:
    size = PROFILES[profile]
    one, other = secrets.token_bytes(size), secrets.token_bytes(size)
    return Srtp(SrtpKeys(profile, one, other)), Srtp(SrtpKeys(profile, other, one))


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_carries_rtp_and_rtcp(profile: str) -> None:
    near, far = pair(profile)
    packet = bytes(RtpSender(1).pack(b"speech", 111))
    report = build_rtcp((ReceiverReport(1), Goodbye((1,))))
    assert far.open(near.protect(packet)) == packet
    assert far.open_rtcp(near.protect_rtcp(report)) == report
    assert near.open(far.protect(packet)) == packet
    assert b"speech" not in near.protect(bytes(RtpSender(2).pack(b"speech", 111)))


def test_a_repeated_packet_opens_once() -> None:
    near, far = pair()
    sender = RtpSender(1)
    packets = [near.protect(bytes(sender.pack(b"x", 0))) for _ in range(10)]
    assert [far.open(packet) is not None for packet in packets + packets] == [True] * 10 + [False] * 10


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_changed_packet_never_opens(place: int, flip: int) -> None:
    near, far = pair()
    packet = bytearray(near.protect(bytes(RtpSender(1).pack(b"y" * 160, 0))))
    packet[place % len(packet)] ^= flip
    assert far.open(bytes(packet)) is None


@given(st.binary(max_size=2000))
def test_nonsense_is_refused_without_an_exception(junk: bytes) -> None:
    _, far = pair()
    assert far.open(junk) is None
    assert far.open_rtcp(junk) is None


def test_sequence_numbers_wrap_and_disorder_is_taken() -> None:
    near, far = pair()
    sender = RtpSender(1, sequence=65_530)
    packets = [near.protect(bytes(sender.pack(bytes([i]), 0))) for i in range(40)]
    packets[3], packets[30] = packets[30], packets[3]
    opened = [far.open(packet) for packet in packets]
    assert sorted(parse_rtp(each).payload[0] for each in opened if each) == list(range(40))
