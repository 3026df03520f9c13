"""The whole drawing: the header in the middle, the parts on either side, the wires between, and what to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from phone.drivers.profile import Profile
from phone.drivers.wiring.blocks import GROUND, PITCH, SUPPLY, Ink, frame
from phone.drivers.wiring.header import is_left, name_of, row_of
from phone.drivers.wiring.parts import blocks
from phone.drivers.wiring.routes import LANE, End, Placed, lanes_needed, place, routes
from phone.drivers.wiring.shapes import INK, PALE, RED, Box, Dot, Shape, Text, Wire, document

_MARGIN = 40.0
_TOP = 150.0
"""Of blocks and header."""
_BODY = 76.0
_LABEL = 84.0
_GAP = 1.0
"""Between blocks, in PITCHes."""
_COLOURS = (
    "#0b6fb8",
    "#c2571a",
    "#2c8a4b",
    "#8e3fb0",
    "#b8860b",
    "#1aa3a3",
    "#d6336c",
    "#5a67d8",
    "#7a5230",
    "#4f7d12",
)
_OF_NET = {GROUND: INK, SUPPLY: RED}
_USED, _UNUSED, _UNDER = "#fff3c4", "#eceff1", "#d9c8f0"
_BY_I2S = {3: "SDA", 5: "SCL", 12: "I²S", 35: "I²S", 38: "I²S", 40: "I²S"}
"""Pins that a sound card on the header takes."""
_ROWS = 20


def draw(profile: Profile) -> str:
    """The profile as SVG."""
    placed = place(blocks(profile))
    left, right = lanes_needed(placed)
    widths = [max([p.block.width for p in placed if p.left is side], default=0.0) for side in (True, False)]
    start = _MARGIN + widths[0] + LANE * (left + 2)
    header = _Header(start, _TOP + PITCH, profile)
    edges = (start - LANE * (left + 2), header.right + LANE * (right + 2))
    inks = list(_stack(placed, edges))
    ends = [end for ink, p in zip(inks, placed, strict=True) for end in _ends(ink, p, header)]
    bottom = max([header.bottom, *(ink.top + ink.block.height for ink in inks)])
    crossing = sum(end.crosses for end in ends)
    floor = header.bottom + PITCH / 4
    wires = _wires(inks, ends, routes(ends, edges=(header.left, header.right), below=floor))
    notes = list(_notes(profile, max(bottom, floor + crossing * PITCH) + 50))
    title = list(_title(profile))
    width = max([edges[1] + widths[1], *(text.box[2] for text in [*title, *notes])]) + _MARGIN
    for ink, p in zip(inks, placed, strict=True):
        frame(ink, dict(zip((t.name for t in p.block.terminals), p.pins, strict=True)))
    shapes: list[Shape] = [
        *title,
        *wires,
        *header.shapes({end.pin for end in ends}),
        *(s for i in inks for s in i.shapes),
    ]
    return document(profile.title, width, notes[-1].y + _MARGIN, [*shapes, *notes])


class _Header:
    """40 pins, each with its name on a flag from which its wire goes."""

    def __init__(self, left: float, top: float, profile: Profile) -> None:
        self.left = left
        self.right = left + 2 * _LABEL + _BODY
        self._top = top
        self._under = _BY_I2S if profile.audio is not None and profile.audio.i2s else {}

    @property
    def bottom(self) -> float:
        """Of its body."""
        return self._y(_ROWS - 1) + PITCH

    def at(self, pin: int) -> tuple[float, float]:
        """Where its wire begins."""
        return (self.left if is_left(pin) else self.right), self._y(row_of(pin))

    def shapes(self, used: set[int]) -> Iterator[Shape]:
        """All of it; pins in `used` stand out."""
        body = self.left + _LABEL
        height = PITCH * (_ROWS + 0.2)
        yield Box(body + 6, self._y(0) - 0.6 * PITCH, _BODY - 12, height, fill="#23282d", stroke="none", radius=4)
        for pin in range(1, 41):
            yield from self._pin(pin, used=pin in used)

    def _pin(self, pin: int, *, used: bool) -> Iterator[Shape]:
        y = self._y(row_of(pin))
        x = self.left if is_left(pin) else self.right - _LABEL
        fill = _USED if used else _UNDER if pin in self._under else _UNUSED
        yield Box(x, y - 10, _LABEL, 20, fill=fill, stroke=PALE, radius=4, thick=1)
        under = self._under.get(pin)
        words = name_of(pin) + (f" {under}" if under else "")
        yield Text(x + _LABEL / 2, y + 4, words, 11 if under else 12, "middle", bold=used)
        middle = self.left + _LABEL + _BODY / 2 + (-15 if is_left(pin) else 15)
        yield Dot(middle, y, 10, fill="#e8c15a" if used else "#8d949b")
        yield Text(middle, y + 4, str(pin), 10, "middle", bold=True)

    def _y(self, row: int) -> float:
        return self._top + PITCH * row


def _stack(placed: Sequence[Placed], edges: tuple[float, float]) -> Iterator[Ink]:
    """Blocks below each other on their side, in the order of their pins; given back in the order in which they came."""
    tops: dict[int, float] = {}
    for left in (True, False):
        top = _TOP - PITCH / 2
        for number in sorted((n for n, p in enumerate(placed) if p.left is left), key=lambda n: _centre(placed[n])):
            tops[number] = top
            top += placed[number].block.height + _GAP * PITCH
    for number, p in enumerate(placed):
        yield Ink(p.block, edges[0] if p.left else edges[1], tops[number], -1 if p.left else 1)


def _centre(placed: Placed) -> float:
    return sum(placed.pins) / len(placed.pins)


def _ends(ink: Ink, placed: Placed, header: _Header) -> Iterator[End]:
    for number, pin in enumerate(placed.pins):
        yield End(pin, header.at(pin), (ink.edge, ink.y(number)), placed.left)


def _wires(inks: Sequence[Ink], ends: Sequence[End], paths: Sequence[tuple[tuple[float, float], ...]]) -> list[Shape]:
    terminals = [(ink.block.title, terminal) for ink in inks for terminal in ink.block.terminals]
    wires: list[Shape] = []
    signals = 0
    for (title, terminal), end, path in zip(terminals, ends, paths, strict=True):
        colour = _OF_NET.get(str(terminal.net))
        if colour is None:
            colour = _COLOURS[signals % len(_COLOURS)]
            signals += 1
        wires.append(Wire(path, colour, f"{title}: {terminal.name} - pin {end.pin}, {name_of(end.pin)}"))
    return wires


def _title(profile: Profile) -> Iterator[Text]:
    yield Text(_MARGIN, 58, profile.title, 28, bold=True)
    words = "40-pin header seen from above, the slot of the microSD card at the top: pin 1 is at the top left."
    yield Text(_MARGIN, 88, f"{profile.board}. {words}", 14, colour=PALE)


def _notes(profile: Profile, top: float) -> Iterator[Text]:
    lines = [
        "Wire it without power. Black: ground. Red: 3.3 V. 5 V on any other pin destroys the Raspberry Pi.",
        "Yellow labels: pins in use. Each wire has the number of its header pin at its other end.",
    ]
    audio = profile.audio
    if audio is not None and audio.i2s:
        name = audio.name or "The sound card"
        lines.append(f"{name} sits on the header and takes the violet pins; wires go to the pins that stick out of it.")
    elif audio is not None:
        lines.append(f"{audio.name or 'The sound card'}: into a USB port.")
    lines.append("Never connect this telephone to a telephone line: it carries up to 90 V of ringing voltage.")
    for number, line in enumerate(lines):
        yield Text(_MARGIN, top + 24 * number, line, 14, bold=number == len(lines) - 1)
