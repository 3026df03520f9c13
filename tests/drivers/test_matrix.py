"""No ghost is ever a key, and no key is refused without need."""

from __future__ import annotations

import itertools

from gridpeer import electrical
from hypothesis import given
from hypothesis import strategies as st

from phone.drivers.matrix import Cell, certain

CELLS = st.frozensets(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=6)
NONE: frozenset[Cell] = frozenset()


def test_keys_of_one_row_or_one_column_are_all_certain() -> None:
    row = frozenset((2, c) for c in range(4))
    column = frozenset((r, 1) for r in range(4))
    assert certain(row, NONE) == row
    assert certain(column, NONE) == column


def test_of_three_corners_none_that_is_new_counts() -> None:
    read = electrical(frozenset({(0, 0), (0, 1), (1, 0)}))
    assert read == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert certain(read, NONE) == NONE
    held = frozenset({(0, 0), (0, 1)})
    assert certain(read, held) == held


def test_a_third_corner_is_refused_even_while_it_bounces() -> None:
    """Its own row reads open in just this scan: the ghost alone is seen."""
    held = frozenset({(0, 0), (1, 0)})
    assert certain(held | {(0, 1)}, held) == held


@given(CELLS, CELLS)
def test_what_counts_is_down_or_was(down: frozenset[Cell], held: frozenset[Cell]) -> None:
    held = held & down
    counts = certain(electrical(down), held)
    assert counts <= down
    assert held <= counts


@given(CELLS)
def test_one_more_key_never_makes_a_ghost_of_those_before(down: frozenset[Cell]) -> None:
    """Pressed one after the other in any order, each scan in between."""
    counts: frozenset[Cell] = NONE
    pressed: frozenset[Cell] = NONE
    for cell in sorted(down):
        pressed |= {cell}
        counts = certain(electrical(pressed), counts)
        assert counts <= pressed


@given(CELLS)
def test_without_three_corners_of_a_rectangle_every_key_counts(down: frozenset[Cell]) -> None:
    corners = any(
        (a[0] == b[0]) and (b[1] == c[1]) and a[1] != b[1] and b[0] != c[0]
        for a, b, c in itertools.permutations(down, 3)
    )
    assert corners or certain(electrical(down), NONE) == down
