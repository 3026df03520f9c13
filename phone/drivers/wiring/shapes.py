"""What a drawing is made of, and how it is written as SVG. Lengths are pixels, y grows downwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]

INK, PALE, PAPER, RED = "#1c2126", "#5f6973", "#ffffff", "#d62828"


@dataclass(frozen=True, slots=True)
class Text:
    """One line; (x, y) is on its baseline."""

    x: float
    y: float
    words: str
    size: float = 13
    anchor: Anchor = "start"
    bold: bool = False
    colour: str = INK

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom, as wide as a wide font makes it."""
        width = len(self.words) * self.size * (0.66 if self.bold else 0.6)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return left, self.y - self.size * 0.8, left + width, self.y + self.size * 0.22

    def svg(self) -> str:
        weight = ' font-weight="bold"' if self.bold else ""
        anchor = "" if self.anchor == "start" else f' text-anchor="{self.anchor}"'
        place = f'x="{_n(self.x)}" y="{_n(self.y)}" font-size="{_n(self.size)}"'
        return f'<text {place}{anchor}{weight} fill="{self.colour}">{escape(self.words)}</text>'


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with round corners."""

    x: float
    y: float
    width: float
    height: float
    fill: str = PAPER
    stroke: str = INK
    radius: float = 6
    thick: float = 1.5

    def svg(self) -> str:
        size = f'x="{_n(self.x)}" y="{_n(self.y)}" width="{_n(self.width)}" height="{_n(self.height)}"'
        return f'<rect {size} rx="{_n(self.radius)}" {_paint(self.fill, self.stroke, self.thick)}/>'


@dataclass(frozen=True, slots=True)
class Dot:
    """A disc."""

    x: float
    y: float
    radius: float
    fill: str = INK
    stroke: str = "none"

    def svg(self) -> str:
        place = f'cx="{_n(self.x)}" cy="{_n(self.y)}" r="{_n(self.radius)}"'
        return f"<circle {place} {_paint(self.fill, self.stroke, 1.5)}/>"


@dataclass(frozen=True, slots=True)
class Path:
    """A line through points; `fill` closes it."""

    points: tuple[Point, ...]
    stroke: str = INK
    thick: float = 1.5
    fill: str = "none"

    def svg(self) -> str:
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in self.points)
        kind = "polyline" if self.fill == "none" else "polygon"
        return f'<{kind} points="{points}" {_paint(self.fill, self.stroke, self.thick)} stroke-linejoin="round"/>'


@dataclass(frozen=True, slots=True)
class Wire:
    """From the header to a part, round the corners of `points`; a pale seam keeps crossing wires apart."""

    points: tuple[Point, ...]
    colour: str
    name: str

    def svg(self) -> str:
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in self.points)
        line = f'<polyline points="{points}" fill="none" stroke-linejoin="round" stroke-linecap="round"'
        seam = f'{line} stroke="{PAPER}" stroke-width="6"/>'
        return f'{seam}{line} stroke="{self.colour}" stroke-width="2.6"><title>{escape(self.name)}</title></polyline>'


Shape = Text | Box | Dot | Path | Wire


def document(title: str, width: float, height: float, shapes: Sequence[Shape]) -> str:
    """A whole SVG file."""
    size = f'width="{_n(width)}" height="{_n(height)}" viewBox="0 0 {_n(width)} {_n(height)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="DejaVu Sans, Verdana, sans-serif">'
    paper = Box(0, 0, width, height, stroke="none", radius=0)
    return "\n".join([head, f"<title>{escape(title)}</title>", *_lines([paper, *shapes]), "</svg>", ""])


def _lines(shapes: Iterable[Shape]) -> Iterable[str]:
    return (shape.svg() for shape in shapes)


def _paint(fill: str, stroke: str, thick: float) -> str:
    return f"fill={quoteattr(fill)} stroke={quoteattr(stroke)} stroke-width={quoteattr(_n(thick))}"


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
