"""Contacts without bounce, as pure values: a contact has closed at its first edge, and has opened once it stayed open.

So lifting the handset and pressing a key cost no time, while neither bounce nor a contact that loses touch for a
moment ends a key press or a call. Only a spark on the wire can pass for a press; `hold_close` is for such wires.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

HOLD_OPEN = 0.015
"""Seconds. Keypads and cradle switches bounce for 1 to 10 ms; the fastest finger lifts for 40."""


@dataclass(frozen=True, slots=True)
class Debounce:
    """One contact. Feed it every edge by `edge`, and the passing of `due` by `settle`; times are seconds on any one
    clock.
    """

    closed: bool = False
    """As reported."""
    level: bool = False
    """As the wire is now."""
    since: float = 0.0
    """When the wire last changed."""
    hold_open: float = HOLD_OPEN
    hold_close: float = 0.0

    def edge(self, level: bool, at: float) -> tuple[Debounce, bool]:
        """The wire is `level` since `at`. The second value: `closed` has changed. An edge to the level that the wire
        already had is no news (drivers repeat and lose edges).
        """
        if level == self.level:
            return self.settle(at)
        return replace(self, level=level, since=at).settle(at)

    def settle(self, at: float) -> tuple[Debounce, bool]:
        """It is `at` now."""
        due = self.due
        if due is None or at < due:
            return self, False
        return replace(self, closed=self.level), True

    @property
    def due(self) -> float | None:
        """When the change under way counts, if the wire stays as it is."""
        if self.level == self.closed:
            return None
        return self.since + (self.hold_close if self.level else self.hold_open)
