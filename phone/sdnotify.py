"""What a service tells systemd: sd_notify(3)'s datagrams, whose form is stable. Nobody asked: nothing is sent."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

log = logging.getLogger(__name__)

_MICROSECONDS = 1_000_000


class Notifier:
    """Speaks to the socket that systemd named, without ever waiting for it."""

    def __init__(self, address: str | None = None, watchdog_seconds: float | None = None) -> None:
        """`address`: a path, or `@name` of the abstract name space; None: nobody listens.

        `watchdog_seconds`: `alive` must come at least that often; None: nobody waits for it.
        """
        self._address = address
        self.watchdog_seconds = watchdog_seconds if address else None
        self._status = ""
        self._told_of_failure = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Notifier:
        """As systemd asks for it. Its variables stay there, for a process that begins anew by exec(3)."""
        microseconds, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
        waits = microseconds.isdecimal() and int(microseconds) and pid in ("", str(os.getpid()))
        return cls(environment.get("NOTIFY_SOCKET") or None, int(microseconds) / _MICROSECONDS if waits else None)

    @property
    def listening(self) -> bool:
        """Somebody wants to be told."""
        return self._address is not None

    def ready(self) -> None:
        """The service does its work from now on."""
        self._send("READY=1")
        if self.watchdog_seconds is not None:
            self._expect(self.watchdog_seconds)

    def again(self, patience: float) -> None:
        """The same process begins anew, and will be ready in so many seconds: the watchdog waits that long."""
        if self.watchdog_seconds is not None:
            self._expect(patience)

    def stopping(self) -> None:
        """It ends in order."""
        self._send("STOPPING=1")

    def status(self, sentence: str) -> None:
        """What `systemctl status` shows; sent when it is another one than before."""
        sentence = " ".join(sentence.split())
        if sentence != self._status:
            self._status = sentence
            self._send(f"STATUS={sentence}")

    def alive(self) -> None:
        """The watchdog waits anew, if there is one."""
        if self.watchdog_seconds is not None:
            self._send("WATCHDOG=1")

    def _expect(self, seconds: float) -> None:
        self._send(f"WATCHDOG_USEC={round(seconds * _MICROSECONDS)}\nWATCHDOG=1")

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.setblocking(False)  # noqa: FBT003
                sock.sendto(message.encode(), address)
        except OSError as error:
            if not self._told_of_failure:
                log.warning("systemd cannot be told how the phone is: %s: %s", self._address, error)
            self._told_of_failure = True
