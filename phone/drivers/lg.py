"""What lgpio needs that no other library does.

It makes a FIFO in the working directory when it is imported: that is let happen in a folder that goes at once. And its
thread keeps a pin that it was told to leave until its `poll` returns: the kernel says meanwhile that the pin is busy.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY_SECONDS = 1.0


@contextmanager
def elsewhere() -> Iterator[None]:
    """In a folder of its own, that is deleted at the end: what has a file open in there keeps it."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="phone-") as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(here)


def patiently(act: Callable[[], None], busy: tuple[type[Exception], ...]) -> None:
    """Do it, again and again for a while where it raises one of `busy`; then raise the last of them."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return act()
        except busy:
            if time.monotonic() >= until:
                raise
            time.sleep(BUSY_SECONDS / 100)
