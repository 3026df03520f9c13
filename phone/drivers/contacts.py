"""The wires of all contacts, debounced. No thread and no clock of its own: whoever watches the wires drives it.

Law: time is that of the edges, never that of their delivery. An edge that comes late is judged with what was known at
its own instant, so that a busy machine neither doubles a press nor swallows one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from phone.drivers.base import Contact
from phone.drivers.debounce import HOLD_OPEN, Debounce


class Contacts:
    """Contacts by name, at their levels now. Times are monotonic seconds and must not go back."""

    def __init__(
        self, levels: Mapping[str, bool], sink: Callable[[Contact], None], *, hold_open: float = HOLD_OPEN
    ) -> None:
        self._states = {name: Debounce(closed, closed, hold_open=hold_open) for name, closed in levels.items()}
        self._sink = sink

    def edge(self, name: str, level: bool, at: float) -> None:
        """A wire changed at `at`; what was due before counts first."""
        self.settle(at)
        self.see(name, level, at)

    def see(self, name: str, level: bool, at: float) -> None:
        """A look found a wire changed at `at`. Nobody knows how it was since the look before: nothing was due then."""
        self._take(name, *self._states[name].edge(level, at))

    def settle(self, at: float) -> None:
        """All edges up to `at` have been told: report what has rested long enough by then."""
        for name, state in self._states.items():
            self._take(name, *state.settle(at))

    @property
    def due(self) -> float | None:
        """When `settle` has something to report, if no edge comes before."""
        return min((state.due for state in self._states.values() if state.due is not None), default=None)

    def _take(self, name: str, state: Debounce, changed: bool) -> None:
        self._states[name] = state
        if changed:
            self._sink(Contact(name, state.closed, state.since))
