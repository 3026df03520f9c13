"""The speech of one leg: RTP both ways, telephone events, RTCP.

The loop brings packets and plans; the audio thread calls `hear` and `speak`. The playout's inbox takes packets from
any thread; the way out has a lock.
"""

from __future__ import annotations

import logging
import secrets
import time
from array import array
from collections.abc import Callable
from typing import Protocol

from phone.media import plan
from phone.media.codecs import Codec
from phone.media.dtmf import DtmfReceiver
from phone.media.outgoing import EVENT, MakeCodec
from phone.media.outward import Outward, Send
from phone.media.plan import LegPlan, LegStats
from phone.media.playout import COMFORT_NOISE, Playout
from phone.media.rtcp_session import RtcpSession
from phone.media.rtp import RtpError, RtpPacket, parse_rtp
from phone.media.srtp import Srtp

log = logging.getLogger(__name__)

_STATIC = {0: plan.Codec("pcmu", 0, 8000), 8: plan.Codec("pcma", 8, 8000)}
"""RFC 3551 table 4: these may come though nobody named them."""
_LOGGED_REJECTS = 5


class Tapping(Protocol):
    """Hears what the far end sends, as it comes: a recording."""

    def put(self, packet: RtpPacket, form: plan.Codec | None, arrival: float) -> None:
        """A packet of payload type `form` (None: comfort noise), at `arrival` (monotonic seconds). On the loop."""


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
        self.tap: Tapping | None = None
        """Who else hears the far end."""
        self.out = Outward(leg)
        # RFC 7022 4.2: a fresh random name for each call tells nothing about who we are
        self.control = RtcpSession(self.out.sender, secrets.token_urlsafe(12), time.monotonic())
        self._onward: Outward | None = None
        self._rtcp = True
        self.rejected = 0
        self.control_heard = False
        """The far end sends RTCP."""

    # --- on the loop

    def follow(self, leg: LegPlan) -> None:
        """Understand what `receive` names, send what `codecs` names first."""
        # RFC 5761 5.1.1: without rtcp-mux it would go to component 2, which we do not have
        self._rtcp = leg.rtcp_mux
        self._understand(leg.receive)
        self.out.agree(leg, self._codec)

    def _understand(self, receive: tuple[plan.Codec, ...]) -> None:
        formats = {**_STATIC, **{codec.payload_type: codec for codec in receive}}
        if formats == self._formats:
            return
        self._formats = formats
        codecs = {number: codec for number, form in formats.items() if (codec := self._codec(form.name)) is not None}
        events = frozenset(number for number, form in formats.items() if form.name == EVENT)
        self._playout = Playout(codecs, silent=events)

    def _codec(self, name: str) -> Codec | None:
        if name not in self._codecs:
            made = self._make_codec(name)
            if made is None:
                return None
            self._codecs[name] = made
        return self._codecs[name]

    def connect(self, transmit: Send, srtp: Srtp | None) -> None:
        """The leg is up: packets may flow."""
        self.out.connect(transmit, srtp)

    def disconnect(self) -> None:
        """Send nothing more."""
        self.out.disconnect()

    def leave(self) -> None:
        """Say BYE (RFC 3550 6.6), then send nothing more."""
        if self.out.connected and self.out.sender.packets:
            self._send_control(self.control.goodbye(time.monotonic()))
        self.disconnect()

    def send_on(self, onward: Outward | None) -> None:
        """What this far end says goes to another leg's way out, and nobody here hears it; None: to the ear again."""
        if onward is self._onward:
            return
        if self._onward is not None:
            self._onward.bridge(None)
        self._onward = onward
        if onward is not None:
            onward.bridge(self._make_codec)

    @property
    def answered(self) -> bool:
        """Whether there is something to be sent in; before the answer there is not."""
        return self.out.agreed is not None

    def digit(self, digit: str, ms: int) -> None:
        """Queue a telephone event; ignored with a warning where the far end takes none."""
        self.out.digit(digit, ms)

    def receive(self, data: bytes, arrival: float) -> None:
        """One RTP packet, decrypted; `arrival` in monotonic seconds."""
        try:
            packet = parse_rtp(data)
        except RtpError as error:
            self.reject(str(error))
            return
        form = self._formats.get(packet.payload_type)
        if packet.ssrc == self.out.sender.ssrc or (form is None and packet.payload_type != COMFORT_NOISE):
            self.reject(f"payload type {packet.payload_type} was never agreed")
            return
        self.control.received(packet, arrival, form.clock_rate if form else 8000)
        if form is not None and form.name == EVENT:
            self._event(packet)
        if self.tap is not None:
            self.tap.put(packet, form, arrival)
        if self._onward is not None:
            self._onward.relay(packet, form, arrival)
        elif self._playout is not None:
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
            return
        self.control_heard = True
        self.out.far_loss_percent = self.control.far_loss_percent or 0.0

    def reject(self, reason: str) -> None:
        """Count what is not ours; the first few are logged."""
        self.rejected += 1
        if self.rejected <= _LOGGED_REJECTS:
            log.info("leg %s refused %s", self._leg, reason)

    def tick(self, now: float) -> None:
        """Once a second: send RTCP when it is due."""
        if self.out.flowing and self.control.due(now):
            self._send_control(self.control.next_report(now))

    def _send_control(self, packet: bytes) -> None:
        if self._rtcp:
            self.out.send_control(packet)

    def stats(self) -> LegStats:
        """For the display and the log."""
        played = self._playout.stats() if self._playout is not None else None
        control, agreed = self.control, self.out.agreed
        return LegStats(
            leg=self._leg,
            codec=agreed.codec.name if agreed else "",
            ptime=self.out.ptime,
            round_trip_ms=None if control.round_trip is None else control.round_trip * 1000,
            sent=self.out.sender.packets,
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
        self.out.speak(samples, count)
