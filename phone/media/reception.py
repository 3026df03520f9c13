"""Reception statistics of one source (RFC 3550 6.4.1, A.1, A.3, A.8). Reading changes nothing; `next_report` does.

Arrival times are monotonic seconds, handed in: a step of the wall clock must not look like jitter.
"""

from __future__ import annotations

from phone.media.rtcp import ReportBlock, SenderReport, middle_of_ntp
from phone.media.rtp import MAX_DROPOUT, RtpPacket, unwrap16


class Reception:
    """What came of one source (SSRC)."""

    __slots__ = (
        "_base",
        "_clock_rate",
        "_highest",
        "_jitter",
        "_last_report",
        "_lost_before",
        "_reported",
        "_reported_at",
        "_seen",
        "_transit",
        "_unwrap",
        "interval_loss",
        "received",
        "ssrc",
    )

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.received = 0
        """Packets, duplicates included."""
        self.interval_loss = 0.0
        """Share lost between the last two reports, 0 to 1."""
        self._unwrap = unwrap16()
        self._base = self._highest = 0
        self._seen = 0
        self._lost_before = 0
        self._reported = (0, 0)
        self._clock_rate = 0
        self._jitter = self._transit = 0.0
        self._last_report = 0
        self._reported_at = 0.0

    def packet(self, packet: RtpPacket, arrival: float, clock_rate: int) -> None:
        """Count a packet. `clock_rate` is its payload type's."""
        sequence = self._unwrap(packet.sequence)
        if not self.received or abs(sequence - self._highest) > MAX_DROPOUT:
            sequence = self._restart(packet.sequence)
        self._base, self._highest = min(self._base, sequence), max(self._highest, sequence)
        self.received += 1
        self._seen += 1
        transit = arrival * clock_rate - packet.timestamp
        if clock_rate == self._clock_rate:
            # RFC 3550 A.8; modulo, since the timestamp wraps and the arrival does not.
            step = abs((transit - self._transit + 2**31) % 2**32 - 2**31)
            self._jitter += (step - self._jitter) / 16
        self._clock_rate, self._transit = clock_rate, transit

    def _restart(self, sequence: int) -> int:
        self._lost_before = self.lost if self.received else 0
        self._unwrap.forget()
        self._base = self._highest = self._unwrap(sequence)
        self._seen = 0
        self._reported = (0, 0)
        return sequence

    def sender_report(self, report: SenderReport, arrival: float) -> None:
        """Note a report of this source, to be named in ours."""
        self._last_report, self._reported_at = middle_of_ntp(report.ntp), arrival

    @property
    def _expected(self) -> int:
        return self._highest - self._base + 1 if self.received else 0

    @property
    def lost(self) -> int:
        """Since the beginning (RFC 3550 A.3); negative when there were more duplicates than losses."""
        return self._lost_before + self._expected - self._seen

    @property
    def jitter(self) -> float:
        """Interarrival jitter in seconds."""
        return self._jitter / self._clock_rate if self._clock_rate else 0.0

    def next_report(self, now: float) -> ReportBlock:
        """The block to send at `now`; begins a new interval."""
        expected_before, seen_before = self._reported
        self._reported = (self._expected, self._seen)
        expected = self._expected - expected_before
        lost = expected - (self._seen - seen_before)
        self.interval_loss = lost / expected if expected > 0 and lost > 0 else 0.0
        delay = round((now - self._reported_at) * 65536) if self._last_report else 0
        return ReportBlock(
            ssrc=self.ssrc,
            fraction_lost=min(255, int(256 * self.interval_loss)),
            lost=self.lost,
            highest_sequence=self._highest & 0xFFFFFFFF,
            jitter=int(self._jitter) & 0xFFFFFFFF,
            last_report=self._last_report,
            delay=delay & 0xFFFFFFFF,
        )
