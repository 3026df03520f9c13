"""A rotary dial: how many times its contact broke on the way back, as a digit. No thread and no clock of its own.

A dial breaks the loop 10 times a second (7 to 14 in old ones), for about 60 ms each time; the figure is as many breaks
as the digit, ten for 0. A second contact, closed while the dial is away from rest, tells where a digit ends; without
one a pause does. Contacts of dials bounce for up to 5 ms.
"""

from __future__ import annotations

from collections.abc import Callable

from phone.drivers.base import Contact
from phone.drivers.debounce import Debounce

PULSE = "pulse"
"""The wire whose contact breaks; true: broken."""
TURNED = "turned"
"""The wire that is closed while the dial is away from rest."""
HOLD = 0.008
"""Seconds for which either contact must rest."""
SHORTEST, LONGEST = 0.020, 0.120
"""Of one break. Shorter ones are scratches; in a longer one a hand held the dial, and the digit is void."""
PAUSE = 0.250
"""After the last break, where there is no second contact."""
DIGITS = "1234567890"
"""By the number of breaks. On Swedish dials 0 has one break and 9 has ten; on those of New Zealand 1 has nine."""


class Rotary:
    """Each digit comes as a key pressed and let go at the instant at which the dial was home. Times are seconds."""

    def __init__(self, sink: Callable[[Contact], None], *, has_turned: bool, digits: str = DIGITS) -> None:
        self._sink = sink
        self._has_turned = has_turned
        self._digits = digits
        still = Debounce(hold_open=HOLD, hold_close=HOLD)
        self._states = {PULSE: still, TURNED: still}
        self._count = 0
        self._void = False
        self._broken_at = 0.0
        self._last = 0.0

    def edge(self, wire: str, level: bool, at: float) -> None:
        """PULSE or TURNED changed at `at`; what was due before counts first."""
        self.settle(at)
        self._take(wire, *self._states[wire].edge(level, at))

    def settle(self, at: float) -> None:
        """All edges up to `at` have been told."""
        resting = ((state.due, wire) for wire, state in self._states.items() if state.due is not None)
        for _, wire in sorted(resting):
            self._take(wire, *self._states[wire].settle(at))
        if (end := self._pause_ends) is not None and at >= end:
            self._finish(self._last)

    @property
    def due(self) -> float | None:
        """When `settle` has something to do, if no edge comes before."""
        dues = [*(state.due for state in self._states.values()), self._pause_ends]
        return min((due for due in dues if due is not None), default=None)

    @property
    def _pause_ends(self) -> float | None:
        counting = not self._has_turned and (self._count or self._void) and not self._states[PULSE].closed
        return self._last + PAUSE if counting else None

    def _take(self, wire: str, state: Debounce, changed: bool) -> None:
        self._states[wire] = state
        if not changed:
            return
        if wire == PULSE:
            self._pulse(broken=state.closed, at=state.since)
        elif state.closed:
            self._count, self._void = 0, False
        else:
            self._finish(state.since)

    def _pulse(self, *, broken: bool, at: float) -> None:
        if broken:
            self._broken_at = at
            return
        length = at - self._broken_at
        self._last = at
        self._count += SHORTEST <= length <= LONGEST
        self._void |= length > LONGEST

    def _finish(self, at: float) -> None:
        count, void = self._count, self._void
        self._count, self._void = 0, False
        if 1 <= count <= len(self._digits) and not void:
            for closed in (True, False):
                self._sink(Contact(self._digits[count - 1], closed, at))
