"""What to buy for a profile, and which wire goes where: Markdown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from phone.drivers.profile import Profile
from phone.drivers.wiring.blocks import GROUND
from phone.drivers.wiring.header import name_of
from phone.drivers.wiring.parts import blocks
from phone.drivers.wiring.routes import Placed, place

Row = tuple[str, str, str]
"""How many, what, what for."""


def part_list(profile: Profile, name: str) -> str:
    """The whole file. `name` is the profile's."""
    placed = place(blocks(profile))
    lines = [
        f"# {profile.title}",
        "",
        f"Generated from [`profiles/{name}.toml`](../profiles/{name}.toml): change that one, not this one, and run",
        "`python -m phone.drivers.wiring hw/wiring`.",
        "",
        f"![Wiring]({name}.svg)",
        "",
        "## Parts",
        "",
        *_table(("How many", "What", "What for"), [*_parts(profile), *_wires(placed)]),
        "",
        "## Wires",
        "",
        *_table(("From", "To header pin", "Which is"), _connections(placed)),
        *_overlay(profile),
        "",
    ]
    return "\n".join(lines)


def _table(head: Row, rows: list[Row]) -> list[str]:
    return [_row(head), "|---|---|---|", *(_row(row) for row in rows)]


def _row(cells: Row) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _parts(profile: Profile) -> Iterator[Row]:
    yield "1", profile.board, "runs the phone"
    if profile.audio is not None:
        yield "1", profile.audio.name or f"Sound card {profile.audio.card}", "handset, ringing"
    if (display := profile.display) is not None:
        size = {"ssd1306": "0.96 inch, SSD1306", "sh1106": "1.3 inch, SH1106"}[display.driver]
        pins = "4 pins (I²C)" if display.bus == "i2c" else "7 pins (SPI)"
        yield "1", f"OLED module 128x64, {size}, {pins}, for 3.3 V", "display"
    if (keypad := profile.keypad) is not None:
        yield "1", f"{keypad.name} ({len(keypad.rows)} rows, {len(keypad.columns)} columns)", "keys"
    if profile.keys:
        yield str(len(profile.keys)), "Push button, closes while pressed", ", ".join(profile.keys)
    if profile.rotary is not None:
        yield "1", "Rotary dial", "the telephone's own"
    if profile.hook is not None:
        yield "1", "Hook switch (micro switch with a lever, or the telephone's own)", "handset up or down"
    yield from _lamp_parts(profile)
    for part, amount in profile.parts.items():
        many, *what_for = re.split(r"[,;] *", amount, maxsplit=1)
        yield many, part, "".join(what_for)


def _lamp_parts(profile: Profile) -> Iterator[Row]:
    lamps = profile.lamps.present()
    for colour, count in Counter(lamp.colour for lamp in lamps.values()).items():
        yield (
            str(count),
            f"LED, {colour}, 3 or 5 mm",
            ", ".join(n for n, lamp in lamps.items() if lamp.colour == colour),
        )
    for ohms, count in Counter(lamp.ohms for lamp in lamps.values()).items():
        yield str(count), f"Resistor, {ohms} Ω, 1/4 W", "one before each LED"


def _wires(placed: list[Placed]) -> Iterator[Row]:
    yield str(sum(len(p.pins) for p in placed)), "Jumper wire, socket to socket or to solder", "to the header"


def _connections(placed: list[Placed]) -> list[Row]:
    return [
        (f"{p.block.title}: {terminal.name}", str(pin), "ground" if terminal.net == GROUND else name_of(pin))
        for p in placed
        for terminal, pin in zip(p.block.terminals, p.pins, strict=True)
    ]


def _overlay(profile: Profile) -> list[str]:
    if profile.audio is None or not profile.audio.overlay:
        return []
    return ["", "## Settings", "", f"`/boot/firmware/config.txt` needs the line `{profile.audio.overlay}`."]
