"""Log records to journald by its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), so that fields can be searched:
`journalctl -u phone PHONE_CALL=1a2b3c4d`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Callable, Mapping
from typing import TextIO

SOCKET = "/run/systemd/journal/socket"
LONGEST = 32_768
"""Octets of one message: far more would not fit into a datagram. A traceback loses its middle."""

_EXTRAS = {"call": "PHONE_CALL", "peer": "PHONE_PEER", "remote": "PHONE_REMOTE"}
"""`extra=` of a log call -> field of the journal."""
_CALL_DIGITS = 8
"""What the log's lines show of a call's id; the whole would be no handier to type."""


def is_journal(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether systemd has tied this stream to the journal, and nobody has put another in its place since."""
    device, _, inode = environment.get("JOURNAL_STREAM", "").partition(":")
    with contextlib.suppress(OSError, ValueError):
        it = os.fstat(stream.fileno())
        return (str(it.st_dev), str(it.st_ino)) == (device, inode)
    return False


class JournalHandler(logging.Handler):
    """One datagram a record. What journald does not take goes to `instead`: the stream, which it reads later."""

    def __init__(self, priority: Callable[[int], int], instead: logging.Handler, address: str = SOCKET) -> None:
        """`priority`: of syslog(3), by logging's level. The formatter is to leave out priority and time."""
        super().__init__()
        self._priority = priority
        self._instead = instead
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # noqa: FBT003

    def emit(self, record: logging.LogRecord) -> None:
        """Never waits, never raises."""
        try:
            self._socket.sendto(encode(self._fields(record)), self._address)
        except OSError:  # journald is being restarted, or cannot keep up
            self._instead.handle(record)
        except Exception:  # noqa: BLE001 - as logging's own handlers do: a bad log call must not end what it tells of
            self.handleError(record)

    def close(self) -> None:
        self._socket.close()
        super().close()

    def _fields(self, record: logging.LogRecord) -> dict[str, str]:
        fields = {
            "MESSAGE": self.format(record),
            "PRIORITY": str(self._priority(record.levelno)),
            "SYSLOG_IDENTIFIER": "phone",
            "LOGGER": record.name,
            "CODE_FILE": record.pathname,
            "CODE_LINE": str(record.lineno),
            "CODE_FUNC": record.funcName or "",
            "THREAD_NAME": record.threadName or "",
        }
        for extra, field in _EXTRAS.items():
            if value := getattr(record, extra, None):
                fields[field] = str(value)
        if "PHONE_CALL" in fields:
            fields["PHONE_CALL"] = fields["PHONE_CALL"][:_CALL_DIGITS]
        return fields


def encode(fields: Mapping[str, str]) -> bytes:
    """One entry. A value with line breaks has its length before it: none can forge another field."""
    return b"".join(_field(name, _cut(value.encode(errors="backslashreplace"))) for name, value in fields.items())


def _field(name: str, value: bytes) -> bytes:
    if b"\n" in value:
        return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
    return name.encode() + b"=" + value + b"\n"


def _cut(value: bytes) -> bytes:
    if len(value) <= LONGEST:
        return value
    return value[: LONGEST // 2] + b"\n[...]\n" + value[-LONGEST // 2 :]
