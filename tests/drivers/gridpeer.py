"""A matrix of contacts that bounce, on a clock of its own: what the wires of a keypad do, in virtual time."""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass, field

from phone.drivers.keypad import SETTLE
from phone.drivers.matrix import Cell


def electrical(down: frozenset[Cell]) -> frozenset[Cell]:
    """What is read of the keys that are down: each column that a way over keys connects to the row that is driven."""
    read = set(down)
    while len(down) > 2:
        more = {(r, c) for r, via in read for r2, via2 in read if via == via2 for r3, c in read if r3 == r2} - read
        if not more:
            break
        read |= more
    return frozenset(read)


@dataclass
class Contact:
    """One key: the instants at which it changes, open at first."""

    changes: list[float] = field(default_factory=list)

    def closed(self, at: float) -> bool:
        return bisect_right(self.changes, at) % 2 == 1


@dataclass
class VirtualGrid:
    """`keypad.Grid`, each access of which takes its time."""

    rows: int = 4
    columns: int = 4
    now: float = 0.0
    access: float = 450e-6
    """Seconds that the pins of a row take to change and be read."""
    shorted: frozenset[int] = frozenset()
    keys: dict[Cell, Contact] = field(default_factory=dict)
    reads: int = 0
    edges: list[float] = field(default_factory=list)

    def down(self, at: float) -> frozenset[Cell]:
        return frozenset(cell for cell, contact in self.keys.items() if contact.closed(at))

    def read(self, row: int | None) -> frozenset[int]:
        self.reads += 1
        self.now += SETTLE + self.access
        return self.shorted | {c for r, c in electrical(self.down(self.now)) if r == row}

    def rest(self) -> frozenset[int]:
        self.now += self.access
        return self.shorted | {c for _, c in self.down(self.now)}

    def fall(self, after: float, before: float) -> float | None:
        """When a column goes low next with all rows driven."""
        if len(self.edges) != sum(len(contact.changes) for contact in self.keys.values()):
            self.edges = sorted(t for contact in self.keys.values() for t in contact.changes)
        low = {c for _, c in self.down(after)}
        for t in self.edges[bisect_right(self.edges, after) : bisect_right(self.edges, before)]:
            now_low = {c for _, c in self.down(t)}
            if now_low - low:
                return t
            low = now_low
        return None


def bouncing(luck: random.Random, at: float, until: float, bounce: float) -> list[float]:
    """A press from `at` to `until`: it bounces for up to `bounce` seconds at either end."""

    def chatter(edge: float) -> list[float]:
        count = 2 * luck.randrange(5)
        return [edge, *sorted(edge + luck.uniform(1e-6, bounce) for _ in range(count))]

    return chatter(at) + chatter(until)
