"""A profile's parts as blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from phone.drivers.profile import (
    DisplayProfile,
    HookProfile,
    KeypadProfile,
    LampProfile,
    Profile,
    RotaryProfile,
)
from phone.drivers.wiring.blocks import GROUND, PITCH, SUPPLY, SYMBOLS, Block, Ink, Terminal, rail, switch
from phone.drivers.wiring.shapes import INK, PALE, RED, Text

_KEY_WIDTH, _KEY_HEIGHT = 72.0, 24.0
_ROW_NAMES = 68.0
_GLOW: Mapping[str, str] = {
    "red": "#e5383b",
    "yellow": "#f5c400",
    "green": "#2fa84f",
    "blue": "#2f6fde",
    "white": "#ffffff",
    "orange": "#f28c28",
}
_I2C = (Terminal("SDA", 2), Terminal("SCL", 3))
_SPI = (Terminal("SCK", 11), Terminal("MOSI", 10))
_SELECT = (8, 7)


def blocks(profile: Profile) -> Iterator[Block]:
    """All that has wires to the header."""
    if profile.display is not None:
        yield display(profile.display)
    if profile.hook is not None:
        yield hook(profile.hook)
    if lamps := profile.lamps.present():
        yield _lamps(lamps)
    if profile.rotary is not None:
        yield rotary(profile.rotary)
    if profile.keys:
        yield keys(profile.keys)
    if profile.keypad is not None:
        yield keypad(profile.keypad)


def keypad(profile: KeypadProfile) -> Block:
    """Keys in rows and columns, as a finger sees them."""
    rows = [Terminal(f"row {n}", pin) for n, pin in enumerate(profile.rows, 1)]
    columns = [Terminal(f"col {n}", pin) for n, pin in enumerate(profile.columns, 1)]
    width = SYMBOLS + _ROW_NAMES + len(columns) * (_KEY_WIDTH + 6) + 16
    return Block(profile.name, (*rows, *columns), width, partial(_draw_keypad, profile))


def _draw_keypad(profile: KeypadProfile, ink: Ink) -> None:
    left, top = SYMBOLS + _ROW_NAMES, ink.y(0) + 10
    columns = range(len(profile.columns))
    for row in range(len(profile.rows)):
        y = top + row * (_KEY_HEIGHT + 8) + _KEY_HEIGHT / 2
        ink.text(SYMBOLS + 14, y + 4, f"row {row + 1}", size=11, colour=PALE)
        ink.line((left - 6, y), (left + len(columns) * (_KEY_WIDTH + 6), y), stroke=PALE, thick=1)
    for column in columns:
        across = left + _across(ink, column, len(columns)) * (_KEY_WIDTH + 6) + _KEY_WIDTH / 2
        ink.middle(across, top - 12, f"col {column + 1}", 11)
        bottom = top + len(profile.rows) * (_KEY_HEIGHT + 8)
        ink.line((across, top - 8), (across, bottom - 8), stroke=PALE, thick=1)
    for (row, column), name in profile.names().items():
        across = left + _across(ink, column, len(columns)) * (_KEY_WIDTH + 6)
        y = top + row * (_KEY_HEIGHT + 8)
        ink.box(across, y, _KEY_WIDTH, _KEY_HEIGHT)
        ink.middle(across + _KEY_WIDTH / 2, y + 16, name, 10 if len(name) > 1 else 14)


def _across(ink: Ink, column: int, columns: int) -> int:
    """Column 1 is on the left for the eye, whichever way the block is drawn."""
    return column if ink.inwards > 0 else columns - 1 - column


def keys(pins: Mapping[str, int]) -> Block:
    """Push buttons, all of them to ground."""
    terminals = (*(Terminal(name, pin) for name, pin in pins.items()), Terminal(GROUND, GROUND))
    return Block("Push buttons", terminals, 340, partial(_draw_contacts, [False] * len(pins)))


def hook(profile: HookProfile) -> Block:
    """The cradle's switch, drawn with the handset down."""
    down = "open" if profile.lifted == "closed" else "closed"
    return Block(
        "Hook switch",
        (Terminal("HOOK", profile.pin), Terminal(GROUND, GROUND)),
        340,
        partial(_draw_contacts, [down == "closed"]),
        note=f"handset down: {down}; handset up: {profile.lifted}",
    )


def rotary(profile: RotaryProfile) -> Block:
    """The dial's contacts, drawn at rest."""
    turned = [] if profile.turned is None else [Terminal("off rest", profile.turned)]
    return Block(
        "Rotary dial",
        (Terminal("pulses", profile.pulse), *turned, Terminal(GROUND, GROUND)),
        340,
        partial(_draw_contacts, [True, *(False for _ in turned)]),
        note="at rest: pulses closed" + ("" if profile.turned is None else ", off rest open"),
    )


def _draw_contacts(closed: list[bool], ink: Ink) -> None:
    end = 312.0
    for number, shut in enumerate(closed):
        switch(ink, ink.y(number), SYMBOLS, end, closed=shut)
        ink.dot(end, ink.y(number))
    ground = ink.y(len(closed))
    rail(ink, end, ink.y(0), ground)
    ink.line((SYMBOLS, ground), (end, ground), thick=2.2)


def _lamps(lamps: Mapping[str, LampProfile]) -> Block:
    terminals = [Terminal(name, lamp.pin) for name, lamp in lamps.items()]
    if any(not lamp.active_low for lamp in lamps.values()):
        terminals.append(Terminal(GROUND, GROUND))
    if any(lamp.active_low for lamp in lamps.values()):
        terminals.append(Terminal(SUPPLY, SUPPLY))
    return Block(
        "Lamps (LEDs)",
        tuple(terminals),
        424,
        partial(_draw_lamps, list(lamps.values()), [t.name for t in terminals]),
        note="the flat side of the lens is the bar of the symbol",
    )


def _draw_lamps(lamps: list[LampProfile], names: list[str], ink: Ink) -> None:
    for number, lamp in enumerate(lamps):
        _draw_lamp(lamp, ink, ink.y(number), 398 if lamp.active_low else 372)
    for across, name, stroke in ((372.0, GROUND, INK), (398.0, SUPPLY, RED)):
        if name in names:
            y = ink.y(names.index(name))
            first = next(n for n, lamp in enumerate(lamps) if lamp.active_low is (name == SUPPLY))
            rail(ink, across, ink.y(first), y, stroke)
            ink.line((SYMBOLS, y), (across, y), thick=2.2, stroke=stroke)


def _draw_lamp(lamp: LampProfile, ink: Ink, y: float, end: float) -> None:
    """A resistor, then the diode: current flows inwards, or outwards where it hangs on the supply."""
    ink.line((SYMBOLS, y), (end, y))
    ink.dot(end, y)
    ink.box(SYMBOLS + 14, y - 9, 72, 18, radius=2)
    ink.middle(SYMBOLS + 50, y + 4, f"{lamp.ohms} Ω", 11)
    back, tip = (SYMBOLS + 108, SYMBOLS + 126) if not lamp.active_low else (SYMBOLS + 126, SYMBOLS + 108)
    ink.line((back, y - 9), (back, y + 9), (tip, y), fill=_GLOW.get(lamp.colour, "#dddddd"))
    ink.line((tip, y - 9), (tip, y + 9), thick=2.4)
    ink.text(SYMBOLS + 136, y - 4, lamp.colour, size=10, colour=PALE)


def display(profile: DisplayProfile) -> Block:
    """The OLED module. Makers order its pins as they like: what is printed on it counts."""
    bus = _I2C if profile.bus == "i2c" else _spi(profile)
    terminals = (Terminal("VCC", SUPPLY), Terminal("GND", GROUND), *bus)
    name = {"ssd1306": "SSD1306", "sh1106": "SH1106"}[profile.driver]
    return Block(
        f"OLED display, 128x64, {name}, {'I²C' if profile.bus == 'i2c' else 'SPI'}",
        terminals,
        392,
        _draw_display,
        lines=5,
        note="go by the names on the module: their order differs",
    )


def _spi(profile: DisplayProfile) -> tuple[Terminal, ...]:
    reset = () if profile.reset is None else (Terminal("RES", profile.reset),)
    return (*_SPI, *reset, Terminal("DC", profile.dc), Terminal("CS", _SELECT[profile.device]))


def _draw_display(ink: Ink) -> None:
    ink.box(SYMBOLS + 20, ink.y(0) - 8, 176, 4 * PITCH + 12, fill="#dfe4e8")
    ink.box(SYMBOLS + 32, ink.y(0) + 2, 152, 4 * PITCH - 8, fill=INK)
    ink.shapes.append(Text(ink.x(SYMBOLS + 108), ink.y(2) + 4, "12:34", 26, "middle", bold=True, colour="#8fd3ff"))
