"""One recording, written by a thread: the disk may take its time, the loop does not wait for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Final

from phone.media.planrecordings import Sound
from phone.service.spool import Found, Label, Spool
from phone.voicemail.message import Failure
from phone.voicemail.recording import Recording

log = logging.getLogger(__name__)

THREADS: Final = 4
"""That wait for the disk; each recording has one of them, so that its packets stay in order."""


class Tapes:
    """The threads."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._threads = [ThreadPoolExecutor(1, f"tape{number}") for number in range(THREADS)]
        self._next = cycle(self._threads)

    def begin(self, label: Label, most_bytes: int, stopped: Callable[[], None]) -> Tape:
        """`stopped`, on the loop: the disk, or the room in the mailbox, ended it; what came before is there."""
        return Tape(self._spool, next(self._next), label, most_bytes, stopped)

    def close(self) -> None:
        """Wait until all that came is written."""
        for thread in self._threads:
            thread.shutdown()


class Tape:
    """Methods are called on the loop."""

    def __init__(
        self, spool: Spool, thread: ThreadPoolExecutor, label: Label, most_bytes: int, stopped: Callable[[], None]
    ) -> None:
        self._spool = spool
        self._thread = thread
        self._label = label
        self._most_bytes = most_bytes
        self._stopped = stopped
        self._recording: Recording | None = None
        self._broken = False

    def add(self, sounds: tuple[Sound, ...]) -> None:
        """What was said."""
        if sounds and not self._broken:
            asyncio.get_running_loop().run_in_executor(self._thread, self._write, sounds).add_done_callback(self._wrote)

    async def finish(self) -> Found | None:
        """The message, whole and on the disk; None: there is nothing worth keeping, or the disk did not take it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._finish)

    def abandon(self) -> None:
        """There will be no message."""
        asyncio.get_running_loop().run_in_executor(self._thread, self._abandon)

    def _write(self, sounds: tuple[Sound, ...]) -> bool:
        """Whether it goes on."""
        if self._recording is None:
            self._recording = self._spool.begin(self._label, self._most_bytes)
        return all(self._recording.packet(sound.payload, sound.lost) is None for sound in sounds)

    def _wrote(self, done: asyncio.Future[bool]) -> None:
        error = done.exception()
        if error is not None and not isinstance(error, OSError):
            raise error
        if error is not None:
            log.error("a message cannot be recorded: %s; look after the disk of store.spool", error)
        if not self._broken and (error is not None or not done.result()):
            self._broken = True
            self._stopped()

    def _finish(self) -> Found | None:
        if self._recording is None:
            return None
        kept = self._recording.finish()
        return None if isinstance(kept, Failure) else self._spool.find(kept.id)

    def _abandon(self) -> None:
        if self._recording is not None:
            self._recording.abandon()
