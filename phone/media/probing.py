"""The measuring that the newest plan wants: begun with its token, told once. Imported when first one is wanted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from phone.media import probe
from phone.media.planprobes import Probed

log = logging.getLogger(__name__)

_LOOK = 0.1


class Probing:
    """One at a time. All on the loop, but for the arithmetic, which has a thread."""

    def __init__(self, tell: Callable[[Probed], None]) -> None:
        self._tell = tell
        self._token = 0
        self._probe: probe.Probe | None = None
        self._task: asyncio.Task[None] | None = None
        probe.signal()  # not in the audio thread

    def follow(self, token: int) -> probe.Probe | None:
        """What the card is to play and hear; 0: nothing."""
        if token != self._token:
            self.close()
            self._token = token
            self._probe = probe.Probe() if token else None
            if self._probe is not None:
                self._task = asyncio.get_running_loop().create_task(self._measure(self._probe, token))
                self._task.add_done_callback(_ended)
        return self._probe

    def close(self) -> None:
        """Tell nothing more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _measure(self, made: probe.Probe, token: int) -> None:
        while not made.over:  # noqa: ASYNC110 - the audio thread stops for nobody whom it would have to tell
            await asyncio.sleep(_LOOK)
        found = await asyncio.to_thread(probe.echo, made.heard)
        self._tell(Probed(token, found.delay_ms, found.level_db, found.noise_db, found.silent, made.xruns))


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("measuring the ways of sound failed", exc_info=error)
