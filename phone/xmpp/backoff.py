"""How long to wait before the next try: at once, then longer and longer, never at the same time as all others. Pure."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

FIRST = 1.0
CEILING = 60.0


class Backoff:
    """Seconds before each retry: 0, then 1, 2, 4 ... up to 60, each taken between half and one and a half."""

    def __init__(self, random: Callable[[], float] | None = None) -> None:
        self._random = random or Random().random  # noqa: S311 - spreads phones in time, hides nothing
        self._tries = 0

    def next(self) -> float:
        tries, self._tries = self._tries, self._tries + 1
        if tries == 0:
            return 0.0
        # The exponent is bounded: a phone may be without network for months.
        return min(CEILING, FIRST * 2.0 ** min(tries - 1, 16)) * (0.5 + self._random())

    def reset(self) -> None:
        """There was service."""
        self._tries = 0
