"""Feeds systemd's watchdog, but only a phone that works: the engine answers and the sound process turns.

What the sound process can mend is not ours: a card that is missing lets it turn on, and one that hangs or dies is
started again by its host. Only what lasts beyond that ends the feeding; systemd then starts the whole phone anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from phone import inbox
from phone.sdnotify import Notifier

log = logging.getLogger(__name__)

SILENT = 3.0
"""Seconds without a report of the sound process, which come each second."""
STUCK = 8.0
"""Seconds in which the audio thread did not come round; after 5 to 7 its process ends itself."""
MENDING = 40.0
"""Seconds for the host to bring the sound process back: 5 to see that it hangs, 20 for a Pi Zero to start it, twice."""
_FED_PER_PERIOD = 4
_STATUS_SECONDS = 5.0


class Sound(Protocol):
    """The sound process, as its host sees it."""

    @property
    def starting(self) -> bool:
        """It was started, and has not reported yet; or it is about to be started."""

    def silent_for(self, now: float) -> float:
        """Seconds (monotonic) since any sound process reported last, or since the first was started."""


class Answering(Protocol):
    """The engine, as far as it is watched."""

    def post(self, item: inbox.Item) -> None: ...
    def now(self) -> float: ...


class Watchdog:
    """Runs beside the engine, on its loop: a loop that hangs feeds nothing."""

    def __init__(
        self,
        notifier: Notifier,
        engine: Answering,
        sound: Sound,
        stuck: Callable[[], float],
        sentence: Callable[[], str],
    ) -> None:
        """`stuck`: seconds since the audio thread came round, as reported last; `sentence`: how the phone is."""
        self._notifier = notifier
        self._engine = engine
        self._sound = sound
        self._stuck = stuck
        self._sentence = sentence
        self._complaint = ""
        self._answered = False

    async def run(self) -> None:
        """Until cancelled."""
        period = self._notifier.watchdog_seconds
        pause = min(_STATUS_SECONDS, period / _FED_PER_PERIOD if period else _STATUS_SECONDS)
        while True:
            self.look()
            await asyncio.sleep(pause)

    def look(self) -> None:
        """Tell systemd how the phone is; feed the watchdog if it is well."""
        complaint = self.complaint(self._engine.now())
        if complaint != self._complaint:
            self._complaint = complaint
            log.log(logging.ERROR if complaint else logging.INFO, "watchdog: %s", complaint or "all is well again")
        self._notifier.status(complaint or self._sentence())
        if not complaint:
            self._notifier.alive()

    def complaint(self, now: float) -> str:
        """Why the watchdog is not fed, as a sentence; "" when all is well. `now`: monotonic seconds."""
        self._answered = False
        self._engine.post(inbox.Asked(self._answer))
        if not self._answered:
            return "the engine does not answer"
        silent = self._sound.silent_for(now)
        if silent > (MENDING if self._sound.starting else SILENT):
            return "the sound process does not answer"
        if self._stuck() > STUCK:
            return "the sound card's driver hangs"
        return ""

    def _answer(self) -> None:
        self._answered = True
