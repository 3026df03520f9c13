"""Wires with a GPIO each, whose edges come late and are sometimes lost. No thread and no clock of its own.

Law: an edge is judged by the time it carries. A contact is found open only once every edge of that moment must have
come, and while the wire itself does not say otherwise: on a machine that stands still edges come later than any bound.
A wire that was busy is looked at again when it rests, since the kernel keeps so many edges of a line and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

LATE = 0.020
"""Seconds from an edge to its delivery: lgpio collects them, and was measured to take up to 18 ms; gpiod takes as long
as this process is kept waiting. It only puts off that a contact counts as open."""
_RECHECK = 0.005
"""Seconds until a wire is asked again that says otherwise than its edges."""
_LOOK_AGAIN = 0.050
"""Seconds after the last edge; and for which an edge that a look at the wire has shown is waited for."""


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
        self._recheck = float("-inf")
        self._told: dict[str, float] = {}
        self._seen: dict[str, float] = {}
        """When a look at the wire last stood in for its edges."""
        self._again: dict[str, float] = {}
        self._missed: dict[str, float] = {}
        """Since when a wire has said otherwise than its edges."""

    def edge(self, name: str, level: bool, at: float, now: float) -> None:
        """The wire changed at `at`, and it is told of at `now`. Where that is too late the wire itself knows better."""
        if at < max(self._settled, self._seen.get(name, at)):
            level, at = self._look(name), now
            self._seen[name] = now
        self._take(name, level, at)
        self._again[name] = now + _LOOK_AGAIN
        self._missed.pop(name, None)

    @property
    def due(self) -> float | None:
        """When `run` has something to do."""
        looks = [at for name, at in self._again.items() if name not in self._missed]
        settles = self._judge.due
        settled = [] if settles is None else [max(settles + LATE, self._recheck)]
        return min([*looks, *settled, *([self._recheck] if self._missed else [])], default=None)

    def run(self, now: float) -> None:
        """It is `now`."""
        for name in list(self._again):
            self._compare(name, now)
        if self._missed:
            self._recheck = now + _RECHECK
            return
        self._settled = max(self._settled, now - LATE)
        self._judge.settle(self._settled)

    def _compare(self, name: str, now: float) -> None:
        """The wire with its edges: does it say otherwise for long, one was lost."""
        level = self._look(name)
        if level == self._levels[name]:
            self._missed.pop(name, None)
            if self._again[name] <= now:
                del self._again[name]
        elif now >= self._missed.setdefault(name, now) + _LOOK_AGAIN:
            # The end of a burst is lost: it came right behind the last edge that was told.
            self._take(name, level, max(self._told[name], self._settled))
            self._seen[name] = now
            self._again[name] = now + _LOOK_AGAIN
            del self._missed[name]

    def _take(self, name: str, level: bool, at: float) -> None:
        self._levels[name] = level
        self._told[name] = at
        self._judge.edge(name, level, at)
