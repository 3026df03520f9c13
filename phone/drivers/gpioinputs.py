"""Keys, hook switch and dial on GPIO pins: one thread for all of them, asleep while nothing moves.

Law: the library's thread only queues edges. No part is told that it is now before it was told all edges until now,
where the library can say so: which of two threads a busy machine lets go first decides nothing. A part whose pins fail
is told of once and tried again each second, while the others go on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from phone.drivers.base import Contact
from phone.drivers.gpio import PinError, PinFactory, hush
from phone.drivers.gpioparts import HookPart, KeypadPart, Part, dial, key
from phone.drivers.profile import Profile
from phone.drivers.sim import HOOK
from phone.drivers.troubles import Troubles

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0

_Edge = tuple[Part, str, bool, float]


class GpioInputs:
    """`base.Inputs` of a profile. Without `factory` there are no pins, and the handset counts as down."""

    def __init__(self, profile: Profile, factory: PinFactory | None, troubles: Troubles) -> None:
        self._troubles = troubles
        self._factory = factory
        self._hook: HookPart | None = None
        self._parts: list[Part] = []
        if factory is not None:
            self._take(profile, factory)
        self._edges: deque[_Edge] = deque()
        self._changed = threading.Condition()
        self._paused: dict[str, float] = {}
        self._closed = False
        self._thread: threading.Thread | None = None

    def start(self, sink: Callable[[Contact], None]) -> None:
        """As `Inputs.start`."""
        if self._hook is not None:
            with self._tried(self._hook):
                self._hook.start(sink, self._post)
        sink(Contact(HOOK, self._hook is not None and self._hook.lifted_at_start, time.monotonic()))
        for part in self._parts:
            if part is not self._hook:
                with self._tried(part):
                    part.start(sink, self._post)
        self._thread = threading.Thread(target=self._run, name="gpio", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """No contact is delivered after this. May be called twice."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        for part in self._parts:
            with self._tried(part):
                part.close()

    def _take(self, profile: Profile, factory: PinFactory) -> None:
        if (hook := profile.hook) is not None:
            with self._told("hook switch"):
                self._hook = HookPart(factory, hook)
                self._parts.append(self._hook)
        if (keypad := profile.keypad) is not None:
            with self._told("keypad"):
                self._parts.append(KeypadPart(factory, keypad))
        if (rotary := profile.rotary) is not None:
            with self._told("dial"):
                self._parts.append(dial(factory, rotary))
        for name, number in profile.keys.items():
            with self._told(f"key {name}"):
                self._parts.append(key(factory, name, number))

    def _post(self, part: Part, wire: str, high: bool, at: float) -> None:
        with self._changed:
            self._edges.append((part, wire, high, at))
            self._changed.notify()

    def _run(self) -> None:
        while self._awoken():
            now = time.monotonic()
            with hush(self._factory):
                self._work(now)

    def _work(self, now: float) -> None:
        with self._changed:
            edges = list(self._edges)
            self._edges.clear()
        for part, wire, high, at in edges:
            with self._tried(part):
                part.edge(wire, high, at, now)
        for part in self._parts:
            if (due := self._due(part)) is not None and due <= now:
                with self._tried(part, cures=True):
                    part.run(now)

    def _awoken(self) -> bool:
        """Once an edge comes or a part is due; False when closed."""
        dues = [due for part in self._parts if (due := self._due(part)) is not None]
        with self._changed:
            while not self._closed and not self._edges:
                seconds = min(dues) - time.monotonic() if dues else None
                if seconds is not None and seconds <= 0:
                    break
                self._changed.wait(seconds)
            return not self._closed

    def _due(self, part: Part) -> float | None:
        due, paused = part.due, self._paused.get(part.name)
        return due if due is None or paused is None else max(due, paused)

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except PinError as error:
            self._troubles.tell(name, str(error))

    @contextmanager
    def _tried(self, part: Part, *, cures: bool = False) -> Iterator[None]:
        """What fails is told; what `cures` shows by not failing that the part works again."""
        try:
            yield
        except PinError as error:
            self._troubles.tell(part.name, str(error))
            self._paused[part.name] = time.monotonic() + RETRY_SECONDS
        except Exception:
            log.exception("a bug of the phone's own in the thread of its keys; it goes on with the next")
        else:
            if cures and self._paused.pop(part.name, None) is not None:
                self._troubles.over(part.name)
