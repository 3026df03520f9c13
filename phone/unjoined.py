"""Threads that nobody waits for at the end: a name that no server resolves keeps one busy for many seconds."""

from __future__ import annotations

import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

_MOST = 8
"""At a time: more would wait for each other."""


class Unjoined(ThreadPoolExecutor):
    """For an event loop. What must be done before the process ends is waited for by whoever wants it done."""

    def __init__(self) -> None:
        super().__init__(max_workers=_MOST, thread_name_prefix="unjoined")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """What has not begun is dropped, what goes on goes on; `wait` is of no use here."""
        super().shutdown(wait=False, cancel_futures=True)


def leave(code: int) -> NoReturn:
    """End the process with that exit code and without a look at its threads, which the interpreter would wait for."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
