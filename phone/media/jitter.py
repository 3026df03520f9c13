"""Adaptive jitter buffer, paced by the card: it says what to play whenever the card wants more.

Law: at the instant a packet is wanted, 98 of 100 have arrived. Delay beyond that is cut by shortening speech,
delay short of that is made by lengthening it; in a pause or at a start it is set at once. A packet that is merely late
is waited for by concealing a few milliseconds, so nothing is thrown away that could still be heard; what was concealed
for a packet that turns out lost counts for its time, so a loss does not add delay. When losses are frequent and the
far end sends redundancy, one packet more is waited for, because the copy of a lost frame comes with the next.

All positions are 48 kHz samples on the sender's clock. No clock is asked here: `now` comes in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from phone.media.arrivals import Arrivals
from phone.media.rtp import MAX_DROPOUT, RtpPacket, unwrap16, unwrap32

RATE = 48_000
CHUNK = 480
"""10 ms: how much is concealed at a time while a packet may still come. Of less, SILK's concealment makes a seam."""
_SHARE = 0.98
_WINDOW = 400
"""Packets: 8 s of 20 ms."""
_MARGIN = 72
"""1.5 ms for the threads' own scheduling."""
_FIRST_MARGIN = 240
"""While hardly anything is known of the network."""
_KNOWN = 25
_IDLE = RATE
"""After a second of nothing the next packet begins a new stretch of speech."""
_JUMP = RATE
"""A timestamp that is off by a second belongs to another time line."""
_HOARD = 100
"""Packets kept while nobody listens."""
_LEAST_CHANGE = 96
_LOSS_MEMORY = 128
_FEC_ON, _FEC_OFF = 0.02, 0.008
_FAR_BEHIND = RATE // 5
"""What the network has held up for longer than 200 ms is left out."""
_STALL, _BURST = 2880, 96
"""Packets that come together (2 ms), 60 ms late, tell of one stall of the network: it counts once."""


class Action(Enum):
    """What the next piece of sound is made of."""

    PLAY = "play"
    """The packet's payload; then `change` says how much shorter or longer."""
    FEC = "fec"
    """The copy of the lost frame that the packet carries, less its first `skip` samples."""
    CONCEAL = "conceal"
    """Nothing came: something like what would have come, `samples` of it."""
    SILENCE = "silence"
    """No stream at all: `samples` of silence."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to play now. Sizes in 48 kHz samples."""

    action: Action
    samples: int
    packet: RtpPacket | None = None
    skip: int = 0
    change: int = 0
    """Of PLAY: negative, shorten by at most so much; positive, lengthen by at least so much."""


@dataclass(frozen=True, slots=True)
class _Entry:
    sequence: int
    position: int
    samples: int
    packet: RtpPacket
    fec: bool


@dataclass(slots=True)
class JitterStats:
    """Counted since the beginning, over all restarts."""

    played: int = 0
    late: int = 0
    """Came after their time was given up."""
    duplicate: int = 0
    unheard: int = 0
    """Dropped because they had waited too long: nobody listened, or the network had held them up."""
    recovered: int = 0
    """Lost, and played from the next packet's copy."""
    concealed: int = 0
    """48 kHz samples; pauses of the sender are not counted."""
    restarts: int = 0
    malformed: int = 0
    delay: float = 0.0
    """48 kHz samples that the last packet played had waited, against the fastest one of the last seconds."""


class JitterBuffer:
    """Packets of one stream in, decisions out."""

    def __init__(
        self,
        clock_rate: int,
        samples_in: Callable[[RtpPacket], int | None],
        has_fec: Callable[[RtpPacket], bool],
        stats: JitterStats | None = None,
    ) -> None:
        """`samples_in`: 48 kHz samples; 0 for what is no speech (events, comfort noise), None for a broken packet."""
        self.stats = stats or JitterStats()
        self._factor = RATE // clock_rate
        self._samples_in = samples_in
        self._has_fec = has_fec
        self._arrivals = Arrivals(_WINDOW)
        self._sequence_of, self._timestamp_of = unwrap16(), unwrap32()
        self._ssrc: int | None = None
        self._highest = 0
        self._entries: dict[int, _Entry] = {}
        self._given_up: set[int] = set()
        self._loss = 0.0
        self._fec_fresh = 0
        self._protected = False
        self._packet_samples = 960
        self._asked = self._arrived = 0.0
        self._stop()

    def _stop(self) -> None:
        self._running = False
        self._next_sequence = 0
        self._next_position = 0
        self._waited = 0
        self._pending = 0
        self._pausing = False
        self._waits: list[float] = []

    # --- packets in

    def put(self, packet: RtpPacket, arrival: float) -> None:
        """A packet that came at `arrival` (monotonic seconds)."""
        samples = self._samples_in(packet)
        if samples is None:
            self.stats.malformed += 1
            return
        if packet.ssrc != self._ssrc:
            self._restart(packet.ssrc)
        sequence = self._sequence_of(packet.sequence)
        position = self._timestamp_of(packet.timestamp) * self._factor
        offset = arrival * RATE - position
        if self._jumped(sequence, offset, samples):
            self._restart(packet.ssrc)
            sequence = self._sequence_of(packet.sequence)
            position = self._timestamp_of(packet.timestamp) * self._factor
            offset = arrival * RATE - position
        if self._is_wanted(sequence):
            self._keep(_Entry(sequence, position, samples, packet, self._has_fec(packet)))
        elif not self._came_late(sequence):
            return
        if samples and not self._same_stall(offset, arrival * RATE):
            self._arrivals.add(offset)

    def _same_stall(self, offset: float, clock: float) -> bool:
        together = clock - self._arrived < _BURST
        self._arrived = clock
        return together and len(self._arrivals) > 0 and offset - self._arrivals.quantile(0.5) > _STALL

    def _jumped(self, sequence: int, offset: float, samples: int) -> bool:
        if not self._entries and not self._arrivals:
            return False
        if abs(sequence - self._highest) > MAX_DROPOUT:
            return True
        if not samples or not self._arrivals or sequence < self._highest:
            return False
        return abs(offset - self._arrivals.quantile(0.5)) > _JUMP

    def _restart(self, ssrc: int) -> None:
        if self._ssrc is not None:
            self.stats.restarts += 1
        self._ssrc = ssrc
        self._settle()
        self._arrivals.clear()
        self._sequence_of.forget()
        self._timestamp_of.forget()
        self._entries.clear()
        self._given_up.clear()
        self._stop()

    def _is_wanted(self, sequence: int) -> bool:
        if sequence in self._entries:
            return False
        return not self._running or sequence >= self._next_sequence

    def _keep(self, entry: _Entry) -> None:
        self._highest = (
            entry.sequence if not self._entries and not self._arrivals else max(self._highest, entry.sequence)
        )
        self._entries[entry.sequence] = entry
        self._fec_fresh = _HOARD if entry.fec else max(0, self._fec_fresh - 1)
        if len(self._entries) > _HOARD:
            del self._entries[min(self._entries)]
            self.stats.unheard += 1

    def _came_late(self, sequence: int) -> bool:
        """Counts a packet that is not wanted; whether it came for the first time."""
        if sequence not in self._given_up:
            self.stats.duplicate += 1
            return False
        self._given_up.discard(sequence)
        self.stats.late += 1
        self._loss = max(0.0, self._loss - 1 / _LOSS_MEMORY)
        return True

    # --- decisions out

    def get(self, now: float, left: int, tick: int) -> Decision:
        """What to play at `now` (monotonic seconds) after `left` unplayed samples; the card takes `tick` at a time."""
        clock = now * RATE
        if clock - self._asked > RATE // 5:
            self._stop_listening()
        self._asked = clock
        if not self._running and not self._begin(clock):
            return Decision(Action.SILENCE, tick)
        entry = self._earliest()
        if entry is None:
            return self._starve()
        missing = entry.position - self._next_position
        if self._waited - missing > _FAR_BEHIND:
            self._stop_listening()
            return Decision(Action.SILENCE, 0)
        if missing > self._waited and not self._may_end_pause(entry, clock):
            return self._bridge(entry, missing)
        return self._play(entry, missing, clock, left, tick)

    def _stop_listening(self) -> None:
        self._settle()
        self._stop()

    def _begin(self, clock: float) -> bool:
        """Whether a packet is due to begin with; older ones are dropped."""
        speech = [e for e in self._entries.values() if e.samples and clock - e.position >= self._target()]
        if not speech:
            return False
        first = max(speech, key=lambda e: e.position)
        for sequence in [s for s in self._entries if s < first.sequence]:
            del self._entries[sequence]
            self.stats.unheard += 1
        self._running = True
        self._next_sequence, self._next_position = first.sequence, first.position
        return True

    def _target(self) -> float:
        """How long after its timestamp (on our clock) a packet is best played."""
        margin = _MARGIN if len(self._arrivals) >= _KNOWN else _FIRST_MARGIN
        return self._arrivals.quantile(_SHARE) + margin + self._protection()

    def _protection(self) -> int:
        # Two thresholds, lest the delay goes up and down with each loss.
        self._protected = self._loss > (_FEC_OFF if self._protected else _FEC_ON)
        return self._packet_samples if self._protected and self._fec_fresh else 0

    def _earliest(self) -> _Entry | None:
        while self._entries:
            entry = self._entries[min(self._entries)]
            if entry.samples:
                return entry
            # No speech, but a place in the sequence: what follows is not lost, and a pause has begun.
            del self._entries[entry.sequence]
            self._next_sequence = entry.sequence + 1
            self._pausing = True
        return None

    def _starve(self) -> Decision:
        if self._waited >= _IDLE:
            self._stop_listening()
            return Decision(Action.SILENCE, CHUNK)
        return self._conceal(CHUNK)

    def _conceal(self, samples: int) -> Decision:
        self._waited += samples
        if not self._pausing:
            self._pending += samples
        return Decision(Action.CONCEAL, samples)

    def _settle(self) -> None:
        self.stats.concealed += self._pending
        self._pending = 0

    def _may_end_pause(self, entry: _Entry, clock: float) -> bool:
        # A gap in time without one in sequence is a pause of the sender: the delay may be set anew behind it.
        return entry.sequence == self._next_sequence and clock - entry.position >= self._target()

    def _bridge(self, entry: _Entry, missing: int) -> Decision:
        """The next packet is here, but not yet its time."""
        if entry.sequence == self._next_sequence:
            self._pending, self._pausing = 0, True
            return self._conceal(CHUNK // 2)
        copy_from = missing - entry.samples
        if entry.fec and self._waited >= copy_from:
            skip = max(0, self._waited - copy_from)
            self._waited = missing
            self.stats.recovered += 1
            return Decision(Action.FEC, entry.samples, entry.packet, skip)
        room = copy_from if entry.fec else missing
        # A multiple of 2.5 ms, as Opus conceals no other.
        return self._conceal(min(CHUNK, -(-(room - self._waited) // 120) * 120))

    def _play(self, entry: _Entry, missing: int, clock: float, left: int, tick: int) -> Decision:
        if entry.sequence == self._next_sequence and missing > 0:
            self._pending = 0  # it was a pause
        self._settle()
        self._count_lost(entry.sequence)
        del self._entries[entry.sequence]
        if self._waited != max(0, missing):
            self._waits.clear()
        self._next_sequence, self._next_position = entry.sequence + 1, entry.position + entry.samples
        self._waited, self._pausing = 0, False
        self._packet_samples = entry.samples
        self.stats.played += 1
        self.stats.delay = clock + left - entry.position - self._arrivals.lowest
        self._waits.append(clock - entry.position)
        change = self._change(entry.samples, left, tick)
        if change:
            self._waits.clear()
        return Decision(Action.PLAY, entry.samples, entry.packet, change=change)

    def _count_lost(self, sequence: int) -> None:
        lost = range(self._next_sequence, sequence)
        self._given_up.update(lost)
        if len(self._given_up) > 4 * _HOARD:
            self._given_up = {s for s in self._given_up if s > sequence - _HOARD}
        for _ in lost:
            self._loss += (1 - self._loss) / _LOSS_MEMORY
        self._loss -= self._loss / _LOSS_MEMORY

    def _change(self, samples: int, left: int, tick: int) -> int:
        """Samples by which this packet is to be played longer (or, negative, shorter)."""
        slack = min(self._waits) - self._target()
        elapsed = len(self._waits) * samples
        if slack < -_MARGIN // 2 and elapsed > RATE // 10:
            missing = math.ceil(-slack / tick) * tick - left
            return min(max(missing, _LEAST_CHANGE), samples)
        if slack >= 0 and elapsed > _patience(slack):
            # Packets are taken at the card's ticks alone: only whole ticks, and what was left unplayed, can be saved.
            needless = int(slack // tick) * tick + left
            return -min(needless, samples // 2) if needless >= _LEAST_CHANGE else 0
        return 0


def _patience(slack: float) -> int:
    """How long a needless delay is watched before it is cut: a little one can wait, 40 ms cannot."""
    if slack < RATE // 100:
        return RATE
    return RATE // 4 if slack < RATE // 25 else RATE // 25
