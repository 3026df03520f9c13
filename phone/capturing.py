"""A packet capture that somebody asked for over the control socket: kept here until he takes it, and never for long.

Law: it ends by itself, after its time or when nobody comes for it, and holds no more than ROOM.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from phone.media.captured import Captured, Packet

ROOM = 8 << 20
"""Octets of packets that nobody has taken yet."""
_PACKET_BYTES = 400
"""What one takes in memory beside its head."""
TAKEN_AT_ONCE = 200_000
"""Octets: as base64 in JSON they go into one reply."""
DESERTED = 10.0
"""Seconds without anybody asking for packets."""
_STRAGGLERS = 2.0
"""Seconds after its end in which the media process still brings what it had; it may be dead."""


@dataclass(slots=True)
class Capturing:
    """At most one at a time; times are monotonic seconds."""

    token: int = 0
    """The capture that goes on, for `Plan.capture`; 0: none does."""
    _held: int = 0
    """The one whose packets are here; 0: none are."""
    _ends: float = 0.0
    _deserted: float = 0.0
    _all_in: bool = True
    _dropped_there: int = 0
    _dropped_here: int = 0
    _room: int = ROOM
    _packets: deque[Packet] = field(default_factory=deque)

    def asked(self, token: int, seconds: float, now: float) -> None:
        """For so long, or no more (0)."""
        if seconds:
            self.begin(token, seconds, now)
        else:
            self.end(token, now)

    def begin(self, token: int, seconds: float, now: float) -> None:
        """Under this name, for so long."""
        self.token = self._held = token
        self._ends, self._deserted = now + seconds, now + DESERTED
        self._all_in = False
        self._dropped_there = self._dropped_here = 0
        self._room = ROOM
        self._packets.clear()

    def end(self, token: int, now: float) -> None:
        """That one, if it goes on; what there is may still be taken."""
        if token == self.token:
            self.token = 0
            self._ends = min(self._ends, now)
            self._deserted = now + DESERTED

    def deadline(self) -> float | None:
        """When `expire` is to be called."""
        if self.token:
            return min(self._ends, self._deserted)
        return self._deserted if self._held else None

    def expire(self, now: float) -> None:
        """Its time may be over, or that of what nobody comes for."""
        if (due := self.deadline()) is None or now < due:
            return
        if self.token:
            self.end(self.token, now)
        else:
            self._held = 0
            self._packets.clear()

    def told(self, report: Captured) -> None:
        """From the media process."""
        if report.token != self._held:
            return  # that of an earlier one, or forgotten
        self._dropped_there = report.dropped
        self._all_in = self._all_in or report.last
        for packet in report.packets:
            room = self._room - _PACKET_BYTES - len(packet.head)
            if room < 0:
                self._dropped_here += 1
            else:
                self._room = room
                self._packets.append(packet)

    def take(self, token: int, now: float) -> tuple[Packet, ...] | None:
        """What nobody has taken yet, not more than fits in a reply; None: there is no such capture."""
        if not token or token != self._held:
            return None
        self._deserted = now + DESERTED
        taken, left = [], TAKEN_AT_ONCE
        while self._packets and left > 0:
            packet = self._packets.popleft()
            taken.append(packet)
            self._room += _PACKET_BYTES + len(packet.head)
            left -= 100 + len(packet.head)
        return tuple(taken)

    @property
    def dropped(self) -> int:
        """Packets for which there was no room."""
        return self._dropped_there + self._dropped_here

    def over(self, now: float) -> bool:
        """Nothing more will come."""
        return not self.token and not self._packets and (self._all_in or now > self._ends + _STRAGGLERS)
