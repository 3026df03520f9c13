"""From packets to what the ear hears: jitter buffer, codec, concealment and time-stretching as one.

`put` may be called from any thread; everything else happens in the thread that calls `read`, the card's.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from phone.media.codecs import Codec
from phone.media.codecs.opus import has_fec
from phone.media.jitter import RATE, Action, Decision, JitterBuffer, JitterStats
from phone.media.rtp import RtpPacket
from phone.media.stretch import lengthen, shorten
from phone.media.voice import cross_fade

COMFORT_NOISE = 13
"""Payload type of RFC 3389: it says that a pause begins, its noise is not made."""
_HEARD = 1440
"""30 ms of what was heard, for lengthening."""
_SEAM = 120
_INBOX = 200


@dataclass(frozen=True, slots=True)
class PlayoutStats:
    """Since the call began; times in milliseconds."""

    codec: str
    """Of the last packet played; "" before the first."""
    played: int
    late: int
    duplicate: int
    recovered: int
    malformed: int
    concealed_ms: int
    jitter_buffer_ms: float


class Playout:
    """One leg's way from RTP packets to 48 kHz samples."""

    def __init__(self, codecs: Mapping[int, Codec], *, silent: frozenset[int] = frozenset()) -> None:
        """`codecs` by payload type; `silent`: payload types that are no speech but share its sequence (events)."""
        self._codecs = dict(codecs)
        self._silent = silent | {COMFORT_NOISE}
        self._inbox: deque[tuple[RtpPacket, float]] = deque(maxlen=_INBOX)
        self._counts = JitterStats()
        self._buffer: JitterBuffer | None = None
        self._clock_rate = 0
        self._codec: Codec | None = None
        self._out = array("h")
        self._heard = array("h")

    def put(self, packet: RtpPacket, arrival: float) -> None:
        """A packet that came at `arrival` (monotonic seconds). One of unknown payload type is counted malformed."""
        self._inbox.append((packet, arrival))

    def read(self, samples: int, now: float) -> array[int]:
        """The next `samples`, asked for at `now` (monotonic seconds)."""
        self._take_in()
        while (left := len(self._out)) < samples:
            if self._buffer is None:
                return self._silence(samples - left)
            self._out += self._made(self._buffer.get(now, left, samples))
        block = self._out[:samples]
        del self._out[:samples]
        self._heard = (self._heard + block)[-_HEARD:]
        return block

    def stats(self) -> PlayoutStats:
        """Counters as they are; reading changes nothing."""
        c = self._counts
        return PlayoutStats(
            codec=self._codec.name if self._codec else "",
            played=c.played,
            late=c.late,
            duplicate=c.duplicate,
            recovered=c.recovered,
            malformed=c.malformed,
            concealed_ms=c.concealed * 1000 // RATE,
            jitter_buffer_ms=c.delay * 1000 / RATE,
        )

    def _silence(self, samples: int) -> array[int]:
        block = self._out + array("h", bytes(2 * samples))
        del self._out[:]
        return block

    def _take_in(self) -> None:
        while self._inbox:
            packet, arrival = self._inbox.popleft()
            codec = self._codecs.get(packet.payload_type)
            if codec is not None and codec.clock_rate != self._clock_rate:
                self._clock_rate = codec.clock_rate
                self._buffer = JitterBuffer(codec.clock_rate, self._samples_in, self._has_fec, self._counts)
            if self._buffer is None:
                self._counts.malformed += codec is None and packet.payload_type not in self._silent
            else:
                self._buffer.put(packet, arrival)

    def _samples_in(self, packet: RtpPacket) -> int | None:
        if packet.payload_type in self._silent:
            return 0
        codec = self._codecs.get(packet.payload_type)
        return None if codec is None else codec.samples_in(packet.payload) or None

    def _has_fec(self, packet: RtpPacket) -> bool:
        codec = self._codecs.get(packet.payload_type)
        return codec is not None and codec.name == "opus" and has_fec(packet.payload)

    def _made(self, decision: Decision) -> array[int]:
        makers: dict[Action, Callable[[Decision], array[int]]] = {
            Action.PLAY: self._played,
            Action.FEC: self._recovered,
            Action.CONCEAL: self._concealed,
        }
        maker = makers.get(decision.action)
        return array("h", bytes(2 * decision.samples)) if maker is None else maker(decision)

    def _played(self, decision: Decision) -> array[int]:
        assert decision.packet is not None  # noqa: S101
        self._codec = codec = self._codecs[decision.packet.payload_type]
        frame = _copy(codec.decode(decision.packet.payload)) or self._concealed(decision)
        if decision.change < 0:
            return shorten(frame, -decision.change)
        if decision.change > 0:
            return lengthen(self._heard + self._out, frame, decision.change)
        return frame

    def _recovered(self, decision: Decision) -> array[int]:
        assert decision.packet is not None  # noqa: S101
        codec = self._codecs[decision.packet.payload_type]
        # What was already concealed of it goes over into the copy.
        seam = _copy(codec.conceal(_SEAM)) if decision.skip else array("h")
        frame = _copy(codec.decode_fec(decision.packet.payload, decision.samples))[decision.skip :]
        seam = seam[: len(frame)]
        return cross_fade(seam, frame[: len(seam)]) + frame[len(seam) :]

    def _concealed(self, decision: Decision) -> array[int]:
        # There is always a codec: the buffer conceals only what follows a packet that it played.
        return _copy(self._codec.conceal(decision.samples)) if self._codec else array("h")


def _copy(view: memoryview) -> array[int]:
    # Bytes are copied at once; from a view of int16 an array would be made sample by sample.
    samples = array("h")
    samples.frombytes(view.cast("B"))
    return samples
