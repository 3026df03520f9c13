"""Which header pin each terminal goes to, and where its wire runs. Law: no two wires share a stretch.

Pins and terminals have rasters that are half a pitch apart, so level stretches never meet; upright ones have a lane
each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from phone.drivers.wiring.blocks import GROUND, PITCH, SUPPLY, Block, Terminal
from phone.drivers.wiring.header import GROUNDS, SUPPLIES, is_left, pin_of
from phone.drivers.wiring.shapes import Point

LANE = 11.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A block with its pins, on one side of the header."""

    block: Block
    left: bool
    pins: tuple[int, ...]
    """For each terminal."""


@dataclass(frozen=True, slots=True)
class End:
    """One wire before it is routed."""

    pin: int
    pin_at: Point
    terminal_at: Point
    left: bool
    """On which side of the header the part stands."""

    @property
    def crosses(self) -> bool:
        """The part stands on the other side of its pin."""
        return is_left(self.pin) is not self.left


def place(blocks: Iterable[Block]) -> list[Placed]:
    """Each block on the side where most of its pins are; ground and supply pins are given out, each once."""
    free = {GROUND: list(GROUNDS), SUPPLY: list(SUPPLIES)}
    return [_placed(block, free) for block in blocks]


def _placed(block: Block, free: dict[str, list[int]]) -> Placed:
    fixed = [pin_of(t.net) for t in block.terminals if isinstance(t.net, int)]
    left = 2 * sum(map(is_left, fixed)) >= len(fixed)
    centre = sum(fixed) / len(fixed)
    return Placed(block, left, tuple(_pin(t, free, centre, left=left) for t in block.terminals))


def _pin(terminal: Terminal, free: dict[str, list[int]], centre: float, *, left: bool) -> int:
    """The nearest that is free, on the block's own side if there is one."""
    if isinstance(terminal.net, int):
        return pin_of(terminal.net)
    pins = free[terminal.net]
    best = min(pins, key=lambda pin: (is_left(pin) is not left, abs(pin - centre)))
    if len(pins) > 1:  # the last one is shared, which takes a splice
        pins.remove(best)
    return best


def routes(ends: Sequence[End], *, edges: tuple[float, float], below: float) -> list[tuple[Point, ...]]:
    """The points of each wire. `edges`: where the header's labels end, left and right; `below`: where the first wire
    may change sides, the next a PITCH further down.
    """
    lanes = _Lanes(edges)
    found: dict[End, tuple[Point, ...]] = {}
    for left in (True, False):
        for end in _ordered([end for end in ends if end.left is left and not end.crosses]):
            x = lanes.next(left=left)
            found[end] = (end.pin_at, (x, end.pin_at[1]), (x, end.terminal_at[1]), end.terminal_at)
    for number, end in enumerate(end for end in ends if end.crosses):
        out, back = lanes.next(left=not end.left), lanes.next(left=end.left)
        y = below + number * PITCH
        around = ((out, end.pin_at[1]), (out, y), (back, y), (back, end.terminal_at[1]))
        found[end] = (end.pin_at, *around, end.terminal_at)
    return [found[end] for end in ends]


class _Lanes:
    """Upright stretches, from the header outwards."""

    def __init__(self, edges: tuple[float, float]) -> None:
        self._left, self._right = edges

    def next(self, *, left: bool) -> float:
        if left:
            self._left -= LANE
            return self._left
        self._right += LANE
        return self._right


def lanes_needed(placed: Sequence[Placed]) -> tuple[int, int]:
    """Left and right of the header."""
    wires = [(pin, p.left) for p in placed for pin in p.pins]
    crossing = sum(is_left(pin) is not left for pin, left in wires)
    at_left = sum(left for _, left in wires)
    return at_left + crossing, len(wires) - at_left + crossing


def _ordered(ends: Iterable[End]) -> list[End]:
    """From the header outwards, so that wires of one direction do not cross: those that go up by their pins from the
    top, those that go down from the bottom.
    """
    all_of = list(ends)
    up = sorted((e for e in all_of if e.terminal_at[1] < e.pin_at[1]), key=lambda e: e.pin_at[1])
    down = sorted((e for e in all_of if e.terminal_at[1] >= e.pin_at[1]), key=lambda e: -e.pin_at[1])
    return [*up, *down]
