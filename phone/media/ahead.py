"""The thread that reads files ahead: neither the loop nor the audio thread ever waits for a disk."""

from __future__ import annotations

import threading
from collections import deque
from typing import Protocol

from phone.media.audio import LOOP_PRIORITY, become_real_time

_PAUSE = 0.04
"""Seconds between looks at what has been used up."""


class Reel(Protocol):
    """Something that is read ahead. In the reading thread."""

    def fill(self) -> bool:
        """Read as much as is to lie ready. False: nothing more is to come, and all is closed."""


class ReadAhead:
    """`add` on the loop. The thread begins with the first reel, and sleeps while there is none."""

    def __init__(self) -> None:
        self._new: deque[Reel] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None

    def add(self, reel: Reel) -> None:
        """Read it, from now on."""
        self._new.append(reel)
        self._wake.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="read-ahead", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Read nothing more."""
        self._closing = True
        self._wake.set()

    def _run(self) -> None:
        # it may hold the interpreter when the audio thread wants it: see there
        become_real_time(LOOP_PRIORITY)
        reels: list[Reel] = []
        while not self._closing:
            self._wake.clear()
            while self._new:
                reels.append(self._new.popleft())
            reels = [reel for reel in reels if reel.fill()]
            self._wake.wait(_PAUSE if reels else None)
