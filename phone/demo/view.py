"""Desk phones in a terminal: pure text from pictures, lamps and levels."""

from __future__ import annotations

import base64
import io
import re
import textwrap
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from phone.demo.hearing import loudness

KEYS = {
    "o": "HOLD",
    "t": "TRANSFER",
    "v": "VOICEMAIL",
    "r": "REDIAL",
    "m": "MUTE",
    "s": "SPEAKER",
    "b": "BACK",
    "+": "VOL+",
    "-": "VOL-",
    "\n": "OK",
    "KEY_ENTER": "OK",
    "KEY_UP": "UP",
    "KEY_DOWN": "DOWN",
    "\x7f": "BACK",
    "KEY_BACKSPACE": "BACK",
} | {digit: digit for digit in "0123456789*#"}
"""Keyboard to keypad; the letters are those of the panel's page."""
HOLD_DOWN = "O"
"""HOLD for a second: conference."""

HELP = (
    *("Tab other phone", "Space lift/hang up", "0-9 * # dial", "y say something", "o HOLD", "O HOLD long: conference"),
    *("t TRANSFER", "m MUTE", "s SPEAKER", "r REDIAL", "Enter OK", "b BACK", "↑ ↓", "+ - volume", "q quit"),
)
BLOCK_WIDTH = 66
BLOCK_HEIGHT = 18
_GAP = 2
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
    says: tuple[str, ...]
    """The display's lines as text."""
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
    """One phone whole."""
    lamps = " ".join(f"({lamp})" for lamp in desk.lamps)
    sounds = f"ear {meter(desk.ear)} bell {meter(desk.bell, 12)} {lamps}"
    return [_border("┌┐", _title(desk)), *(f"│{row}│" for row in picture(desk.png)), _border("└┘", sounds)]


def brief(desk: DeskView, columns: int) -> str:
    """One phone in a line: for those that have no room."""
    says = (re.sub(r"\[.*?\]", "", line).strip() for line in desk.says)  # without what is a picture on the display
    text = f"{_title(desk)}: {' · '.join(filter(None, says))}"
    room = columns - 21
    return f"{text[:room]:<{room}} ear {meter(desk.ear, 8)} bell {meter(desk.bell, 2)}"


def _title(desk: DeskView) -> str:
    return f"{'▶' if desk.chosen else ' '} {desk.name}, {desk.number}, {'lifted' if desk.off_hook else 'on the cradle'}"


def _border(corners: str, text: str) -> str:
    width = BLOCK_WIDTH - 5
    return f"{corners[0]}─ {text[:width].rstrip()} ".ljust(BLOCK_WIDTH - 1, "─") + corners[1]


def layout(desks: Sequence[DeskView], columns: int, rows: int) -> list[str]:
    """As many phones whole as there is room for, the chosen one among them; the others in a line each; the keys."""
    keys = _keys(columns - 1)
    across = max(1, (columns + _GAP) // (BLOCK_WIDTH + _GAP))
    down = max(1, (rows - len(keys) - len(desks)) // BLOCK_HEIGHT)
    chosen_first = sorted(range(len(desks)), key=lambda i: not desks[i].chosen)
    whole = sorted(chosen_first[: across * down])
    blocks = [lines(desks[i]) for i in whole]
    shown = []
    for at in range(0, len(blocks), across):
        shown += [(" " * _GAP).join(row) for row in zip(*blocks[at : at + across], strict=True)]
    others = [brief(desk, columns - 1) for i, desk in enumerate(desks) if i not in whole]
    return [*shown, *others, *keys]


def _keys(columns: int) -> list[str]:
    unbreakable = "\N{NO-BREAK SPACE}"
    text = " · ".join(entry.replace(" ", unbreakable) for entry in HELP)
    return [line.replace(unbreakable, " ") for line in textwrap.wrap(text.replace(" ·", f"{unbreakable}·"), columns)]
