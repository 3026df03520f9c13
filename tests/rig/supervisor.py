"""systemd's end of sd_notify(3): a datagram socket, and when each message came."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Told:
    """One variable of one message."""

    at: float
    """Monotonic seconds."""
    name: str
    value: str


@dataclass(slots=True)
class Supervisor:
    """Hears one service. Its socket is there from the beginning."""

    path: Path
    watchdog_seconds: float | None = None
    told: list[Told] = field(default_factory=list)
    _socket: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.settimeout(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    @property
    def environment(self) -> Mapping[str, str]:
        """What systemd gives the service."""
        waits = {} if self.watchdog_seconds is None else {"WATCHDOG_USEC": str(round(self.watchdog_seconds * 1e6))}
        return {"NOTIFY_SOCKET": str(self.path), **waits}

    def read(self) -> list[Told]:
        """All that was told until now."""
        while True:
            try:
                message = self._socket.recv(65536).decode()
            except BlockingIOError:
                return self.told
            for line in message.splitlines():
                name, _, value = line.partition("=")
                self.told.append(Told(time.monotonic(), name, value))

    def values(self, name: str) -> list[str]:
        """Of one variable, in order."""
        return [told.value for told in self.read() if told.name == name]

    def last(self, name: str) -> Told | None:
        """The newest of a variable."""
        return next((told for told in reversed(self.read()) if told.name == name), None)

    async def until(self, true: Callable[[Supervisor], bool], seconds: float) -> bool:
        """Wait for it; False if it does not come."""
        deadline = time.monotonic() + seconds
        while not true(self):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.02)
        return True
