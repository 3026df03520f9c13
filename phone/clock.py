"""Where time comes from. Calls are timed by the monotonic clock: a Pi without RTC steps its wall clock after boot."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import Protocol

RELEASED = dt.datetime(2026, 11, 1, tzinfo=dt.UTC).timestamp()
"""Unix seconds. No true clock shows an earlier time than this software's own date."""


class Clock(Protocol):
    """Seconds."""

    def monotonic(self) -> float:
        """Never steps; its zero means nothing."""

    def wall(self) -> float:
        """Since 1970 (UTC); may step either way at any time."""


class SystemClock:
    """The machine's own."""

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()


@dataclass(slots=True)
class VirtualClock:
    """Stands still until told: an hour of call takes no time. The wall can be stepped by itself."""

    now: float = 1000.0
    epoch: float = 1_767_225_600.0  # 2026-01-01T00:00:00Z at now = 0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.epoch + self.now

    def advance(self, seconds: float) -> None:
        """Raises ValueError for a step back, which a monotonic clock never makes."""
        if seconds < 0:
            raise ValueError(f"a monotonic clock does not go back by {-seconds} s: use step_wall")
        self.now += seconds

    def step_wall(self, seconds: float) -> None:
        """As NTP does, or an admin's `date`."""
        self.epoch += seconds
