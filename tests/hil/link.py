"""The serial line to the agent inside (`guest/agent.py`): tasks go in, answers come out, in any order."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import cast

_NUDGE_SECONDS = 2.0
Value = str | float | bool | None
Answer = Mapping[str, Value]


class LinkError(RuntimeError):
    """The virtual Pi is off, or could not do what it was asked."""


class Link:
    """One boot's. Any thread may ask."""

    def __init__(self) -> None:
        self._ours, self.theirs = socket.socketpair()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._open: dict[int, Future[Answer]] = {0: Future()}
        self._lines = self._ours.makefile("rb")
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def started(self) -> None:
        """The other end belongs to the virtual Pi alone now: its end is ours."""
        self.theirs.close()

    def wait(self, seconds: float) -> None:
        """Until the agent speaks. Raises LinkError."""
        self._result(0, self._open[0], seconds)

    def ask(self, do: str, *, patience: float = 60.0, **what: Value) -> Answer:
        """Do it and wait. Raises LinkError."""
        number, future = next(self._numbers), Future[Answer]()
        with self._lock:
            self._open[number] = future
        try:
            self._ours.sendall(json.dumps({"id": number, "do": do, **what}).encode() + b"\n")
        except OSError as error:
            raise LinkError("the virtual Pi is off") from error
        return self._result(number, future, patience)

    def close(self) -> None:
        """Whoever waits gets a LinkError."""
        with suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._lines.close()
        self._ours.close()
        self.theirs.close()

    def _result(self, number: int, future: Future[Answer], seconds: float) -> Answer:
        try:
            answer = self._awaited(future, seconds)
        except TimeoutError as error:
            raise LinkError(f"the virtual Pi has not answered for {seconds:g} s") from error
        finally:
            with self._lock:
                self._open.pop(number, None)
        if "error" in answer:
            raise LinkError(str(answer["error"]))
        return answer

    def _awaited(self, future: Future[Answer], seconds: float) -> Answer:
        """User Mode Linux now and then does not notice that something came over its line, until more comes."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > _NUDGE_SECONDS:
            with suppress(TimeoutError):
                return future.result(_NUDGE_SECONDS)
            with suppress(OSError):
                self._ours.sendall(b"\n")

        return future.result(max(0.0, left))

    def _read(self) -> None:
        with suppress(OSError):
            for line in self._lines:
                self._take(line)
        with self._lock:
            left = [future for future in self._open.values() if not future.done()]
        for future in left:
            future.set_exception(LinkError("the virtual Pi went off"))

    def _take(self, line: bytes) -> None:
        """What is no answer is what a kernel or a login wrote to the port before the agent had it."""
        with suppress(ValueError):
            answer = json.loads(line)
            if isinstance(answer, dict) and isinstance(number := answer.get("id"), int):
                with self._lock:
                    future = self._open.get(number)
                if future is not None and not future.done():
                    future.set_result(cast("Answer", answer))
