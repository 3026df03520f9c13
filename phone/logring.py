"""The newest lines of the log, in memory: for a helper, where there is no journald to ask."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from phone.logs import LineFormatter, RemoteLimit

LINES = 1000
LONGEST = 500
"""Characters of a line."""


class LogRing(logging.Handler):
    """Keeps LINES lines, with `secrets` blotted out."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        formatter = LineFormatter(secrets, priorities=False)
        formatter.datefmt = "%F %T"
        self.setFormatter(formatter)
        self.addFilter(RemoteLimit(time.monotonic))
        self._lines: deque[str] = deque(maxlen=LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """From any thread."""
        try:
            text = self.format(record)
        except Exception:  # noqa: BLE001 - logging's own way: a line that cannot be made stops nobody
            self.handleError(record)
            return
        for line in text.split("\n"):
            self._lines.append(line if len(line) <= LONGEST else line[:LONGEST] + "...")

    def lines(self) -> tuple[str, ...]:
        """Oldest first."""
        self.acquire()
        try:
            return tuple(self._lines)
        finally:
            self.release()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear all that is logged."""
        root = logging.getLogger()
        root.addHandler(self)
        try:
            yield
        finally:
            root.removeHandler(self)
