"""The keypad's scanning in virtual time: each press once, within its budget, whatever its contacts do."""

from __future__ import annotations

import random

import pytest
from gridpeer import Contact as Key
from gridpeer import VirtualGrid, bouncing
from hypothesis import given, settings
from hypothesis import strategies as st

from phone.drivers.base import Contact
from phone.drivers.keypad import SCAN_SECONDS, SETTLE, SOON, Keypad

NAMES = {(row, column): "123A456B789C*0#D"[4 * row + column] for row in range(4) for column in range(4)}
CELLS = {name: cell for cell, name in NAMES.items()}
BUDGET = 0.025
DELIVERY = 0.018
"""Seconds from an edge to its callback at most, as lgpio was measured."""


class Bench:
    """Drives a keypad as its thread does: edges late by up to DELIVERY, scans when due, and `late` seconds after."""

    def __init__(self, grid: VirtualGrid, luck: random.Random, *, late: float = 0.0) -> None:
        self.grid = grid
        self.luck = luck
        self.late = late
        self.told: list[tuple[Contact, float]] = []
        self.keypad = Keypad(grid, NAMES, lambda c: self.told.append((c, grid.now)), lambda: grid.now)

    def run(self, until: float) -> None:
        """Every fall of a column is told, some time after it and after the one before."""
        self.keypad.start(self.grid.now)
        heard, fall = self.grid.now, self.grid.fall(self.grid.now, until)
        comes = self._comes(fall, heard)
        while min(due := self._due, comes) <= until:
            if fall is None or due < comes:
                self.grid.now = max(self.grid.now, due) + self.luck.uniform(0, self.late)
                self.keypad.run()
                continue
            heard = self.grid.now = max(self.grid.now, comes)
            self.keypad.edge(fall, self.grid.now)
            fall = self.grid.fall(fall, until)
            comes = self._comes(fall, heard)
        self.grid.now = until

    @property
    def _due(self) -> float:
        return float("inf") if self.keypad.due is None else self.keypad.due

    def _comes(self, fall: float | None, heard: float) -> float:
        return float("inf") if fall is None else max(heard, fall + self.luck.uniform(0, DELIVERY))

    def contacts(self) -> list[tuple[str, bool]]:
        return [(c.name, c.closed) for c, _ in self.told]


def presses(count: int, luck: random.Random, *, bounce: float = 0.008) -> tuple[VirtualGrid, list[tuple[str, float]]]:
    grid, at, done = VirtualGrid(), 0.1, []
    for _ in range(count):
        name = luck.choice(sorted(CELLS))
        until = at + luck.uniform(0.040, 0.120)
        grid.keys.setdefault(CELLS[name], Key()).changes += bouncing(luck, at, until, bounce)
        done.append((name, at))
        at = until + luck.uniform(0.060, 0.200)
    return grid, done


def test_of_10000_bouncing_presses_none_is_lost_or_doubled_and_each_comes_in_time() -> None:
    """In ten evenings, so that the virtual wires stay short."""
    for seed in range(10):
        luck = random.Random(seed)
        grid, done = presses(1000, luck)
        bench = Bench(grid, luck)
        bench.run(done[-1][1] + 1)
        assert bench.contacts() == [(name, closed) for name, _ in done for closed in (True, False)]
        downs = [(c, told) for c, told in bench.told if c.closed]
        for (name, at), (contact, told) in zip(done, downs, strict=True):
            assert told - at <= BUDGET, (name, at)
            assert at <= contact.at <= told


@settings(max_examples=50)
@given(st.integers(0, 10**6), st.floats(1e-5, 0.012))
def test_any_bounce_that_is_shorter_than_the_debounce_time_gives_one_press(seed: int, bounce: float) -> None:
    luck = random.Random(seed)
    grid, done = presses(3, luck, bounce=bounce)
    bench = Bench(grid, luck)
    bench.run(done[-1][1] + 1)
    assert bench.contacts() == [(name, closed) for name, _ in done for closed in (True, False)]


def test_a_contact_that_was_open_before_and_after_the_machine_stood_still_need_not_have_been_open_between() -> None:
    """What nobody looked at is no rest: one press, however long it was between two looks."""
    grid = VirtualGrid(keys={CELLS["1"]: Key([1.0, 1.1, 1.104, 1.2])})
    bench = Bench(grid, random.Random(0))
    bench.run(1.099)
    grid.now = 1.102
    bench.keypad.run()
    grid.now = 1.130
    bench.run(2.0)
    assert bench.contacts() == [("1", True), ("1", False)]


@settings(max_examples=50)
@given(st.integers(0, 10**6), st.floats(0.0, 0.030))
def test_no_press_is_lost_or_doubled_where_each_look_is_late(seed: int, late: float) -> None:
    luck = random.Random(seed)
    grid, at, done = VirtualGrid(), 0.1, []
    for _ in range(3):
        name = luck.choice(sorted(CELLS))
        grid.keys.setdefault(CELLS[name], Key()).changes += bouncing(luck, at, at + 0.1, 0.010)
        done.append(name)
        at += 0.3
    bench = Bench(grid, luck, late=late)
    bench.run(at)
    assert bench.contacts() == [(name, closed) for name in done for closed in (True, False)]


def held(*keys: tuple[str, float, float]) -> Bench:
    grid = VirtualGrid(keys={CELLS[name]: Key([down, up]) for name, down, up in keys})
    bench = Bench(grid, random.Random(0))
    bench.run(3)
    return bench


def test_a_second_key_is_heard_while_the_first_is_held() -> None:
    bench = held(("1", 1.0, 2.0), ("5", 1.2, 1.4))
    assert bench.contacts() == [("1", True), ("5", True), ("5", False), ("1", False)]
    (second, told) = bench.told[1]
    assert told - 1.2 <= SCAN_SECONDS + 0.002
    assert second.at >= 1.2


def test_two_keys_of_a_column_are_both_heard() -> None:
    assert held(("1", 1.0, 2.0), ("4", 1.2, 1.4)).contacts() == [("1", True), ("4", True), ("4", False), ("1", False)]


def test_the_third_corner_of_a_rectangle_is_refused_until_it_is_certain() -> None:
    assert held(("1", 1.0, 2.0), ("2", 1.1, 2.0), ("4", 1.2, 1.4)).contacts() == [
        ("1", True),
        ("2", True),
        ("1", False),
        ("2", False),
    ]
    assert held(("1", 1.0, 1.3), ("2", 1.1, 2.5), ("4", 1.2, 2.0)).contacts() == [
        ("1", True),
        ("2", True),
        ("1", False),
        ("4", True),
        ("4", False),
        ("2", False),
    ]


def test_nothing_is_scanned_while_no_key_is_down() -> None:
    bench = held(("1", 1.0, 1.1))
    assert bench.keypad.due is None
    scans = bench.grid.reads / 5
    assert 5 <= scans <= (100 + 15) / 8 + 5


def test_a_key_that_is_down_at_the_start_is_told() -> None:
    grid = VirtualGrid(keys={CELLS["7"]: Key([-1.0, 0.5])})
    bench = Bench(grid, random.Random(0))
    bench.run(1)
    assert bench.contacts() == [("7", True), ("7", False)]


def test_a_column_with_a_short_gives_no_keys_and_one_sentence(caplog: pytest.LogCaptureFixture) -> None:
    grid = VirtualGrid(
        shorted=frozenset({1}), keys={CELLS["1"]: Key([1.0, 1.1, 1.5, 1.6]), CELLS["2"]: Key([1.05, 1.2])}
    )
    bench = Bench(grid, random.Random(0))
    bench.run(2)
    assert bench.contacts() == [("1", True), ("1", False)] * 2
    assert [r.message for r in caplog.records] == [
        "The keypad's column 2 is low with no key down: look for a short to ground."
    ]
    assert bench.keypad.due is None


def test_an_edge_of_its_own_scanning_wakes_nobody() -> None:
    bench = held(("1", 1.0, 1.1))
    bench.keypad.edge(1.05, 3.1)
    assert bench.keypad.due is None
    bench.keypad.edge(3.05, 3.1)
    assert bench.keypad.due == 3.1
    bench.keypad.edge(3.06, 3.2)
    assert bench.keypad.due == 3.1


def test_a_spark_that_is_over_before_the_scan_is_no_press() -> None:
    assert held(("1", 1.0, 1.0001)).contacts() == []


def test_a_contact_that_is_met_in_an_open_moment_is_looked_at_again_at_once() -> None:
    """Closed at 1 s, open again after 0.1 ms, for good closed from 3 ms on: the edge is heard of at once."""
    grid = VirtualGrid(keys={CELLS["1"]: Key([1.0, 1.0001, 1.003, 2.0])})
    luck = random.Random(0)
    luck.uniform = lambda a, b: a
    bench = Bench(grid, luck)
    bench.run(1.5)
    ((_, told),) = bench.told
    scan = 4 * (SETTLE + grid.access) + 2 * grid.access
    assert told - 1.003 <= SOON + 2 * scan


class Blinking(VirtualGrid):
    """Reads its columns first, and takes its time after it: what goes down meanwhile has an edge, and was not seen."""

    def rest(self) -> frozenset[int]:
        low = super().rest()
        self.now += 0.002
        return low


def test_a_key_that_goes_down_between_the_last_look_and_sleep_is_heard() -> None:
    for down in (1.0 + step / 10_000 for step in range(1000)):
        grid = Blinking(keys={CELLS["1"]: Key([0.9, 1.0]), CELLS["5"]: Key([down, 2.0])})
        bench = Bench(grid, random.Random(0))
        bench.run(3.0)
        ((_, told),) = [(c, told) for c, told in bench.told if (c.name, c.closed) == ("5", True)]
        assert told - down <= BUDGET


def test_an_edge_that_the_kernel_lost_is_made_up_for() -> None:
    """It keeps 16 of a line: more come while a machine stands still in the middle of a scan."""
    grid = VirtualGrid(keys={CELLS["1"]: Key([1.0, 1.1]), CELLS["5"]: Key([1.14, 2.0])})
    bench = Bench(grid, random.Random(0))
    bench.keypad.start(0.0)
    bench.keypad.run()
    grid.now = 1.0
    bench.keypad.edge(1.0, 1.0)
    while bench.keypad.due is not None:
        grid.now = max(grid.now, bench.keypad.due)
        bench.keypad.run()
    assert bench.contacts() == [("1", True), ("1", False), ("5", True), ("5", False)]
