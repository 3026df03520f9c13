"""The speech of one leg: RTP both ways, telephone events, RTCP.

The loop brings packets and plans; the audio thread calls `hear` and `speak`. Between them pass whole values alone:
`_outgoing` is replaced, never changed, and the playout's inbox takes packets from any thread.
"""

from __future__ import annotations

import logging
import secrets
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass

from phone.media import plan
from phone.media.codecs import Codec
from phone.media.dtmf import DIGITS, DtmfReceiver, DtmfSender
from phone.media.plan import LegPlan, LegStats
from phone.media.playout import Playout
from phone.media.rtcp_session import RtcpSession
from phone.media.rtp import RtpError, RtpPacket, RtpSender, parse_rtp
from phone.media.srtp import Srtp

log = logging.getLogger(__name__)

RATE = 48_000
EVENT = "telephone-event"
_STATIC = {0: plan.Codec("pcmu", 0, 8000), 8: plan.Codec("pcma", 8, 8000)}
"""RFC 3551 table 4: these may come though nobody named them."""
_LOGGED_REJECTS = 5
_PACKET_TIMES = (10, 20, 40, 60)

Send = Callable[[bytes], bool]
MakeCodec = Callable[[str], Codec | None]
"""By lower-case name; None: not ours."""


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """All that the audio thread needs to send."""

    codec: Codec
    payload_type: int
    event_type: int | None
    samples: int
    """48 kHz samples in a packet."""
    units: int
    """The same in RTP clock units."""


class Speech:
    """RTP of one leg. `on_digit` is called on the loop with each digit that the far end sends."""

    def __init__(self, leg: str, make_codec: MakeCodec, on_digit: Callable[[str], None]) -> None:
        self._leg = leg
        self._make_codec = make_codec
        self._on_digit = on_digit
        self._codecs: dict[str, Codec] = {}
        self._formats: dict[int, plan.Codec] = {}
        self._playout: Playout | None = None
        self._digits_in = DtmfReceiver()
        self._digits_out: DtmfSender | None = None
        self._sender = RtpSender(secrets.randbits(32))
        # RFC 7022 4.2: a fresh random name for each call tells nothing about who we are
        self.control = RtcpSession(self._sender, secrets.token_urlsafe(12), time.monotonic())
        self._agreed: _Outgoing | None = None
        self._outgoing: _Outgoing | None = None
        self._transmit: Send | None = None
        self._srtp: Srtp | None = None
        self._frame = array("h")
        self._fresh = True
        self._ptime = 20
        self._rtcp = True
        self.rejected = 0

    # --- on the loop

    def follow(self, leg: LegPlan) -> None:
        """Understand what `receive` names, send what `codecs` names first."""
        # RFC 5761 5.1.1: without rtcp-mux it would go to component 2, which we do not have
        self._rtcp = leg.rtcp_mux
        self._understand(leg.receive)
        self._agree(leg)

    def _understand(self, receive: tuple[plan.Codec, ...]) -> None:
        formats = {**_STATIC, **{codec.payload_type: codec for codec in receive}}
        if formats == self._formats:
            return
        self._formats = formats
        codecs = {number: codec for number, form in formats.items() if (codec := self._codec(form.name)) is not None}
        events = frozenset(number for number, form in formats.items() if form.name == EVENT)
        self._playout = Playout(codecs, silent=events)

    def _agree(self, leg: LegPlan) -> None:
        self._ptime = leg.ptime if leg.ptime in _PACKET_TIMES else 20
        speech = next((codec for codec in leg.codecs if codec.name != EVENT), None)
        codec = self._codec(speech.name) if speech is not None else None
        if speech is None or codec is None:
            self._agreed = self._outgoing = None
            return
        codec.limit_bitrate(_most_bits(speech))
        units = codec.clock_rate * self._ptime // 1000
        event = _event_type(leg.codecs, codec.clock_rate)
        agreed = _Outgoing(codec, speech.payload_type, event, RATE * self._ptime // 1000, units)
        if agreed != self._agreed:
            self._agreed = agreed
            self._digits_out = DtmfSender(codec.clock_rate)
        self._outgoing = agreed if self._transmit is not None else None

    def _codec(self, name: str) -> Codec | None:
        if name not in self._codecs:
            made = self._make_codec(name)
            if made is None:
                return None
            self._codecs[name] = made
        return self._codecs[name]

    def connect(self, transmit: Send, srtp: Srtp | None) -> None:
        """The leg is up: packets may flow."""
        self._srtp = srtp
        self._transmit = transmit
        self._outgoing = self._agreed

    def disconnect(self) -> None:
        """Send nothing more."""
        self._outgoing = self._transmit = None

    def leave(self) -> None:
        """Say BYE (RFC 3550 6.6), then send nothing more."""
        if self._transmit is not None and self._sender.packets:
            self._send_control(self.control.goodbye(time.monotonic()))
        self.disconnect()

    @property
    def answered(self) -> bool:
        """Whether there is something to be sent in; before the answer there is not."""
        return self._agreed is not None

    def digit(self, digit: str, ms: int) -> None:
        """Queue a telephone event; ignored with a warning where the far end takes none."""
        if self._digits_out is None or self._agreed is None or self._agreed.event_type is None or digit not in DIGITS:
            log.warning("leg %s: the far end takes no telephone events: digit not sent", self._leg)
            return
        self._digits_out.push(digit, ms)

    def receive(self, data: bytes, arrival: float) -> None:
        """One RTP packet, decrypted; `arrival` in monotonic seconds."""
        try:
            packet = parse_rtp(data)
        except RtpError as error:
            self.reject(str(error))
            return
        form = self._formats.get(packet.payload_type)
        if packet.ssrc == self._sender.ssrc or (form is None and packet.payload_type != _COMFORT_NOISE):
            self.reject(f"payload type {packet.payload_type} was never agreed")
            return
        self.control.received(packet, arrival, form.clock_rate if form else 8000)
        if form is not None and form.name == EVENT:
            self._event(packet)
        if self._playout is not None:
            self._playout.put(packet, arrival)

    def _event(self, packet: RtpPacket) -> None:
        digit = self._digits_in.put(packet)
        if digit is not None:
            self._on_digit(digit)

    def receive_rtcp(self, data: bytes, now: float) -> None:
        """One compound RTCP packet, decrypted."""
        try:
            self.control.incoming(data, now)
        except RtpError as error:
            self.reject(str(error))

    def reject(self, reason: str) -> None:
        """Count what is not ours; the first few are logged."""
        self.rejected += 1
        if self.rejected <= _LOGGED_REJECTS:
            log.info("leg %s refused %s", self._leg, reason)

    def tick(self, now: float) -> None:
        """Once a second: send RTCP when it is due."""
        if self._outgoing is not None and self.control.due(now):
            self._send_control(self.control.next_report(now))

    def _send_control(self, packet: bytes) -> None:
        if self._transmit is not None and self._rtcp:
            self._transmit(self._srtp.protect_rtcp(packet) if self._srtp else packet)

    def stats(self) -> LegStats:
        """For the display and the log."""
        played = self._playout.stats() if self._playout is not None else None
        control, agreed = self.control, self._agreed
        return LegStats(
            leg=self._leg,
            codec=agreed.codec.name if agreed else "",
            ptime=self._ptime,
            round_trip_ms=None if control.round_trip is None else control.round_trip * 1000,
            sent=self._sender.packets,
            received=control.packets_received,
            lost=control.packets_lost,
            loss_percent=control.loss_percent,
            far_loss_percent=control.far_loss_percent,
            concealed_ms=played.concealed_ms if played else 0,
            jitter_ms=control.jitter * 1000,
            jitter_buffer_ms=played.jitter_buffer_ms if played else 0.0,
            rejected=self.rejected + (played.malformed if played else 0),
        )

    # --- in the audio thread

    def hear(self, samples: int) -> array[int]:
        """What the far end says in the next `samples`; silence before it says anything."""
        playout = self._playout
        return array("h", bytes(2 * samples)) if playout is None else playout.read(samples, time.monotonic())

    def speak(self, samples: array[int] | None, count: int) -> None:
        """Say `count` samples (None: silence), packet by packet."""
        outgoing = self._outgoing
        if outgoing is None:
            if self._frame:
                self._frame = array("h")
            return
        self._frame += array("h", bytes(2 * count)) if samples is None else samples
        while len(self._frame) >= outgoing.samples:
            frame = self._frame[: outgoing.samples]
            del self._frame[: outgoing.samples]
            self._say(outgoing, frame)

    def _say(self, outgoing: _Outgoing, frame: array[int]) -> None:
        sender = self._sender
        event = self._digits_out.tick(sender.timestamp, outgoing.units) if self._digits_out is not None else None
        if event is not None and outgoing.event_type is not None:
            packet = sender.pack(event.payload, outgoing.event_type, marker=event.marker, timestamp=event.timestamp)
        else:
            outgoing.codec.expect_loss(self.control.far_loss_percent or 0.0)
            packet = sender.pack(outgoing.codec.encode(frame), outgoing.payload_type, marker=self._fresh)
        self._fresh = False
        sender.advance(outgoing.units)
        transmit, srtp = self._transmit, self._srtp
        if transmit is not None:
            transmit(srtp.protect(bytes(packet)) if srtp else bytes(packet))


_COMFORT_NOISE = 13
_BITRATES = (6_000, 510_000)
"""Of Opus (RFC 7587 6.1)."""
_LONGEST_NUMBER = 9


def _most_bits(codec: plan.Codec) -> int:
    """What the far end takes at most, a second (RFC 7587 7.1); nonsense is no limit."""
    told = codec.parameters.get("maxaveragebitrate", "")
    least, most = _BITRATES
    if not (told.isascii() and told.isdecimal() and len(told) <= _LONGEST_NUMBER):
        return most
    return min(most, max(least, int(told)))


def _event_type(codecs: tuple[plan.Codec, ...], clock_rate: int) -> int | None:
    """Events share the speech's clock (RFC 4733 2.1): the payload type with that rate, else the only one there is."""
    events = [codec for codec in codecs if codec.name == EVENT]
    fitting = [codec for codec in events if codec.clock_rate == clock_rate] or events
    return fitting[0].payload_type if fitting else None
