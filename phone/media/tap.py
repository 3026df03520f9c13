"""A far end's packets in the order in which they were sent, each once: what a recording is made of.

Law: what comes out has rising sequence numbers, and nothing waits for a missing one longer than `WINDOW` packets or
`PATIENCE`. What comes after its place was given up is left out. No clock is asked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from phone.media import plan
from phone.media.rtp import MAX_DROPOUT, RtpPacket, sequence_step

WINDOW = 16
"""Packets that wait for a missing one: 320 ms of 20 ms."""
PATIENCE = 0.4
"""Seconds that they wait at most: a recording can take more time than an ear."""


@dataclass(frozen=True, slots=True)
class Tapped:
    """One packet."""

    packet: RtpPacket
    form: plan.Codec | None
    """What its payload type means; None: comfort noise (RFC 3389)."""
    arrival: float
    """Monotonic seconds."""
    fresh: bool = False
    """Another stream begins: its timestamps have nothing to do with those before."""


class Tap:
    """The reorder window."""

    __slots__ = ("_held", "_next", "_ssrc")

    def __init__(self) -> None:
        self._ssrc: int | None = None
        self._next = 0
        """The sequence number that is due."""
        self._held: dict[int, Tapped] = {}
        """By how many packets they stand behind the one that is due."""

    def put(self, packet: RtpPacket, form: plan.Codec | None, arrival: float) -> Sequence[Tapped]:
        """A packet came; those whose turn it is now."""
        if packet.ssrc == self._ssrc and packet.sequence == self._next and not self._held:
            self._next = (packet.sequence + 1) & 0xFFFF
            return (Tapped(packet, form, arrival),)
        step = sequence_step(self._next, packet.sequence)
        if packet.ssrc != self._ssrc or abs(step) > MAX_DROPOUT:
            return self._begun(packet, form, arrival)
        if step < 0 or step in self._held:
            return ()
        self._held[step] = Tapped(packet, form, arrival)
        return self._due(give_up=len(self._held) > WINDOW)

    def waited(self, now: float) -> Sequence[Tapped]:
        """Those that have waited long enough, at `now` (monotonic seconds)."""
        if not self._held or now - min(each.arrival for each in self._held.values()) < PATIENCE:
            return ()
        return self._due(give_up=True)

    def flush(self) -> Sequence[Tapped]:
        """All that wait: nothing more will come."""
        rest = [self._held[step] for step in sorted(self._held)]
        self._held.clear()
        return rest

    def _begun(self, packet: RtpPacket, form: plan.Codec | None, arrival: float) -> Sequence[Tapped]:
        rest = self.flush()
        self._ssrc, self._next = packet.ssrc, (packet.sequence + 1) & 0xFFFF
        return (*rest, Tapped(packet, form, arrival, fresh=True))

    def _due(self, *, give_up: bool) -> Sequence[Tapped]:
        """Those that follow without a gap; with `give_up` the first gap is left as it is."""
        if not give_up and 0 not in self._held:
            return ()
        step = min(self._held)
        ready = []
        while step in self._held:
            ready.append(self._held.pop(step))
            step += 1
        self._next = (self._next + step) & 0xFFFF
        self._held = {behind - step: each for behind, each in self._held.items()}
        return ready
