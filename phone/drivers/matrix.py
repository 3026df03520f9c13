"""Which keys of a matrix are down, as far as its wires can tell. Pure.

Law: a key that may be a ghost is refused. Without a diode at each key, three keys at the corners of a rectangle connect
the fourth corner's row and column as well, and no reading tells which three are down.
"""

from __future__ import annotations

from collections.abc import Iterator

Cell = tuple[int, int]
"""Row and column."""


def certain(read: frozenset[Cell], held: frozenset[Cell]) -> frozenset[Cell]:
    """The cells that count as down: those of `read` that cannot be ghosts, and those of `held` (down until now) that
    are still read. What is held counts for the doubt, for its contact may bounce in just this scan.
    """
    return frozenset(cell for cell in read if cell in held or not _doubtful(cell, read | held))


def _doubtful(cell: Cell, cells: frozenset[Cell]) -> bool:
    """Two further corners lead from the cell's row, or from its column, to where a third would close a rectangle."""
    row, column = cell
    by_row = any(r != row and c in _others(_row(cells, row), column) for r, c in cells)
    by_column = any(c != column and r in _others(_column(cells, column), row) for r, c in cells)
    return by_row or by_column


def _row(cells: frozenset[Cell] | set[Cell], row: int) -> Iterator[int]:
    return (c for r, c in cells if r == row)


def _column(cells: frozenset[Cell], column: int) -> Iterator[int]:
    return (r for r, c in cells if c == column)


def _others(lines: Iterator[int], line: int) -> frozenset[int]:
    return frozenset(lines) - {line}
