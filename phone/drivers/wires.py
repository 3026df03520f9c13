"""Wires with a GPIO each, whose edges come late and are sometimes lost. No thread and no clock of its own.

Law: an edge is judged by the time it carries. A contact is found open only once every edge of that moment must have
come; and a wire that was busy is looked at again when it rests, since the kernel keeps 16 edges of a line at most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

LATE = 0.020
"""Seconds from an edge to its delivery at most: lgpio collects them, and was measured to take up to 18 ms."""
_LOOK_AGAIN = 0.050
"""Seconds after the last edge."""


class Judge(Protocol):
    """What makes contacts of edges, told in the order of their times: `Contacts`, `Rotary`."""

    def edge(self, name: str, level: bool, at: float) -> None:
        """A wire changed at `at`."""

    def settle(self, at: float) -> None:
        """All edges up to `at` have been told."""

    @property
    def due(self) -> float | None:
        """When `settle` has something to do, if no edge comes before."""


class Wires:
    """Wires by name, at `levels` now (true: closed). `look` reads one as it is. Times are monotonic seconds."""

    def __init__(self, judge: Judge, levels: Mapping[str, bool], look: Callable[[str], bool]) -> None:
        self._judge = judge
        self._levels = dict(levels)
        self._look = look
        self._settled = float("-inf")
        self._again: dict[str, float] = {}

    def edge(self, name: str, level: bool, at: float, now: float) -> None:
        """The wire changed at `at`, and it is told of at `now`. One that is even later than LATE counts as if not."""
        self._levels[name] = level
        self._judge.edge(name, level, max(at, self._settled))
        self._again[name] = now + _LOOK_AGAIN

    @property
    def due(self) -> float | None:
        """When `run` has something to do."""
        settles = self._judge.due
        return min([*self._again.values(), *([] if settles is None else [settles + LATE])], default=None)

    def run(self, now: float) -> None:
        """It is `now`."""
        self._settled = max(self._settled, now - LATE)
        self._judge.settle(self._settled)
        for name in [name for name, at in self._again.items() if at <= now]:
            level = self._look(name)
            del self._again[name]
            if level != self._levels[name]:
                self.edge(name, level, now, now)
