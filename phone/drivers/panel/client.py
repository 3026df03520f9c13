"""One page: what it is told, newest first, and what it may say, within limits."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Protocol

from phone.drivers.panel.messages import Move, NonsenseError, decode

RATE = 60.0
"""Messages a second that a page may send for long: ten fingers on ten keys send fewer."""
BURST = 120.0


class Socket(Protocol):
    """A WebSocket. `send` and `recv` raise ConnectionError once the page is gone."""

    async def send(self, message: str | bytes) -> None: ...

    async def recv(self) -> str | bytes: ...

    async def close(self, code: int, reason: str) -> None:
        """Codes as in RFC 6455, section 7.4.1."""


class Bucket:
    """Lets `rate` a second through, and `burst` at once. Times are monotonic seconds."""

    def __init__(self, rate: float, burst: float, at: float) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._at = burst, at

    def take(self, at: float, count: float = 1) -> bool:
        """Whether so many more may pass at `at`."""
        self._left = min(self._burst, self._left + (at - self._at) * self._rate)
        self._at = at
        if self._left < count:
            return False
        self._left -= count
        return True


class Outbox:
    """What a page is still to be told: of each kind only the newest, in the order in which kinds first changed."""

    def __init__(self) -> None:
        self._newest: dict[str, str | bytes] = {}
        self._last: dict[str, str | bytes] = {}
        self._filled = asyncio.Event()

    def put(self, kind: str, message: str | bytes, *, again: bool = False) -> None:
        """Tell this unless it was the last that was told of its kind; `again`: even so."""
        if again or self._last.get(kind) != message:
            self._last[kind] = self._newest[kind] = message
            self._filled.set()

    async def get(self) -> str | bytes:
        """The next message, come already or still to come."""
        while not self._newest:
            self._filled.clear()
            await self._filled.wait()
        return self._newest.pop(next(iter(self._newest)))


class Client:
    """Talks to one page until it goes, or says nonsense."""

    def __init__(self, socket: Socket, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.outbox = Outbox()
        self._socket = socket
        self._clock = clock
        self._bucket = Bucket(RATE, BURST, clock())

    async def tell(self) -> None:
        """Send what the outbox gets, until the page goes; a page that does not read holds up only itself."""
        with contextlib.suppress(ConnectionError):
            while True:
                await self._socket.send(await self.outbox.get())

    async def hear(self, move: Callable[[Move], None]) -> None:
        """Pass on what the page's hand does, until it goes. Raises NonsenseError once it is no hand's doing."""
        with contextlib.suppress(ConnectionError):
            while True:
                message = await self._socket.recv()
                if not self._bucket.take(self._clock()):
                    raise NonsenseError("more messages than ten fingers make")
                move(decode(message))
