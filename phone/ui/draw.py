"""Drawing a screen: 128x64 pixels of one bit, with fonts of our own so that every machine draws the same.

Layout: rows 0-11 bar (6x12), 12 rule, 14-37 the big text, 38-50 and 51-63 small lines (7x13); or, of a list, four rows
of 6x12 from 15 on; beside a QR code, bar and list are half as wide. A screen that wanders is drawn smaller by as much
as it wanders.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw

from phone.ui.fit import cut
from phone.ui.frame import ROWS, Heard, Screen
from phone.ui.icons import ICON_HEIGHT, PICTURES, Icon
from phone.ui.icons import width as icon_width
from phone.ui.qr import matrix

WIDTH, HEIGHT = 128, 64
_RULE = 12
_BIG_TOP = 14
_LINES_HEIGHT = 26
_ROWS_TOP = 15
_SCROLL = 3
"""Columns at the right edge that show where in a long list the rows are."""
_BAR = (2, 53, 125, 62)
_ICON_GAP = 3
_WANDERS = 2
"""Pixels, in each direction."""
_CELL = 8
_MODULE = 2
"""Pixels of a QR code's module: the largest code there is has 29, and a scanner wants light around it."""
_LIT = 1
_FOLDER = Path(__file__).parent / "fonts"


@dataclass(frozen=True)
class Font:
    """Glyphs of one size."""

    width: int
    height: int
    glyphs: dict[str, Image.Image]

    def has(self, text: str) -> bool:
        """Whether no character of `text` would be a box."""
        return all(c in self.glyphs for c in text)

    def room(self, pixels: int) -> int:
        """How many characters fit."""
        return pixels // self.width

    def glyph(self, character: str) -> Image.Image:
        """The picture of a character; a box if the font has none."""
        return self.glyphs.get(character) or _box(self.width, self.height)


@cache
def font(name: str) -> Font:
    """Load `fonts/<name>.toml`."""
    data = tomllib.loads((_FOLDER / f"{name}.toml").read_text("utf-8"))
    size = data["width"], data["height"]
    return Font(*size, {c: Image.frombytes("1", size, bytes.fromhex(rows)) for c, rows in data["glyphs"].items()})


@cache
def _box(width: int, height: int) -> Image.Image:
    box = Image.new("1", (width, height))
    ImageDraw.Draw(box).rectangle((1, 2, width - 2, height - 3), outline=_LIT)
    return box


def draw(screen: Screen) -> Image.Image:
    """The picture of a screen, mode "1"."""
    if screen.pattern:
        return _pattern(screen.pattern)
    if screen.shift is None:
        return _drawn(screen, WIDTH, HEIGHT)
    image = Image.new("1", (WIDTH, HEIGHT))
    image.paste(_drawn(screen, WIDTH - _WANDERS, HEIGHT - _WANDERS), screen.shift)
    return image


def _drawn(screen: Screen, width: int, height: int) -> Image.Image:
    image = Image.new("1", (width, height))
    small = font("small")
    left_of_icons = width - height if screen.code else _draw_icons(image, screen.icons)
    _draw_text(image, small, cut(screen.title, small.room(left_of_icons)), (0, 0))
    image.paste(_LIT, (0, _RULE, width, _RULE + 1))
    _draw_big(image, screen)
    _draw_lines(image, screen)
    _draw_rows(image, screen)
    if screen.code:
        _draw_code(image, screen)
    if screen.volume is not None:
        _draw_volume(image, screen.volume)
    if screen.progress is not None:
        _draw_progress(image, screen.progress)
    return image


def _pattern(name: str) -> Image.Image:
    """Whole pictures: a dead row, column or corner shows in one of them."""
    image = Image.new("1", (WIDTH, HEIGHT), _LIT if name == "all on" else 0)
    if name == "checkerboard":
        cells = ((x, y) for y in range(0, HEIGHT, _CELL) for x in range(0, WIDTH, _CELL) if (x + y) // _CELL % 2)
        for x, y in cells:
            image.paste(_LIT, (x, y, x + _CELL, y + _CELL))
    if name == "frame":
        ImageDraw.Draw(image).rectangle((0, 0, WIDTH - 1, HEIGHT - 1), outline=_LIT)
    return image


def _draw_code(image: Image.Image, screen: Screen) -> None:
    """At the right edge, dark on light as scanners want it; the light around it is the quiet zone."""
    rows, side = matrix(screen.code), image.height
    code = Image.new("1", (len(rows), len(rows)), _LIT)
    code.putdata([not module for row in rows for module in row])
    code = code.resize((len(rows) * _MODULE, len(rows) * _MODULE))
    image.paste(_LIT, (image.width - side, 0, image.width, side))
    image.paste(code, (image.width - side + (side - code.width) // 2, (side - code.height) // 2))


def _draw_big(image: Image.Image, screen: Screen) -> None:
    digits, name = font("digits"), font("name")
    huge = screen.digits and digits.has(screen.big) and len(screen.big) <= digits.room(image.width)
    chosen = digits if huge else name
    bottom = image.height - (_LINES_HEIGHT if screen.lines else 0)
    _draw_centred(image, chosen, screen.big, _BIG_TOP + (bottom - _BIG_TOP - chosen.height) // 2)


def _draw_lines(image: Image.Image, screen: Screen) -> None:
    """Below the big text, or in the middle if there is none."""
    text = font("text")
    middle = (_BIG_TOP + image.height - text.height * len(screen.lines)) // 2
    first = image.height - _LINES_HEIGHT if screen.big else middle
    for index, line in enumerate(screen.lines):
        _draw_centred(image, text, line, first + index * text.height)


def _draw_rows(image: Image.Image, screen: Screen) -> None:
    """The chosen one dark on light."""
    small = font("small")
    width = image.width - (_SCROLL if screen.scroll else 0)
    for index, row in enumerate(screen.rows[:ROWS]):
        strip = Image.new("1", (width, small.height))
        _draw_text(strip, small, cut(row, small.room(width - 2)), (2, 0))
        chosen = index == screen.chosen
        image.paste(ImageChops.invert(strip) if chosen else strip, (0, _ROWS_TOP + index * small.height))
    if screen.scroll is not None:
        _draw_scroll(image, *screen.scroll)


def _draw_scroll(image: Image.Image, first: int, count: int) -> None:
    top, height = _ROWS_TOP, image.height - _ROWS_TOP - 1
    begin = top + height * first // count
    end = max(begin + 2, top + height * min(count, first + ROWS) // count)
    image.paste(_LIT, (image.width - 2, begin, image.width, min(end, image.height)))


def _draw_centred(image: Image.Image, chosen: Font, text: str, top: int) -> None:
    text = cut(text, chosen.room(image.width))
    _draw_text(image, chosen, text, ((image.width - len(text) * chosen.width) // 2, top))


def _draw_text(image: Image.Image, chosen: Font, text: str, at: tuple[int, int]) -> None:
    for index, character in enumerate(text):
        image.paste(chosen.glyph(character), (at[0] + index * chosen.width, at[1]))


def _draw_icons(image: Image.Image, icons: tuple[Icon, ...]) -> int:
    """From the right edge; returns the first column that is taken."""
    left = image.width + _ICON_GAP
    for icon in reversed(icons):
        left -= icon_width(icon) + _ICON_GAP
        for y, row in enumerate(PICTURES[icon]):
            for x, cell in enumerate(row):
                if cell == "#":
                    image.putpixel((left + x, y + (_RULE - ICON_HEIGHT) // 2), _LIT)
    return left - _ICON_GAP


def _draw_progress(image: Image.Image, heard: Heard) -> None:
    """A bar between two times, in the place of the last line."""
    small, top = font("small"), image.height - _LINES_HEIGHT // 2
    left, right = len(heard.at) * small.width + 3, image.width - len(heard.total) * small.width - 4
    _draw_text(image, small, heard.at, (0, top))
    _draw_text(image, small, heard.total, (right + 4, top))
    pen = ImageDraw.Draw(image)
    pen.rectangle((left, top + 3, right, top + 9), outline=_LIT)
    filled = round((right - left - 4) * heard.part)
    if filled:
        pen.rectangle((left + 2, top + 5, left + 1 + filled, top + 7), fill=_LIT)


def _draw_volume(image: Image.Image, percent: int) -> None:
    left, top, right, bottom = _BAR
    pen = ImageDraw.Draw(image)
    pen.rectangle(_BAR, outline=_LIT)
    filled = (right - left - 4) * percent // 100
    if filled:
        pen.rectangle((left + 2, top + 2, left + 2 + filled, bottom - 2), fill=_LIT)
