"""The way out of one leg: speech into packets, telephone events, and what is sent on from a bridged leg.

The audio thread calls `speak`; the loop all else. What sends holds `_lock`, so that packets of a bridge and the last
frame of the audio thread never meet in the encoder or in SRTP.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from array import array
from collections.abc import Callable
from typing import Protocol

from phone.media import plan
from phone.media.bridge import Bridge
from phone.media.codecs import RATE
from phone.media.dtmf import FREQUENCIES, DtmfSender
from phone.media.hush import silent_payload
from phone.media.outgoing import MakeCodec, Outgoing, outgoing_of
from phone.media.plan import LegPlan
from phone.media.rtp import Buffer, RtpPacket, RtpSender
from phone.media.srtp import Srtp

log = logging.getLogger(__name__)

_PACKET_TIMES = (10, 20, 40, 60)

Send = Callable[[bytes], bool]


class Script(Protocol):
    """Packets made ahead, to be sent in their time. In the audio thread."""

    def next(self) -> tuple[bytes, int] | None:
        """The payload whose turn it is, and its 48 kHz samples; None: none is there (yet)."""

    def sent(self) -> None:
        """That one was."""

    def over(self) -> bool:
        """All of it was sent."""


class Outward:
    """One RTP stream of ours."""

    def __init__(self, leg: str) -> None:
        self._leg = leg
        self.sender = RtpSender(secrets.randbits(32))
        self.ptime = 20
        """Milliseconds in a packet."""
        self.far_loss_percent = 0.0
        """What the far end reports of us."""
        self.music = False
        """What is spoken is music."""
        self._lock = threading.Lock()
        self._digits: DtmfSender | None = None
        self._agreed: Outgoing | None = None
        self._outgoing: Outgoing | None = None
        self._transmit: Send | None = None
        self._srtp: Srtp | None = None
        self._frame = array("h")
        self._fresh = True
        self._due = time.monotonic()
        """When the sender's timestamp is to be sent."""
        self._bridge: Bridge | None = None
        self.hushed = False
        """Silence need not go through the encoder: nobody is about to speak."""
        self._script: Script | None = None
        """What is said in the place of silence."""
        self._credit = 0
        """48 kHz samples of time that no packet has filled yet, of a script or of silence unencoded."""

    @property
    def agreed(self) -> Outgoing | None:
        """What the far end takes; None before the answer."""
        return self._agreed

    @property
    def flowing(self) -> bool:
        """Packets may be sent."""
        return self._outgoing is not None

    @property
    def connected(self) -> bool:
        """There is a way to the far end."""
        return self._transmit is not None

    def agree(self, leg: LegPlan, codec_of: MakeCodec) -> None:
        """Send what the plan's `codecs` names first."""
        self.ptime = leg.ptime if leg.ptime in _PACKET_TIMES else 20
        agreed = outgoing_of(leg.codecs, self.ptime, codec_of)
        if agreed is not None and agreed != self._agreed:
            self._digits = DtmfSender(agreed.codec.clock_rate)
        self._agreed = agreed
        self._outgoing = agreed if self._transmit is not None else None

    def connect(self, transmit: Send, srtp: Srtp | None) -> None:
        """The leg is up: packets may flow."""
        self._srtp = srtp
        self._transmit = transmit
        self._outgoing = self._agreed

    def disconnect(self) -> None:
        """Send nothing more."""
        self._outgoing = self._transmit = None

    def digit(self, digit: str, ms: int) -> None:
        """Queue a telephone event; ignored with a warning where the far end takes none."""
        if self._digits is None or self._agreed is None or self._agreed.event_type is None or digit not in FREQUENCIES:
            log.warning("leg %s: the far end takes no telephone events: digit not sent", self._leg)
            return
        self._digits.push(digit, ms)

    def send_control(self, packet: bytes) -> None:
        """One RTCP packet, at once."""
        if self._transmit is not None:
            self._transmit(self._srtp.protect_rtcp(packet) if self._srtp else packet)

    def recite(self, script: Script | None) -> None:
        """Send this in the place of silence; None: no more."""
        with self._lock:
            self._script = script

    # --- bridged: on the loop

    def bridge(self, make_codec: MakeCodec | None) -> None:
        """Send what `relay` brings (decoders by `make_codec`), and nothing that is spoken; None: no more."""
        if (make_codec is None) is (self._bridge is None):
            return
        with self._lock:
            self._frame = array("h")
            self._fresh = True
            self.catch_up(time.monotonic())
            self._bridge = None if make_codec is None else Bridge(self, make_codec)

    def relay(self, packet: RtpPacket, form: plan.Codec | None, now: float) -> None:
        """A packet of the other leg, of its payload type `form` (None: comfort noise, RFC 3389)."""
        with self._lock:
            bridge, outgoing = self._bridge, self._outgoing
            if bridge is not None and outgoing is not None:
                bridge.put(packet, form, outgoing, now)

    def catch_up(self, now: float) -> None:
        """Let the time since the last packet pass in the stream's timestamps, too."""
        behind = now - self._due
        if behind > 0 and self._agreed is not None:
            self.sender.advance(round(behind * self._agreed.codec.clock_rate))
            self._due = now

    def pass_on(self, payload: bytes, payload_type: int, *, marker: bool, sequence: int, timestamp: int) -> None:
        """For the bridge: this packet, with these numbers."""
        self._send(self.sender.pack(payload, payload_type, marker=marker, sequence=sequence, timestamp=timestamp))
        self._due = time.monotonic()

    def pause(self, samples: int) -> None:
        """For the bridge: nothing is sent for so many 48 kHz samples."""
        if self._agreed is not None:
            self.sender.advance(samples * self._agreed.codec.clock_rate // RATE)
            self._fresh = True

    # --- in the audio thread

    def speak(self, samples: array[int] | None, count: int) -> None:
        """Say `count` samples (None: silence), packet by packet."""
        with self._lock:
            outgoing = self._outgoing
            if outgoing is None or self._bridge is not None:
                if self._frame:
                    self._frame = array("h")
                return
            if samples is None and (self.hushed or self._script is not None):
                self._recite(outgoing, count)
                return
            self._credit = 0
            self._frame += array("h", bytes(2 * count)) if samples is None else samples
            while len(self._frame) >= outgoing.samples:
                frame = self._frame[: outgoing.samples]
                del self._frame[: outgoing.samples]
                self.say(outgoing, frame)

    def _recite(self, outgoing: Outgoing, count: int) -> None:
        """Packets of the script, or of silence, for `count` samples of time."""
        self._credit += count
        if self._frame:
            self._credit -= outgoing.samples - len(self._frame)
            self._frame += array("h", bytes(2 * (outgoing.samples - len(self._frame))))
            self.say(outgoing, self._frame)
            self._frame = array("h")
        while self._credit > 0:
            scripted = self._script.next() if self._script is not None else None
            payload, samples = scripted or (silent_payload(outgoing.codec.name, outgoing.samples), outgoing.samples)
            if self._credit < samples:
                break
            self._credit -= samples
            if scripted is None and self._event(outgoing):
                continue
            self._pack(outgoing, payload, samples * outgoing.codec.clock_rate // RATE)
            if scripted is not None and self._script is not None:
                self._script.sent()
        if self._script is not None and self._script.over():
            self._script = None

    def say(self, outgoing: Outgoing, frame: array[int]) -> None:
        """One packet time of samples, or a telephone event in its place."""
        if not self._event(outgoing):
            outgoing.codec.expect_loss(self.far_loss_percent)
            outgoing.codec.expect_music(self.music)
            self._pack(outgoing, outgoing.codec.encode(frame), outgoing.units)

    def _event(self, outgoing: Outgoing) -> bool:
        """Whether a telephone event took this packet's place."""
        sender = self.sender
        event = self._digits.tick(sender.timestamp, outgoing.units) if self._digits is not None else None
        if event is None or outgoing.event_type is None:
            return False
        packet = sender.pack(event.payload, outgoing.event_type, marker=event.marker, timestamp=event.timestamp)
        self._passed(packet, outgoing.units)
        return True

    def _pack(self, outgoing: Outgoing, payload: Buffer, units: int) -> None:
        self._passed(self.sender.pack(payload, outgoing.payload_type, marker=self._fresh), units)

    def _passed(self, packet: memoryview, units: int) -> None:
        """Send it; `units` of the RTP clock are filled by it."""
        self._fresh = False
        self.sender.advance(units)
        self._due = time.monotonic() + self.ptime / 1000
        self._send(packet)

    def _send(self, packet: memoryview) -> None:
        transmit, srtp = self._transmit, self._srtp
        if transmit is not None:
            transmit(srtp.protect(bytes(packet)) if srtp else bytes(packet))
