"""Late edges are judged by their own time: a busy machine doubles no press and swallows none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from phone.drivers.base import Contact
from phone.drivers.contacts import Contacts
from phone.drivers.debounce import HOLD_OPEN

BOUNCE = 0.008


def presses(count: int, jitter: list[float]) -> list[tuple[float, bool]]:
    """Edges of one key pressed `count` times for 40 ms every 100 ms, each change bouncing."""
    edges = []
    for n in range(count):
        for at, level in ((n * 0.1, True), (n * 0.1 + 0.04, False)):
            bounces = sorted(j * BOUNCE for j in jitter[: len(jitter) // 2 * 2])
            edges += [(at, level), *((at + b, level ^ (i % 2 == 0)) for i, b in enumerate(bounces))]
    return edges


@given(
    count=st.integers(1, 5),
    jitter=st.lists(st.floats(0.01, 1), max_size=6),
    batches=st.lists(st.integers(1, 9), min_size=1),
)
def test_edges_may_come_in_any_batches(count: int, jitter: list[float], batches: list[int]) -> None:
    """The driver settles only up to what it has told; how late it tells it changes nothing."""
    heard: list[Contact] = []
    contacts = Contacts({"5": False, "6": False}, heard.append)
    edges = presses(count, jitter)
    turn = 0
    while edges:
        size = batches[turn % len(batches)]
        batch, edges = edges[:size], edges[size:]
        for at, level in batch:
            contacts.edge("5", level, at)
        if edges:
            contacts.settle(min(batch[-1][0] + 1, edges[0][0]))
        turn += 1
    contacts.settle(count * 0.1 + 1)
    assert [(c.name, c.closed) for c in heard] == [("5", True), ("5", False)] * count
    assert contacts.due is None


def test_what_rests_is_due_when_it_has_rested() -> None:
    heard: list[Contact] = []
    contacts = Contacts({"HOOK": True}, heard.append)
    contacts.edge("HOOK", level=False, at=1.0)
    assert contacts.due == 1.0 + HOLD_OPEN
    contacts.settle(1.0 + HOLD_OPEN / 2)
    assert not heard
    contacts.settle(1.0 + HOLD_OPEN)
    assert [(c.closed, c.at) for c in heard] == [(False, 1.0)]


def test_what_nobody_looked_at_is_no_rest() -> None:
    heard: list[Contact] = []
    contacts = Contacts({"1": True}, heard.append)
    contacts.see("1", level=False, at=1.0)
    contacts.see("1", level=True, at=1.0 + HOLD_OPEN * 2)
    assert heard == []
    contacts.see("1", level=False, at=2.0)
    contacts.settle(2.0 + HOLD_OPEN)
    assert heard == [Contact("1", closed=False, at=2.0)]
