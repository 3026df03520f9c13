"""The wires of all contacts, debounced: edges come in from a driver's thread, changes go out to one sink in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from phone.drivers.base import Contact
from phone.drivers.debounce import HOLD_OPEN, Debounce


class Contacts:
    """Contacts by name, at their levels now. `edge` reports a closing in the caller's own turn; a thread of its own
    reports what needs time to settle.
    """

    def __init__(
        self, levels: Mapping[str, bool], sink: Callable[[Contact], None], *, hold_open: float = HOLD_OPEN
    ) -> None:
        self._states = {name: Debounce(closed, closed, hold_open=hold_open) for name, closed in levels.items()}
        self._sink = sink
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._settle, name="contacts", daemon=True)
        self._thread.start()

    def edge(self, name: str, level: bool, at: float) -> None:
        """A wire changed at `at` (monotonic seconds). Safe from any thread."""
        with self._changed:
            self._take(name, *self._states[name].edge(level, at))
            self._changed.notify()

    def close(self) -> None:
        """No change is delivered after this. May be called twice, but not by the sink."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _take(self, name: str, state: Debounce, changed: bool) -> None:
        self._states[name] = state
        if changed and not self._closed:
            self._sink(Contact(name, state.closed, state.since))

    def _settle(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                for name, state in self._states.items():
                    self._take(name, *state.settle(now))
                dues = [state.due for state in self._states.values() if state.due is not None]
                self._changed.wait(max(0.0, min(dues) - now) if dues else None)
