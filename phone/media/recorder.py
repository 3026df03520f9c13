"""Recording of one far end: Opus packets as they came, G.711 as Opus at 8 kHz; gaps are counted, never filled.

Everything here happens on the loop, in the turn in which a packet comes: it is to cost microseconds.
"""

from __future__ import annotations

from array import array
from operator import mul
from typing import Protocol

from phone.media import plan
from phone.media.batch import Batch, Tell
from phone.media.codecs import RATE
from phone.media.codecs.g711 import MAX_PAYLOAD, Law, expanded
from phone.media.codecs.libopus import Decoder
from phone.media.codecs.narrow import FRAME, NarrowEncoder
from phone.media.codecs.narrow import RATE as NARROW
from phone.media.rtp import RtpPacket
from phone.media.tap import Tap, Tapped
from phone.media.timeline import Timeline
from phone.ogg.opuspacket import samples_in

_FACTOR = RATE // NARROW
_LAWS: dict[str, Law] = {"pcmu": "pcmu", "pcma": "pcma"}


class Recorder:
    """Follows one far end's stream, whatever it changes to. `now` and `arrival` are monotonic seconds."""

    __slots__ = ("_batch", "_format", "_fresh", "_tap", "_timeline", "_track")

    def __init__(self, source: str, tell: Tell, now: float) -> None:
        self._batch = Batch(source, tell, now)
        self._tap = Tap()
        self._timeline = Timeline()
        self._track: _Track | None = None
        self._format = ""
        """The codec that `_track` takes."""
        self._fresh = True

    def put(self, packet: RtpPacket, form: plan.Codec | None, arrival: float) -> None:
        """A packet of payload type `form` (None: comfort noise)."""
        for tapped in self._tap.put(packet, form, arrival):
            self._take(tapped)

    def tick(self, now: float) -> None:
        """Ten times a second."""
        for tapped in self._tap.waited(now):
            self._take(tapped)
        self._batch.tick(now)

    def finish(self, now: float) -> None:
        """The recording ends: what waits is the last of it."""
        for tapped in self._tap.flush():
            self._take(tapped)
        if self._track is not None:
            self._track.finish(now)
        self._batch.finish(now)

    def _take(self, tapped: Tapped) -> None:
        self._fresh = self._fresh or tapped.fresh
        name = "" if tapped.form is None else tapped.form.name
        if name != self._format and not self._changed(name, tapped.arrival):
            return
        track, packet = self._track, tapped.packet
        if track is None or not (samples := track.samples_in(packet.payload)):
            return
        gap = self._timeline.gap(packet.timestamp, track.clock_rate, tapped.arrival, fresh=self._fresh)
        self._timeline.lasts(samples)
        self._fresh = False
        track.add(packet.payload, gap, samples, tapped.arrival)

    def _changed(self, name: str, now: float) -> bool:
        """Whether this is a codec of speech; events and comfort noise are none and change nothing."""
        if name == "opus":
            track: _Track = _OpusTrack(self._batch)
        elif name in _LAWS:
            track = _G711Track(_LAWS[name], self._batch)
        else:
            return False
        if self._track is not None:
            self._track.finish(now)
        self._track, self._format = track, name
        return True


class _Track(Protocol):
    """A run of packets of one codec."""

    clock_rate: int

    def samples_in(self, payload: bytes) -> int:
        """At 48 kHz; 0: nonsense."""

    def add(self, payload: bytes, gap: int, samples: int, now: float) -> None:
        """Record it, `gap` 48 kHz samples after the one before."""

    def finish(self, now: float) -> None:
        """Let go of what waits to be complete."""


class _OpusTrack:
    """Untouched. Every second packet is decoded, at 8 kHz, to see whether somebody speaks."""

    __slots__ = ("_batch", "_decoder", "_unmeasured")

    clock_rate = RATE

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._decoder = Decoder(NARROW)
        self._unmeasured = 0

    def samples_in(self, payload: bytes) -> int:
        return samples_in(payload)

    def add(self, payload: bytes, gap: int, samples: int, now: float) -> None:
        if self._unmeasured:
            heard = self._decoder.decode(payload)
            level = sum(map(mul, heard, heard)) / max(1, len(heard))
            self._batch.meter.add(level, self._unmeasured + samples, now)
            self._unmeasured = 0
        else:
            self._unmeasured = samples
        self._batch.add(payload, gap, samples, now)

    def finish(self, now: float) -> None:
        """Each packet is complete by itself."""


class _G711Track:
    """Encoded in frames of 20 ms, whatever the far end's are."""

    __slots__ = ("_batch", "_encoder", "_gap", "_law", "_pending")

    clock_rate = NARROW

    def __init__(self, law: Law, batch: Batch) -> None:
        self._law = law
        self._batch = batch
        self._encoder = NarrowEncoder()
        self._pending = array("h")
        self._gap = 0
        """Missing before what is pending."""

    def samples_in(self, payload: bytes) -> int:
        return _FACTOR * len(payload) if len(payload) <= MAX_PAYLOAD else 0

    def add(self, payload: bytes, gap: int, samples: int, now: float) -> None:
        del samples
        if gap:
            self._bridge(gap, now)
        self._pending += expanded(self._law, payload)
        while len(self._pending) >= FRAME:
            self._encode(now)

    def _bridge(self, gap: int, now: float) -> None:
        """Silence fills up the frame that has begun; what is missing beyond it is a gap."""
        filled = min(-len(self._pending) % FRAME, gap // _FACTOR)
        self._pending += array("h", bytes(2 * filled))
        if len(self._pending) == FRAME:
            self._encode(now)
        if not self._pending:
            self._gap += gap - filled * _FACTOR

    def _encode(self, now: float) -> None:
        frame = self._pending[:FRAME]
        del self._pending[:FRAME]
        gap, self._gap = self._gap, 0
        self._batch.meter.add(sum(map(mul, frame, frame)) / FRAME, FRAME * _FACTOR, now)
        self._batch.add(self._encoder.encode(frame), gap, FRAME * _FACTOR, now)

    def finish(self, now: float) -> None:
        if self._pending:
            self._bridge(RATE, now)
