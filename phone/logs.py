"""The log: a line for each change of state, on stderr, for journald or a terminal. No secrets, no floods.

Remote nonsense is logged with `extra={"remote": address}`: then a peer cannot fill the disk with it.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable
from typing import TextIO

from phone.journald import SOCKET, JournalHandler, is_journal

BURST = 5
"""Lines of one kind from one peer that are let through at once."""
QUIET_SECONDS = 60.0
"""After a burst, one line of that kind in this time, with the number of those left out."""
_KINDS = 512
_TOLD = "told"
"""Of a record: whether it is let through. Its text says then how many were not, and is no kind of its own."""

_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7))
_CHATTY = ("slixmpp", "aioice", "asyncio", "PIL")
"""They log whole stanzas (secrets among them) or every packet at DEBUG."""


def setup(level: str, secrets: Iterable[str] = (), stream: TextIO | None = None, journal: str = SOCKET) -> None:
    """Send all logs to `stream` (stderr) from `level` ("INFO") up, with `secrets` blotted out wherever they appear.

    Where the stream ends in the journal, they go there as entries with fields, by the socket `journal`.
    """
    handler = _handler(stream or sys.stderr, tuple(secrets), journal)
    handler.addFilter(RemoteLimit(time.monotonic))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelNamesMapping()[level]))


def _handler(target: TextIO, secrets: tuple[str, ...], journal: str) -> logging.Handler:
    lines = logging.StreamHandler(target)
    lines.setFormatter(LineFormatter(secrets, priorities=not target.isatty()))
    if not is_journal(target):
        return lines
    entries = JournalHandler(_priority, lines, journal)
    entries.setFormatter(LineFormatter(secrets, priorities=False, times=False))
    return entries


class LineFormatter(logging.Formatter):
    """`<6>room: message` (sd-daemon(3)) without a time, which journald adds; with the time on a terminal."""

    def __init__(self, secrets: Iterable[str], *, priorities: bool, times: bool = True) -> None:
        timed = times and not priorities
        super().__init__("%(asctime)s.%(msecs)03d %(name)s: %(message)s" if timed else "%(name)s: %(message)s", "%T")
        self._secrets = tuple(sorted(filter(None, secrets), key=len, reverse=True))
        self._priorities = priorities

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        if not self._priorities:
            return text
        prefix = f"<{_priority(record.levelno)}>"
        return "\n".join(prefix + line for line in text.split("\n"))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """What a peer sent cannot forge a line or speak to the terminal."""
        record.message = "".join(c if c.isprintable() else repr(c)[1:-1] for c in record.message)
        return super().formatMessage(record)


def _priority(level: int) -> int:
    """syslog(3)."""
    return next((p for at_least, p in _PRIORITIES if level >= at_least), 7)


class RemoteLimit(logging.Filter):
    """Lets a burst of each (message, peer) through, then one a minute. Of several, the first to hear a line decides."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._seen: dict[tuple[str, str], _Kind] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        remote = getattr(record, "remote", None)
        if remote is None:
            return True
        told: bool | None = getattr(record, _TOLD, None)
        if told is None:
            told = self._admits(record, remote)
            setattr(record, _TOLD, told)
        return told

    def _admits(self, record: logging.LogRecord, remote: object) -> bool:
        left_out = self._kind(f"{record.name} {record.msg}", str(remote)).admit(self._monotonic())
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} more like it)", ()
        return left_out is not None

    def _kind(self, message: str, remote: str) -> _Kind:
        """Many invented addresses share one allowance for each message: the table is bounded."""
        key = (message, remote if len(self._seen) < _KINDS else "")
        return self._seen.setdefault(key, _Kind())


class _Kind:
    """One kind of line."""

    __slots__ = ("_left_out", "_next", "_spare")

    def __init__(self) -> None:
        self._spare = BURST
        self._next = 0.0
        self._left_out = 0

    def admit(self, now: float) -> int | None:
        """How many were left out before this one; None: leave it out too."""
        if self._spare == 0 and now < self._next:
            self._left_out += 1
            return None
        self._spare = max(0, self._spare - 1)
        if self._spare == 0:
            self._next = now + QUIET_SECONDS
        left_out, self._left_out = self._left_out, 0
        return left_out
