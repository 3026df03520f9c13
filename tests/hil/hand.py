"""The hand on the virtual Pi's header: switches between two pins, or between a pin and ground."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

PRESS_SECONDS = 0.08
"""That a finger is on a key."""
_LONGEST_SCRIPT = 4000
Script = str


@dataclass(frozen=True, slots=True)
class Moved:
    """When, in seconds on the virtual Pi's monotonic clock."""

    began: float
    ended: float


class Hand:
    """`do` carries a script out (see `vpi/vpi.c`), and says when it began and ended."""

    def __init__(self, do: Callable[[Script], tuple[float, float]], seed: int = 0) -> None:
        self._do = do
        self._luck = random.Random(seed)

    def pull(self, pin: int, *, high: bool | None) -> Moved:
        """Connect a pin to 3.3 V or ground; None: to nothing, so that its own pull decides."""
        return self.act(pulled(pin, high=high))

    def shut(self, a: int, b: int | None = None, *, bounce: float = 0.0) -> Moved:
        """Close the switch between two pins, or to ground. It bounces for at most so many seconds."""
        return self.act(self._moved(a, b, closed=True, bounce=bounce))

    def open(self, a: int, b: int | None = None, *, bounce: float = 0.0) -> Moved:
        """Open it."""
        return self.act(self._moved(a, b, closed=False, bounce=bounce))

    def press(
        self, row: int, column: int | None = None, *, seconds: float = PRESS_SECONDS, bounce: float = 0.003
    ) -> Moved:
        """Press a key of a matrix, or a button to ground, and let it go."""
        down = self._moved(row, column, closed=True, bounce=bounce)
        return self.act(down + waited(seconds) + self._moved(row, column, closed=False, bounce=bounce))

    def act(self, script: Script) -> Moved:
        """Any script of `vpi.c`."""
        assert len(script) <= _LONGEST_SCRIPT, "that is too much for one go"
        return Moved(*self._do(script))

    def _moved(self, a: int, b: int | None, *, closed: bool, bounce: float) -> Script:
        """Bouncing, a contact changes an odd number of times."""
        script = moved(a, b, closed=closed)
        for _ in range(self._luck.randrange(1, 4) if bounce else 0):
            for to in (not closed, closed):
                script += waited(self._luck.uniform(0.0, bounce / 6)) + moved(a, b, closed=to)
        return script


def moved(a: int, b: int | None = None, *, closed: bool) -> Script:
    """A switch between two pins, or to ground."""
    return pulled(a, high=False if closed else None) if b is None else f"key {a} {b} {int(closed)}\n"


def pulled(pin: int, *, high: bool | None) -> Script:
    """A pin, from outside."""
    return f"pull {pin} {'-' if high is None else int(high)}\n"


def waited(seconds: float) -> Script:
    """Let time pass."""
    return f"wait {round(seconds * 1e6)}\n"
