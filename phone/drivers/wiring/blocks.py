"""The parts that are wired to the header, each as a block with terminals in a row at one edge.

A block is drawn inwards from that edge: `Ink` knows which way that is, so that the same part can stand on either side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from phone.drivers.wiring.shapes import INK, PALE, PAPER, Anchor, Box, Dot, Path, Shape, Text

PITCH = 26.0
"""Between two terminals, and between two pins of the header as drawn."""
TITLE = 34.0
SYMBOLS = 172.0
"""Across: where the drawing beside the terminals begins."""
GROUND, SUPPLY = "GND", "3.3 V"
_INSIDE, _LEADER = "#f4f6f8", "#b4bcc4"

Draw = Callable[["Ink"], None]


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a wire ends."""

    name: str
    net: int | str
    """A GPIO, GROUND or SUPPLY."""


@dataclass(frozen=True, slots=True)
class Block:
    """One part."""

    title: str
    terminals: tuple[Terminal, ...]
    width: float
    draw: Draw
    lines: int = 0
    """Room for so many terminals at least."""
    note: str = ""

    @property
    def height(self) -> float:
        """A multiple of PITCH, so that terminals of all blocks keep the same raster."""
        rows = max(len(self.terminals), self.lines) + (1 if self.note else 0)
        return TITLE + PITCH * rows + (2 * PITCH - TITLE)

    def terminal_y(self, number: int) -> float:
        """From the top of the block."""
        return 2 * PITCH + PITCH * number


@dataclass(slots=True)
class Ink:
    """Draws into one block. `across` is counted from the edge of the terminals inwards, `down` from the block's top."""

    block: Block
    edge: float
    top: float
    inwards: int
    """1: to the right."""
    shapes: list[Shape] = field(default_factory=list)

    def x(self, across: float) -> float:
        return self.edge + self.inwards * across

    def y(self, terminal: int) -> float:
        return self.top + self.block.terminal_y(terminal)

    def text(
        self, across: float, y: float, words: str, *, size: float = 13, bold: bool = False, colour: str = INK
    ) -> None:
        """Begins at `across` and runs inwards."""
        self.shapes.append(self._inwards(across, y, words, size, colour, bold=bold))

    def label(
        self, across: float, y: float, words: str, *, size: float = 13, bold: bool = False, colour: str = INK
    ) -> None:
        """A text that interrupts the line behind it."""
        text = self._inwards(across, y, words, size, colour, bold=bold)
        left, top, right, bottom = text.box
        self.shapes += [Box(left - 2, top, right - left + 4, bottom - top, _INSIDE, "none", 0), text]

    def _inwards(self, across: float, y: float, words: str, size: float, colour: str, *, bold: bool) -> Text:
        anchor: Anchor = "start" if self.inwards > 0 else "end"
        return Text(self.x(across), y, words, size, anchor, bold, colour)

    def line(self, *points: tuple[float, float], thick: float = 1.5, stroke: str = INK, fill: str = "none") -> None:
        self.shapes.append(Path(tuple((self.x(across), y) for across, y in points), stroke, thick, fill))

    def box(
        self, across: float, y: float, width: float, height: float, *, fill: str = PAPER, radius: float = 4
    ) -> None:
        left = min(self.x(across), self.x(across + width))
        self.shapes.append(Box(left, y, width, height, fill, radius=radius))

    def dot(self, across: float, y: float, radius: float = 3.2, fill: str = INK, stroke: str = "none") -> None:
        self.shapes.append(Dot(self.x(across), y, radius, fill, stroke))

    def middle(self, across: float, y: float, words: str, size: float) -> None:
        self.shapes.append(Text(self.x(across), y, words, size, "middle", bold=True))


def frame(ink: Ink, pins: dict[str, int]) -> None:
    """The block's outline, its title, and each terminal with the header pin that it goes to."""
    block = ink.block
    ink.box(0, ink.top, block.width, block.height, fill=_INSIDE, radius=10)
    ink.text(14, ink.top + 23, block.title, size=15, bold=True)
    for number, terminal in enumerate(block.terminals):
        y = ink.y(number)
        ink.line((0, y), (SYMBOLS, y), stroke=_LEADER, thick=1)
        ink.dot(0, y, 5, fill=PAPER, stroke=INK)
        ink.label(16, y + 4.5, terminal.name, size=12, bold=True)
        ink.label(114, y + 4, f"pin {pins[terminal.name]}", size=11, colour=PALE)
    if block.note:
        ink.text(14, ink.top + block.height - 12, block.note, size=11, colour=PALE)
    block.draw(ink)


def switch(ink: Ink, y: float, start: float, end: float, *, closed: bool) -> None:
    """A contact between two points, as it rests."""
    left, right = start + 30, start + 62
    ink.line((start, y), (left, y))
    ink.line((right, y), (end, y))
    ink.line((left, y), (right, y) if closed else (right - 3, y - 10))
    ink.dot(left, y)
    ink.dot(right, y)


def rail(ink: Ink, across: float, first: float, last: float, stroke: str = INK) -> None:
    """What all contacts of a block have in common."""
    ink.line((across, first), (across, last), thick=2.2, stroke=stroke)
