"""Work off the event loop, in order: a slow or full card delays nobody."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

log = logging.getLogger(__name__)


class Background:
    """One thread that does what it is given. A bug of ours in there is logged with its traceback, the rest is done."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, name)

    def do(self, work: Callable[[], None]) -> None:
        """Soon; does not block."""
        self._thread.submit(work).add_done_callback(_tell)

    def close(self) -> None:
        """Return when all is done."""
        self._thread.shutdown()


def _tell(done: Future[None]) -> None:
    if error := done.exception():
        log.error("a bug of the phone's own, off the loop", exc_info=error)
