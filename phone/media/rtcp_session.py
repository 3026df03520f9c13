"""One leg's RTCP: when to report, what to say, what the far end says of us (RFC 3550 6.2 to 6.4).

All times are monotonic seconds, handed in. NTP timestamps are made of them: nobody compares ours with a wall clock.
"""

from __future__ import annotations

import random

from phone.media.reception import Reception
from phone.media.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    build_rtcp,
    middle_of_ntp,
    parse_rtcp,
)
from phone.media.rtp import Buffer, RtpPacket, RtpSender

_FIRST = 1.0
"""Seconds to the first report: the round trip and the far end's loss are wanted early."""
_INTERVAL = 5.0


def ntp_of(now: float) -> int:
    """64-bit NTP format of monotonic seconds; RFC 3550 4 allows any clock that all of a sender's reports share."""
    return int(now * 2**32) & 0xFFFFFFFFFFFFFFFF


class RtcpSession:
    """Reports about one RTP stream each way."""

    def __init__(self, sender: RtpSender, cname: str, now: float, randomness: random.Random | None = None) -> None:
        """`cname`: names the user's device for the call, never the user (RFC 7022)."""
        self._sender = sender
        self._cname = cname
        self._random = randomness or random.SystemRandom()
        self._due = now + _FIRST
        self._sent_before = 0
        self._reception: Reception | None = None
        self._earlier_received = self._earlier_lost = 0
        self._round_trip: float | None = None
        self._far_loss: float | None = None
        self._gone = False

    def received(self, packet: RtpPacket, arrival: float, clock_rate: int) -> None:
        """Count an RTP packet. Another SSRC than before is a new source: the far end restarted."""
        if self._reception is None or packet.ssrc != self._reception.ssrc:
            self._earlier_received, self._earlier_lost = self.packets_received, self.packets_lost
            self._reception = Reception(packet.ssrc)
        self._reception.packet(packet, arrival, clock_rate)

    def incoming(self, data: Buffer, arrival: float) -> None:
        """Take in a compound packet. Raises RtpError on nonsense, of which nothing is taken in."""
        for packet in parse_rtcp(data):
            self._take(packet, arrival)

    def _take(self, packet: RtcpPacket, arrival: float) -> None:
        if isinstance(packet, SenderReport) and self._is_source(packet.ssrc) and self._reception is not None:
            self._reception.sender_report(packet, arrival)
        if isinstance(packet, SenderReport | ReceiverReport):
            for block in packet.blocks:
                if block.ssrc == self._sender.ssrc:
                    self._take_block(block, arrival)
        if isinstance(packet, Goodbye) and any(map(self._is_source, packet.ssrcs)):
            self._gone = True

    def _is_source(self, ssrc: int) -> bool:
        return self._reception is not None and self._reception.ssrc == ssrc

    def _take_block(self, block: ReportBlock, arrival: float) -> None:
        self._far_loss = block.fraction_lost / 256
        if not block.last_report:
            return
        # RFC 3550 6.4.1: A - LSR - DLSR, in 65536ths of a second, modulo 2**32.
        round_trip = (middle_of_ntp(ntp_of(arrival)) - block.last_report - block.delay) & 0xFFFFFFFF
        if round_trip < 0x80000000:
            self._round_trip = round_trip / 65536

    def due(self, now: float) -> bool:
        """Whether a report is to be sent now."""
        return now >= self._due

    def next_report(self, now: float) -> bytes:
        """The compound packet to send at `now`; sets the time of the next (RFC 3550 6.2: 0.5 to 1.5 of 5 s)."""
        self._due = now + _INTERVAL * self._random.uniform(0.5, 1.5)
        report = self._report(now)
        self._sent_before = self._sender.packets
        return build_rtcp((report, SourceDescription(self._sender.ssrc, self._cname)))

    def goodbye(self, now: float) -> bytes:
        """The compound packet that ends the stream."""
        ssrc = self._sender.ssrc
        return build_rtcp((self._report(now), SourceDescription(ssrc, self._cname), Goodbye((ssrc,))))

    def _report(self, now: float) -> SenderReport | ReceiverReport:
        sender = self._sender
        blocks = () if self._reception is None else (self._reception.next_report(now),)
        if sender.packets == self._sent_before:
            return ReceiverReport(sender.ssrc, blocks)
        return SenderReport(sender.ssrc, ntp_of(now), sender.timestamp, sender.packets, sender.octets, blocks)

    @property
    def packets_received(self) -> int:
        """Since the call began, over all sources."""
        return self._earlier_received + (self._reception.received if self._reception else 0)

    @property
    def packets_lost(self) -> int:
        """Since the call began, over all sources."""
        return self._earlier_lost + (self._reception.lost if self._reception else 0)

    @property
    def loss_percent(self) -> float:
        """Of the last report interval, of what we receive."""
        return 100 * self._reception.interval_loss if self._reception else 0.0

    @property
    def jitter(self) -> float:
        """Interarrival jitter in seconds."""
        return self._reception.jitter if self._reception else 0.0

    @property
    def round_trip(self) -> float | None:
        """Seconds, from the far end's last report on us; None before."""
        return self._round_trip

    @property
    def far_loss_percent(self) -> float | None:
        """What the far end loses of what we send; None before its first report."""
        return None if self._far_loss is None else 100 * self._far_loss

    @property
    def gone(self) -> bool:
        """The far end has said goodbye."""
        return self._gone
