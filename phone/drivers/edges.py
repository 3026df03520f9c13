"""One thread that hears of the edges of all pins. It sleeps in the kernel until there is one."""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


class EdgeThread:
    """Files of the kernel, each with the function that takes what waits there. Starts with the first of them."""

    def __init__(self) -> None:
        self._epoll = select.epoll()  # which takes and gives up files while somebody sleeps in it
        self._bell = os.eventfd(0, os.EFD_CLOEXEC)
        self._epoll.register(self._bell, select.EPOLLIN)
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._takers: dict[int, Callable[[], None]] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, file: int, take: Callable[[], None]) -> None:
        """Call `take` in this thread whenever something waits at `file`, or perhaps no longer does. What it raises is
        logged; after an OSError, or where the file's device has gone, the file is forgotten.
        """
        with self._lock:
            self._epoll.register(file, select.EPOLLIN)
            self._takers[file] = take
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="edges", daemon=True)
                self._thread.start()

    def remove(self, file: int) -> None:
        """Before it is closed. A call under way may end after this. One that was forgotten, or never added, is fine."""
        with self._lock:
            if self._takers.pop(file, None) is not None:
                self._epoll.unregister(file)

    @contextmanager
    def hush(self) -> Iterator[None]:
        """On entering all that waited has been taken, if need be in the caller's thread; inside nothing is taken."""
        with self._telling:
            self._serve(self._epoll.poll(0))
            yield

    def close(self) -> None:
        """End the thread. May be called twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        os.eventfd_write(self._bell, 1)
        if self._thread is not None:
            self._thread.join()
        self._epoll.close()
        os.close(self._bell)

    def _run(self) -> None:
        while not self._closed:
            ready = self._epoll.poll()
            with self._telling:
                self._serve(ready)

    def _serve(self, ready: list[tuple[int, int]]) -> None:
        for file, events in ready:
            if (take := self._takers.get(file)) is not None:
                self._call(file, take)
                if events & (select.EPOLLHUP | select.EPOLLERR):
                    self.remove(file)  # else it would be told of for ever

    def _call(self, file: int, take: Callable[[], None]) -> None:
        try:
            take()
        except OSError as error:
            log.error("The edges of a pin cannot be read: %s", error)  # noqa: TRY400 - the kernel's word, not a bug
            self.remove(file)
        except Exception:
            log.exception("a bug of the phone's own in the thread of its pins; it goes on with the next edge")
