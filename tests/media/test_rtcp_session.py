# ruff: noqa: FBT003 - the marker is a field of the wire
"""Two RTCP sessions over a pretended wire."""

import random

import pytest

from phone.media.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    build_rtcp,
    parse_rtcp,
)
from phone.media.rtcp_session import RtcpSession, ntp_of
from phone.media.rtp import RtpError, RtpPacket, RtpSender, parse_rtp


def end(ssrc):
    sender = RtpSender(ssrc, sequence=65530, timestamp=0)
    return sender, RtcpSession(sender, f"c{ssrc}", 100.0, random.Random(ssrc))


def test_round_trip_and_losses_of_both_ends():
    (a_sender, a), (_, b) = end(1), end(2)
    assert (a.round_trip, a.far_loss_percent, a.jitter, a.loss_percent) == (None, None, 0.0, 0.0)
    for n in range(20):
        packet = parse_rtp(a_sender.pack(b"abc", 0))
        a_sender.advance(160)
        if n != 7:
            b.received(packet, 100 + n * 0.021, 8000)
    assert not a.due(100.9)
    assert a.due(101.0)
    b.incoming(a.next_report(101.0), 101.03)
    assert not a.due(103.4)
    assert a.due(108.6)
    a.incoming(b.next_report(102.0), 102.05)
    assert a.round_trip == pytest.approx(0.08, abs=1e-4)
    assert a.far_loss_percent == pytest.approx(5, abs=0.4)
    assert b.loss_percent == 5
    assert (b.packets_received, b.packets_lost) == (19, 1)
    assert b.jitter > 0


def test_who_sent_nothing_reports_as_receiver():
    sender, session = end(1)
    assert isinstance(parse_rtcp(session.next_report(101))[0], ReceiverReport)
    sender.pack(b"12345", 0)
    sent = parse_rtcp(session.next_report(106.5))
    assert sent == (SenderReport(1, ntp_of(106.5), 0, 1, 5), SourceDescription(1, "c1"))
    assert isinstance(parse_rtcp(session.next_report(112))[0], ReceiverReport)


def test_goodbye_of_the_source_heard():
    _, session = end(1)
    session.incoming(build_rtcp((Goodbye((2,)),)), 101)
    assert not session.gone
    session.received(RtpPacket(0, False, 1, 1, 2, b""), 101, 8000)
    session.incoming(build_rtcp((Goodbye((3,)),)), 101)
    assert not session.gone
    _, other = end(2)
    session.incoming(other.goodbye(101), 101)
    assert session.gone


def test_another_source_adds_to_the_totals():
    _, session = end(1)
    for ssrc in (5, 6):
        for sequence in (10, 12):
            session.received(RtpPacket(0, False, sequence, 0, ssrc, b""), 101, 8000)
    assert (session.packets_received, session.packets_lost) == (4, 2)


def test_reports_of_others_and_from_the_future_say_nothing():
    _, session = end(1)
    session.incoming(build_rtcp((SenderReport(77, 0, 0, 0, 0, (ReportBlock(3, 255, 0, 0, 0, 0, 0),)),)), 101)
    assert session.far_loss_percent is None
    session.incoming(build_rtcp((ReceiverReport(77, (ReportBlock(1, 64, 0, 0, 0, 0, 0),)),)), 101)
    assert (session.far_loss_percent, session.round_trip) == (25, None)
    later = ntp_of(200) >> 16 & 0xFFFFFFFF
    session.incoming(build_rtcp((ReceiverReport(77, (ReportBlock(1, 0, 0, 0, 0, later, 0),)),)), 101)
    assert session.round_trip is None


def test_of_a_malformed_packet_nothing_is_taken_in():
    _, session = end(1)
    good = build_rtcp((ReceiverReport(77, (ReportBlock(1, 64, 0, 0, 0, 0, 0),)),))
    with pytest.raises(RtpError):
        session.incoming(good + b"\x80\xc9\x00", 101)
    assert session.far_loss_percent is None
