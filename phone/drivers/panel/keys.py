"""Where the panel's clicks go: to the simulated desk's contacts, or beside the real ones into the same sink."""

from __future__ import annotations

import time
from collections.abc import Callable

from phone.drivers.base import Contact
from phone.drivers.sim import HOOK, SimDesk


class SimKeys:
    """`PanelKeys` that move a simulated desk's contacts, bounce included."""

    def __init__(self, sim: SimDesk) -> None:
        self._sim = sim

    def press(self, name: str) -> None:
        self._sim.push(name)

    def release(self, name: str) -> None:
        self._sim.let_go(name)

    def lift(self) -> None:
        self._sim.lift()

    def hang_up(self) -> None:
        self._sim.hang_up()


class ContactKeys:
    """`PanelKeys` that report contacts as a keypad's driver does: remote help on real hardware."""

    def __init__(self, sink: Callable[[Contact], None]) -> None:
        self._sink = sink

    def press(self, name: str) -> None:
        self._report(name, closed=True)

    def release(self, name: str) -> None:
        self._report(name, closed=False)

    def lift(self) -> None:
        self._report(HOOK, closed=True)

    def hang_up(self) -> None:
        self._report(HOOK, closed=False)

    def _report(self, name: str, *, closed: bool) -> None:
        self._sink(Contact(name, closed, time.monotonic()))
