"""A contact closes at its first edge and opens once it stayed open: by example, and for every bounce."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from phone.drivers.debounce import HOLD_OPEN, Debounce

Change = tuple[bool, float, float]
"""closed, reported at, physical edge"""


def feed(edges: list[tuple[float, bool]], state: Debounce | None = None, until: float = 1e9) -> list[Change]:
    """What a driver does: every edge, and every `due` in between."""
    state = state or Debounce()
    changes: list[Change] = []

    def settle(to: float) -> None:
        nonlocal state
        while (due := state.due) is not None and due <= to:
            state, changed = state.settle(due)
            assert changed
            changes.append((state.closed, due, state.since))

    for at, level in edges:
        settle(at)
        state, changed = state.edge(level, at)
        if changed:
            changes.append((state.closed, at, state.since))
    settle(until)
    return changes


def bounced(at: float, offsets: list[float], *, closed: bool) -> list[tuple[float, bool]]:
    offsets = sorted(offsets)[: len(offsets) // 2 * 2]
    return [(at, closed), *((at + o, closed ^ (i % 2 == 0)) for i, o in enumerate(offsets))]


BOUNCE = st.lists(st.floats(1e-6, HOLD_OPEN * 0.9, allow_nan=False), max_size=12)


def test_closing_counts_at_its_first_edge() -> None:
    state, changed = Debounce().edge(level=True, at=1.0)
    assert changed
    assert state.closed
    assert state.since == 1.0
    assert state.due is None


def test_opening_counts_once_it_stayed_open() -> None:
    state, changed = Debounce(closed=True, level=True).edge(level=False, at=1.0)
    assert not changed
    assert state.due == 1.0 + HOLD_OPEN
    assert state.settle(1.0 + HOLD_OPEN / 2) == (state, False)
    state, changed = state.settle(1.0 + HOLD_OPEN)
    assert changed
    assert not state.closed


def test_a_contact_that_loses_touch_for_a_moment_stays_closed() -> None:
    edges = [(0.0, True), (1.0, False), (1.0 + HOLD_OPEN * 0.9, True), (2.0, False)]
    assert [(c, at) for c, at, _ in feed(edges)] == [(True, 0.0), (False, 2.0 + HOLD_OPEN)]


def test_an_edge_that_was_lost_is_made_good_by_the_next() -> None:
    """Opened unseen: the next closing edge is no news, the next opening edge is."""
    assert [c for c, *_ in feed([(0.0, True), (1.0, True), (2.0, False)])] == [True, False]


def test_a_wire_that_sparks_can_be_held_when_closing_too() -> None:
    careful = Debounce(hold_close=0.003)
    assert feed([(0.0, True), (0.001, False)], careful) == []
    assert [at for _, at, _ in feed([(0.0, True)], careful)] == [0.003]


@given(
    st.lists(st.tuples(st.floats(0.03, 5.0), st.floats(0.03, 5.0), BOUNCE, BOUNCE), min_size=1, max_size=20),
    st.floats(0, 1e6),
)
def test_no_press_is_lost_or_doubled(
    presses: list[tuple[float, float, list[float], list[float]]], start: float
) -> None:
    at, edges, downs, ups = start, [], [], []
    for held, pause, closing, opening in presses:
        edges += bounced(at, closing, closed=True)
        downs.append(at)
        edges += bounced(at + held, opening, closed=False)
        ups.append(at + held)
        at += held + pause
    changes = feed(edges)
    assert [closed for closed, *_ in changes] == [True, False] * len(presses)
    closings = changes[::2]
    assert [reported for _, reported, _ in closings] == downs, "closing costs no time"
    assert [edge for *_, edge in closings] == downs
    for (_, reported, edge), up in zip(changes[1::2], ups, strict=True):
        assert up <= edge <= up + HOLD_OPEN
        assert reported <= up + 2 * HOLD_OPEN


@given(st.lists(st.tuples(st.floats(0, 0.1), st.booleans()), max_size=50))
def test_any_noise_ends_where_the_wire_rests(noise: list[tuple[float, bool]]) -> None:
    """Whatever comes in, changes alternate, and the last one is the wire's level."""
    at, edges = 0.0, []
    for gap, level in noise:
        at += gap
        edges.append((at, level))
    changes = [closed for closed, *_ in feed(edges)]
    assert changes == [i % 2 == 0 for i in range(len(changes))]
    assert (changes[-1] if changes else False) == (edges[-1][1] if edges else False)
