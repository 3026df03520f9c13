"""What RTCP says of a leg: reception statistics, sender and receiver reports, round trip (RFC 3550 section 6).

Pure: times come in as monotonic seconds, packets as bytes. The NTP timestamps that we send count from an arbitrary
instant, as RFC 3550 6.4.1 allows: a phone without a battery clock has no better, and its clock may step in a call.
"""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass

from phone.media.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    build_rtcp,
    middle_of_ntp,
    parse_rtcp,
)
from phone.media.rtp import RtpError, RtpPacket, RtpSender, unwrap16

INTERVAL = 2.5
"""Seconds on average. Two members need far less than 5 % of the bandwidth so; RFC 4585 drops the 5 s minimum."""
_MAX_DROPOUT = 3000
"""RFC 3550 A.1: a jump in numbers this far is a new beginning."""


@dataclass(frozen=True, slots=True)
class Figures:
    """As they are now. Milliseconds and percent."""

    round_trip_ms: float | None
    received: int
    lost: int
    loss_percent: float
    """Of the interval before our last report."""
    far_loss_percent: float | None
    jitter_ms: float


class Reception:
    """What came from one source (RFC 3550 A.1, A.3, A.8)."""

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.received = 0
        self.jitter = 0.0
        """RTP clock units."""
        self.clock_rate = 8000
        self.last_report = 0
        self.last_report_at = 0.0
        self._unwrap = unwrap16()
        self._base = 0
        self._highest = 0
        self._expected_before = 0
        self._received_before = 0
        self._transit: float | None = None

    def add(self, packet: RtpPacket, arrival: float, clock_rate: int) -> None:
        """Count one packet."""
        sequence = self._unwrap(packet.sequence)
        if self.received == 0:
            self._base = self._highest = sequence
        elif abs(sequence - self._highest) > _MAX_DROPOUT:
            self._base += sequence - self._highest - 1
            self._highest = sequence
        self._highest = max(self._highest, sequence)
        self.received += 1
        self._measure(packet.timestamp, arrival, clock_rate)

    def _measure(self, timestamp: int, arrival: float, clock_rate: int) -> None:
        # RFC 3550 A.8, with the transit's difference wrapped to 32 bits
        transit = arrival * clock_rate - timestamp
        if self._transit is not None and clock_rate == self.clock_rate:
            difference = (transit - self._transit + 2**31) % 2**32 - 2**31
            if abs(difference) < clock_rate:  # a pause or a jump of the sender's clock says nothing of the network
                self.jitter += (abs(difference) - self.jitter) / 16
        self._transit, self.clock_rate = transit, clock_rate

    @property
    def expected(self) -> int:
        """Packets sent, by their numbers."""
        return self._highest - self._base + 1 if self.received else 0

    @property
    def lost(self) -> int:
        """Since the beginning; negative where there were duplicates."""
        return self.expected - self.received

    def block(self, now: float) -> tuple[ReportBlock, float]:
        """The report on this source, and the percentage lost since the one before; begins a new interval."""
        expected = self.expected - self._expected_before
        lost = expected - (self.received - self._received_before)
        self._expected_before, self._received_before = self.expected, self.received
        fraction = max(0.0, lost / expected) if expected > 0 else 0.0
        delay = round((now - self.last_report_at) * 65536) if self.last_report else 0
        block = ReportBlock(
            ssrc=self.ssrc,
            fraction_lost=min(255, int(fraction * 256)),
            lost=self.lost,
            highest_sequence=self._highest & 0xFFFFFFFF,
            jitter=int(self.jitter),
            last_report=self.last_report,
            delay=min(delay, 0xFFFFFFFF),
        )
        return block, fraction * 100


class Control:
    """RTCP of one leg, both ways."""

    def __init__(self, ssrc: int) -> None:
        self._ssrc = ssrc
        # RFC 7022 4.2: a fresh random name for each call tells nothing about who we are
        self._cname = secrets.token_urlsafe(12)
        self._reception: Reception | None = None
        self._received_before = self._lost_before = 0
        self._due: float | None = None
        self._round_trip: float | None = None
        self._loss = 0.0
        self.far_loss_percent: float | None = None
        """What the far end's last report says of what we sent."""

    def received(self, packet: RtpPacket, arrival: float, clock_rate: int) -> None:
        """An RTP packet came at `arrival`."""
        source = self._reception
        if source is None or source.ssrc != packet.ssrc:
            if source is not None:
                self._received_before += source.received
                self._lost_before += source.lost
            source = self._reception = Reception(packet.ssrc)
        source.add(packet, arrival, clock_rate)

    def receive(self, data: bytes, now: float) -> bool:
        """A compound RTCP packet came; False if it is malformed."""
        try:
            packets = parse_rtcp(data)
        except RtpError:
            return False
        for packet in packets:
            if isinstance(packet, SenderReport) and self._reception and packet.ssrc == self._reception.ssrc:
                self._reception.last_report = middle_of_ntp(packet.ntp)
                self._reception.last_report_at = now
            if isinstance(packet, (SenderReport, ReceiverReport)):
                for block in packet.blocks:
                    self._take(block, now)
        return True

    def _take(self, block: ReportBlock, now: float) -> None:
        if block.ssrc != self._ssrc:
            return
        self.far_loss_percent = block.fraction_lost * 100 / 256
        if block.last_report:
            # RFC 3550 6.4.1: A - LSR - DLSR, in 65536ths
            trip = (middle_of_ntp(_ntp(now)) - block.last_report - block.delay) & 0xFFFFFFFF
            if trip < 60 * 65536:  # beyond a minute somebody's arithmetic is wrong, or the difference is negative
                self._round_trip = trip * 1000 / 65536

    def due(self, now: float, sender: RtpSender) -> bytes | None:
        """The compound report, when it is time for one."""
        if self._due is None:
            self._due = now
        if now < self._due:
            return None
        self._due = now + INTERVAL * random.uniform(0.5, 1.5)  # noqa: S311  RFC 3550 6.3.1: not in step with others
        return self._report(now, sender)

    def goodbye(self, now: float, sender: RtpSender) -> bytes:
        """The last report, with BYE (RFC 3550 6.6)."""
        return self._report(now, sender) + build_rtcp((Goodbye((self._ssrc,)),))

    def _report(self, now: float, sender: RtpSender) -> bytes:
        blocks: tuple[ReportBlock, ...] = ()
        if self._reception is not None:
            block, self._loss = self._reception.block(now)
            blocks = (block,)
        report = (
            SenderReport(self._ssrc, _ntp(now), sender.timestamp, sender.packets, sender.octets, blocks)
            if sender.packets
            else ReceiverReport(self._ssrc, blocks)
        )
        return build_rtcp((report, SourceDescription(self._ssrc, self._cname)))

    def figures(self) -> Figures:
        """For the display; reading changes nothing."""
        source = self._reception
        return Figures(
            round_trip_ms=self._round_trip,
            received=self._received_before + (source.received if source else 0),
            lost=max(0, self._lost_before + (source.lost if source else 0)),
            loss_percent=self._loss,
            far_loss_percent=self.far_loss_percent,
            jitter_ms=source.jitter * 1000 / source.clock_rate if source else 0.0,
        )


def _ntp(now: float) -> int:
    return int(now * 2**32) & 0xFFFFFFFFFFFFFFFF
