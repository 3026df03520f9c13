"""What one far end says, sent on to another: untouched where both speak the same codec, transcoded where not.

It costs no time: a packet goes on in the turn in which it came. No clock is asked, no socket opened here.
"""

from __future__ import annotations

from array import array
from typing import Protocol

from phone.media import plan
from phone.media.dtmf import rescale
from phone.media.outgoing import EVENT, MakeCodec, Outgoing
from phone.media.playout import COMFORT_NOISE
from phone.media.relay import Relay
from phone.media.rtp import MAX_PAYLOAD_BYTES, RtpPacket, RtpSender
from phone.media.transcoder import Pause, Transcoder


class Sink(Protocol):
    """The way out to the far end that hears it (`outward.Outward`)."""

    @property
    def sender(self) -> RtpSender: ...

    def pass_on(self, payload: bytes, payload_type: int, *, marker: bool, sequence: int, timestamp: int) -> None:
        """Send a packet with these numbers."""

    def say(self, outgoing: Outgoing, frame: array[int]) -> None:
        """Encode and send the stream's next packet."""

    def pause(self, samples: int) -> None:
        """Let so many 48 kHz samples pass unsent."""

    def catch_up(self, now: float) -> None:
        """Let the time since the last packet pass."""


class Bridge:
    """One direction. The far end that speaks may change its payload type in the middle."""

    def __init__(self, sink: Sink, make_codec: MakeCodec) -> None:
        self._sink = sink
        self._make_codec = make_codec
        self._relay: Relay | None = None
        self._transcoder: Transcoder | None = None
        self._decodes = ""
        """The codec that `_transcoder` understands."""
        self._event_in = self._event_out = -1
        """Begin of the event that is being sent on while transcoding: their timestamp, and ours."""

    def put(self, packet: RtpPacket, form: plan.Codec | None, outgoing: Outgoing, now: float) -> None:
        """A packet of payload type `form` (None: comfort noise) came at `now` (monotonic seconds)."""
        if len(packet.payload) > MAX_PAYLOAD_BYTES:
            return
        if form is None:
            self._comfort_noise(packet, outgoing, now)
        elif form.name == EVENT:
            self._event(packet, form, outgoing, now)
        elif form.name == outgoing.codec.name:
            self._untouched(packet, outgoing.payload_type, outgoing, now)
        else:
            self._transcoded(packet, form.name, outgoing, now)

    def _untouched(self, packet: RtpPacket, payload_type: int | None, outgoing: Outgoing, now: float) -> None:
        """As it came, under `payload_type`; None: it only takes its place in the sequence."""
        if self._relay is None:
            self._transcoder = None
            self._sink.catch_up(now)
            self._relay = Relay(self._sink.sender)
        place = self._relay.place(packet, outgoing.codec.clock_rate, now)
        if place is not None and payload_type is not None:
            marker = packet.marker or place.fresh
            self._sink.pass_on(
                packet.payload, payload_type, marker=marker, sequence=place.sequence, timestamp=place.timestamp
            )

    def _comfort_noise(self, packet: RtpPacket, outgoing: Outgoing, now: float) -> None:
        # its payload type is fixed and goes with the 8 kHz codecs alone
        if self._transcoder is not None:
            self._transcoder.skip(packet)
        elif self._relay is not None:
            narrow = outgoing.codec.clock_rate == 8000
            self._untouched(packet, COMFORT_NOISE if narrow else None, outgoing, now)

    def _event(self, packet: RtpPacket, form: plan.Codec, outgoing: Outgoing, now: float) -> None:
        payload = rescale(packet.payload, form.clock_rate, outgoing.event_rate)
        scaled = RtpPacket(packet.payload_type, packet.marker, packet.sequence, packet.timestamp, packet.ssrc, payload)
        if self._transcoder is None:
            self._untouched(scaled, outgoing.event_type, outgoing, now)
        elif outgoing.event_type is not None and self._transcoder.skip(packet):
            self._event_between_frames(scaled, outgoing.event_type)

    def _event_between_frames(self, packet: RtpPacket, payload_type: int) -> None:
        sender = self._sink.sender
        if packet.timestamp != self._event_in:
            self._event_in, self._event_out = packet.timestamp, sender.timestamp
        sequence = sender.sequence
        sender.sequence = (sequence + 1) & 0xFFFF
        self._sink.pass_on(
            packet.payload, payload_type, marker=packet.marker, sequence=sequence, timestamp=self._event_out
        )

    def _transcoded(self, packet: RtpPacket, name: str, outgoing: Outgoing, now: float) -> None:
        if self._transcoder is None or self._decodes != name:
            decoder = self._make_codec(name)
            if decoder is None:
                return
            self._relay, self._decodes, self._event_in = None, name, -1
            self._sink.catch_up(now)
            self._transcoder = Transcoder(decoder)
        for part in self._transcoder.put(packet, outgoing.samples):
            if isinstance(part, Pause):
                self._sink.pause(part.samples)
            else:
                self._sink.say(outgoing, part)
