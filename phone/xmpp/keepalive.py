"""Notices a dead connection: what we send must be answered, and silence is asked about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds."""

    idle: float = 30.0
    """After so much silence the server is asked for a sign of life (XEP-0199)."""
    answer: float = 10.0
    """Nothing heard so long after something was sent: the connection is dead."""
    sign_in: float = 20.0
    """A connection that is not online by then is given up."""
    patience: float = 3.0
    """So long nobody need be told what a first sign-in waits for."""
    lookup: float = 4.0
    """A name server that has not answered by then is one that does not."""


class Keepalive:
    """One per connection. `heard_at` tells when the server last sent anything (loop clock)."""

    def __init__(
        self, pace: Pace, heard_at: Callable[[], float], ping: Callable[[], None], dead: Callable[[], None]
    ) -> None:
        self._pace = pace
        self._heard_at = heard_at
        self._ping = ping
        self._dead = dead
        self._loop = asyncio.get_running_loop()
        self._check: asyncio.TimerHandle | None = None
        self._idle = self._loop.call_later(pace.idle, self._on_idle)

    def sent(self) -> None:
        """A stanza went out: with XEP-0198 or a ping the server will say something."""
        if self._check is None:
            self._check = self._loop.call_later(self._pace.answer, self._on_check, self._loop.time())

    def close(self) -> None:
        self._idle.cancel()
        if self._check is not None:
            self._check.cancel()

    def _on_idle(self) -> None:
        rest = self._heard_at() + self._pace.idle - self._loop.time()
        if rest <= 0:
            self._ping()
            rest = self._pace.idle
        self._idle = self._loop.call_later(rest, self._on_idle)

    def _on_check(self, sent_at: float) -> None:
        self._check = None
        if self._heard_at() < sent_at:
            self.close()
            self._dead()
