"""What ears hear over a whole tour: a card's ring forgets after half a minute, so it is read again and again."""

from __future__ import annotations

import asyncio
import contextlib
from array import array
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

from phone.demo.hearing import write_wav
from phone.demo.stage import Desk

EVERY_SECONDS = 2.0


class Ears:
    """Keeps what these desks' handsets say from now on. Made by `listening`."""

    def __init__(self, desks: Iterable[Desk]) -> None:
        self._desks = tuple(desks)
        self._read = [desk.handset.now() for desk in self._desks]
        self._heard = [array("h") for _ in self._desks]

    def catch_up(self) -> None:
        """Read what was said since the last time."""
        for number, desk in enumerate(self._desks):
            now = desk.handset.now()
            self._heard[number] += desk.heard(self._read[number], now)
            self._read[number] = now

    async def listen(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            self.catch_up()

    @property
    def heard(self) -> Sequence[tuple[str, array[int]]]:
        """Whose ear, and all that it heard, until the last `catch_up`."""
        return [(desk.name, heard) for desk, heard in zip(self._desks, self._heard, strict=True)]

    def write(self, folder: Path) -> None:
        """NAME-ear.wav of each."""
        for name, heard in self.heard:
            write_wav(folder / f"{name}-ear.wav", heard)


@contextlib.asynccontextmanager
async def listening(desks: Iterable[Desk]) -> AsyncIterator[Ears]:
    """Listen while inside; at the end nothing is missing."""
    ears = Ears(desks)
    task = asyncio.create_task(ears.listen())
    try:
        yield ears
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        ears.catch_up()
