"""A matrix keypad: asleep while no key is down, scanned while one is. No thread and no clock of its own.

Asleep, all rows are driven low, so that any key pulls its column down: one edge wakes it. It sleeps only after a second
look: an edge that came in the turmoil of scanning may have been lost. Scanning drives one row at a
time and leaves the others open, so that two keys of one column never short two outputs. A key has rested open only
where two looks say so: on a machine that stood still in between nobody knows.

Budget from key down to event, asleep: delivery of the edge (at once by gpiod, 18 ms at most by lgpio) and one scan
(`SETTLE` and three pin changes a row: 3 ms for 6 rows). Awake, or where the first scan met an open moment of a bouncing
contact: `SOON` or `SCAN_SECONDS`, and one scan, until it is met closed. Both stay below 25 ms; a key counts as down at
its first reading, so debouncing adds nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from phone.drivers.base import Contact
from phone.drivers.contacts import Contacts
from phone.drivers.debounce import HOLD_OPEN
from phone.drivers.matrix import Cell, certain

log = logging.getLogger(__name__)

SCAN_SECONDS = 0.008
"""Between scans while a key is down."""
SOON = 0.002
"""Between scans after an edge that no key was found for yet: its contact was met in an open moment."""
BOUNCE = 0.012
"""Seconds that a contact may bounce: for so long after an edge a scan that finds nothing is no reason to sleep."""
LOOK_AGAIN = 0.05
"""Seconds from falling asleep to that look."""
SETTLE = 100e-6
"""Seconds from driving a row to reading the columns: 50 kΩ pull-ups on half a metre of ribbon take 30 us to rise."""


class Grid(Protocol):
    """The wires of a matrix."""

    def read(self, row: int | None) -> frozenset[int]:
        """Drive this row alone (none at all), let it settle: the columns that are low."""

    def rest(self) -> frozenset[int]:
        """Drive all rows: the columns that are low."""


class Keypad:
    """Matrix keys by name; `sink` hears of each. Times are monotonic seconds by `clock`."""

    def __init__(
        self,
        grid: Grid,
        names: Mapping[Cell, str],
        sink: Callable[[Contact], None],
        clock: Callable[[], float],
        *,
        hold_open: float = HOLD_OPEN,
    ) -> None:
        self._grid = grid
        self._names = names
        self._rows = sorted({row for row, _ in names})
        self._clock = clock
        self._cells = {name: cell for cell, name in names.items()}
        self._sink = sink
        self._contacts = Contacts(dict.fromkeys(self._cells, False), self._report, hold_open=hold_open)
        self._down: set[Cell] = set()
        self._woken: float | None = None
        self._asleep = False
        self._asleep_since = float("-inf")
        self._read: frozenset[Cell] = frozenset()
        self._stuck: frozenset[int] = frozenset()
        self.due: float | None = None
        """When `run` is to be called next; None: no key is down."""

    def start(self, now: float) -> None:
        """Fall asleep, or scan at once where a key is down already."""
        self.due = now

    def edge(self, at: float, now: float) -> None:
        """A column went low at `at`. Edges that its own scanning made come late, and are known by their time."""
        if self._asleep and at > self._asleep_since:
            self._asleep = False
            self._woken = at
            self.due = now

    def run(self) -> None:
        """One scan."""
        read = self._scan()
        at = self._clock()
        counts = certain(read, frozenset(self._down))
        changed = at if self._read or self._woken is None else self._woken
        for cell in sorted(counts ^ self._read):
            self._contacts.see(self._names[cell], cell in counts, changed)
        self._contacts.settle(at)
        self._read = counts
        if not self._asleep:
            self._asleep_since = self._clock()  # what falls from here on is a key, seen by this last look or not
        low = self._grid.rest() - self._stuck
        now = self._clock()
        bounces = self._woken is not None and now < self._woken + BOUNCE
        if not bounces or self._down:
            self._woken = None
        self._rest(now, busy=bool(low or read or bounces or self._contacts.due is not None))

    def _rest(self, now: float, *, busy: bool) -> None:
        if busy:
            self.due = now + (SCAN_SECONDS if self._woken is None else SOON)
        else:
            self.due = None if self._asleep else now + LOOK_AGAIN
        self._asleep = not busy

    def _scan(self) -> frozenset[Cell]:
        stuck = self._grid.read(None)
        if stuck - self._stuck:
            log.warning("The keypad's column %s is low with no key down: look for a short to ground.", _told(stuck))
        self._stuck = stuck
        read = frozenset((row, column) for row in self._rows for column in self._grid.read(row) - stuck)
        return read & self._names.keys()

    def _report(self, contact: Contact) -> None:
        cell = self._cells[contact.name]
        (self._down.add if contact.closed else self._down.discard)(cell)
        self._sink(contact)


def _told(lines: frozenset[int]) -> str:
    return ", ".join(str(line + 1) for line in sorted(lines))
