"""What contacts really did, by the clock of the kernel: each has a second wire that moves in the same instant, on a pin
that no phone uses. So what the phone made of a press can be told from what a machine that stood still made of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import gpiod
from gpiod.line import Bias, Direction, Edge

from phone.drivers.base import Contact
from phone.drivers.contacts import Contacts
from phone.drivers.gpiochip import header_chip

_FIRST, _END = 28, 54
"""Pins behind those of the header."""
_KEPT = 1024
"""Edges that the kernel keeps: as many as it will."""
STOOD_STILL = 0.012
"""Seconds. No contact bounces for so long: the machine stood still in the middle."""
Move = tuple[float, bool]
"""(monotonic seconds, closed)."""


def second_pins(names: Iterable[str]) -> dict[str, int]:
    """Each contact's second pin."""
    return dict(zip(names, range(_FIRST, _END), strict=False))


class Witness:
    """Hears the second pins, and sleeps until it is asked."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {pin: name for name, pin in second_pins(names).items()}
        self._chip = gpiod.Chip(str(header_chip()))
        ear = gpiod.LineSettings(direction=Direction.INPUT, bias=Bias.PULL_UP, edge_detection=Edge.BOTH)
        self._request = self._chip.request_lines({tuple(self._names): ear}, "witness", _KEPT)
        self._last = dict.fromkeys(self._names, 0)

    def moves(self) -> dict[str, list[Move]]:
        """All since it was asked last. Raises AssertionError where the kernel has dropped some."""
        found: dict[str, list[Move]] = {}
        while self._request.wait_edge_events(0):
            for event in self._request.read_edge_events():
                assert event.line_seqno == self._last[event.line_offset] + 1, "a witness must miss nothing"
                self._last[event.line_offset] = event.line_seqno
                closed = event.event_type is gpiod.EdgeEvent.Type.FALLING_EDGE
                found.setdefault(self._names[event.line_offset], []).append((event.timestamp_ns / 1e9, closed))
        return found

    def close(self) -> None:
        self._request.release()
        self._chip.close()


@dataclass(frozen=True, slots=True)
class Press:
    """What one contact did between two instants."""

    began: float
    """When it first closed."""
    torn: bool
    """It bounced for longer than any contact does, or the kernel itself was too late to see it closed."""
    presses: int
    """As a debounce counts them that hears of every edge at once."""


def press_of(moves: Sequence[Move], let_go: float) -> Press:
    """Of the moves of one contact, open at first; a finger was told to let go at `let_go`."""
    told: list[Contact] = []
    ideal = Contacts({"": False}, told.append)
    for at, closed in moves:
        ideal.edge("", closed, at)
    chatters = [at for at, _ in moves if at < let_go], [at for at, _ in moves if at >= let_go]
    torn = any(each and each[-1] - each[0] > STOOD_STILL for each in chatters)
    began = next((at for at, closed in moves if closed), None)
    return Press(let_go if began is None else began, torn or began is None, sum(c.closed for c in told))
