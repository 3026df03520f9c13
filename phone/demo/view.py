"""Two desk phones in a terminal: pure text from pictures, lamps and levels."""

from __future__ import annotations

import base64
import io
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from phone.demo.hearing import loudness

KEYS = {
    "m": "MUTE",
    "r": "REDIAL",
    "b": "BACK",
    "+": "VOL+",
    "-": "VOL-",
    "\n": "OK",
    "\x7f": "BACK",
    "KEY_BACKSPACE": "BACK",
} | {digit: digit for digit in "0123456789*#"}
"""Keyboard to keypad."""

HELP = (
    "Tab other phone · Space lift/hang up · 0-9 * # dial · s speak · m MUTE · r REDIAL · b BACK · + - volume · q quit"
)
_DOTS = (0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80)
_BARS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class DeskView:
    """What one phone looks and sounds like now."""

    name: str
    number: str
    chosen: bool
    off_hook: bool
    png: str
    lamps: tuple[str, ...]
    ear: array[int]
    bell: array[int]


def picture(png: str) -> list[str]:
    """A 128x64 screen as 16 lines of 64 braille characters."""
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("1")
    return ["".join(_cell(image, x, y) for x in range(0, image.width, 2)) for y in range(0, image.height, 4)]


def _cell(image: Image.Image, x: int, y: int) -> str:
    lit = (dot for i, dot in enumerate(_DOTS) if image.getpixel((x + i % 2, y + i // 2)))
    return chr(0x2800 + sum(lit))


def meter(sound: array[int], width: int = 24) -> str:
    """Loudness over time, oldest first, as bars."""
    step = max(1, len(sound) // width)
    levels = (loudness(sound[i : i + step]) for i in range(0, step * width, step))
    return "".join(_BARS[min(len(_BARS) - 1, int(level / 600 + 0.9))] for level in levels)


def lines(desk: DeskView) -> list[str]:
    """One phone, 66 columns wide."""
    hook = "handset lifted" if desk.off_hook else "on the cradle"
    title = f"{'▶' if desk.chosen else ' '} {desk.name}, number {desk.number}, {hook}"
    frame = [f"│{row}│" for row in picture(desk.png)]
    lamps = " ".join(f"({lamp})" for lamp in desk.lamps) or "(no lamp lit)"
    ear = f"ear  {meter(desk.ear)}   bell {meter(desk.bell, 12)}"
    return [title, "┌" + "─" * 64 + "┐", *frame, "└" + "─" * 64 + "┘", ear, lamps]


def layout(desks: Sequence[DeskView], columns: int) -> list[str]:
    """Side by side where the terminal is wide enough, else below one another."""
    blocks = [lines(desk) for desk in desks]
    if columns >= 68 * len(blocks):
        rows = ["  ".join(f"{part:<66}" for part in row) for row in zip(*blocks, strict=True)]
    else:
        rows = [line for block in blocks for line in block]
    return [*rows, "", HELP]
