"""Edges that come late are judged by their own time; edges that were lost are found."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from phone.drivers.base import Contact
from phone.drivers.contacts import Contacts
from phone.drivers.debounce import HOLD_OPEN
from phone.drivers.rotary import PULSE, Rotary
from phone.drivers.wires import LATE, Wires

Edge = tuple[float, bool]


def play(
    edges: list[Edge], delays: list[float], *, lost: frozenset[int] = frozenset(), until: float = 100.0
) -> list[Contact]:
    """Deliver each edge so late; run whenever due."""
    heard: list[Contact] = []
    true = [False]
    wires = Wires(Contacts({"1": False}, heard.append), {"1": False}, lambda _: true[0])
    agenda: list[tuple[float, int, Callable[[float], None]]] = []
    last = 0.0
    for number, ((at, level), delay) in enumerate(zip(edges, delays, strict=True)):
        last = max(last, at + delay)  # one after the other, as the library's thread tells them
        agenda.append((at, 0, lambda _, level=level: true.__setitem__(0, level)))
        if number not in lost:
            agenda.append((last, 1, lambda now, at=at, level=level: wires.edge("1", level, at, now)))
    for now, _, act in sorted(agenda, key=lambda entry: entry[:2]):
        run(wires, now)
        act(now)
    run(wires, until)
    return heard


def run(wires: Wires, until: float) -> None:
    while (due := wires.due) is not None and due <= until:
        wires.run(due)


def names(contacts: list[Contact]) -> list[bool]:
    return [c.closed for c in contacts]


def test_a_press_is_told_when_its_first_edge_comes() -> None:
    heard: list[Contact] = []
    wires = Wires(Contacts({"1": False}, heard.append), {"1": False}, lambda _: True)
    wires.edge("1", level=True, at=1.0, now=1.018)
    assert heard == [Contact("1", closed=True, at=1.0)]


def test_bounce_that_is_told_late_ends_no_press() -> None:
    """Open at 2.000, closed again at 2.010, which is heard only once the first has rested for long enough."""
    edges = [(1.0, True), (2.0, False), (2.010, True), (3.0, False)]
    assert [c.at for c in play(edges, [0.0, 0.0, 0.018, 0.0])] == [1.0, 3.0]


def test_bounce_that_is_told_too_late_ends_no_press_either() -> None:
    """A machine that stands still: the wire itself tells that not all has been heard."""
    edges = [(1.0, True), (1.001, False), (1.002, True), (2.0, False)]
    for delay in (0.060, 0.150):
        assert [c.at for c in play(edges, [0.0, 0.0, delay, 0.0])] == [1.0, 2.0]


def bouncing(gaps: list[float]) -> list[Edge]:
    """A press of half a second, with such gaps between the edges of either end."""
    edges: list[Edge] = []
    at = 1.0
    for closed in (True, False):
        edges.append((at, closed))
        for gap in gaps[: len(gaps) // 2 * 2]:
            at += gap
            edges.append((at, not edges[-1][1]))
        at += 0.5
    return edges


@given(
    st.lists(st.floats(0.0005, HOLD_OPEN * 0.9), max_size=12),
    st.lists(st.floats(0.0, LATE * 0.95), min_size=26, max_size=26),
)
def test_no_delay_up_to_its_bound_loses_or_doubles_a_press(gaps: list[float], delays: list[float]) -> None:
    edges = bouncing(gaps)
    heard = play(edges, delays[: len(edges)])
    assert names(heard) == [True, False]
    assert heard[0].at == 1.0


@given(
    st.lists(st.floats(0.0001, HOLD_OPEN / 12), max_size=12),
    st.lists(st.floats(0.0, 0.2), min_size=26, max_size=26),
)
def test_no_delay_at_all_loses_or_doubles_a_press_that_bounces_as_contacts_do(
    gaps: list[float], delays: list[float]
) -> None:
    """A machine may stand still, but not the wire, which is over with its bounce before anybody looks."""
    edges = bouncing(gaps)
    assert names(play(edges, delays[: len(edges)])) == [True, False]


@given(st.integers(0, 10**6), st.floats(0.0, 0.012))
def test_the_pulses_of_a_dial_come_through_a_thread_that_is_late(seed: int, late: float) -> None:
    luck = random.Random(seed)
    heard: list[Contact] = []
    true = {PULSE: False}
    wires = Wires(Rotary(heard.append, has_turned=False), dict(true), lambda name: true[name])
    agenda: list[tuple[float, bool, float]] = []
    last = 0.0
    for number, at in enumerate(at for pulse in range(7) for at in (1.0 + pulse * 0.1, 1.06 + pulse * 0.1)):
        last = max(last, at + luck.uniform(0.0, LATE * 0.95))
        agenda += [(at, number % 2 == 0, at), (last, number % 2 == 0, at)]
    now = 0.9
    while now < 3.0:
        due = min((entry[0] for entry in agenda), default=3.0)
        if wires.due is not None and wires.due + late <= due:
            now = max(now, wires.due + late)
            wires.run(now)
            continue
        now = max(now, due)
        if agenda:
            agenda.sort()
            when, level, at = agenda.pop(0)
            true |= {PULSE: level} if when == at else {}
            if when != at:
                wires.edge(PULSE, level, at, now)
    assert [c.name for c in heard] == ["7", "7"]


def test_the_last_edge_of_a_burst_is_lost_and_found() -> None:
    edges = [(1.0, True), (2.0, False), (2.001, True), (2.002, False), (2.003, True), (2.004, False)]
    heard = play(edges, [0.0] * 6, lost=frozenset({5}))
    assert names(heard) == [True, False]


def test_an_edge_that_is_later_than_any_counts_as_if_it_were_not() -> None:
    heard = play([(1.0, True), (2.0, False), (3.0, True), (3.001, False)], [0.0, 0.0, 0.0, 5.0])
    assert names(heard) == [True, False, True, False]
    assert heard[3].at >= 3.0
