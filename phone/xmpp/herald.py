"""Many changes, told as one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Herald:
    """Calls `act` once, `seconds` after the first of any number of changes. Belongs to one event loop."""

    def __init__(self, act: Callable[[], None], seconds: float) -> None:
        self._act = act
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None

    def tell(self) -> None:
        """There was a change."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._fire)

    def close(self) -> None:
        """What has not been told yet never will be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        self._timer = None
        self._act()
