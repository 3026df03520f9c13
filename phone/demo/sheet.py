"""A tour on one page: its screens in order, and what each ear heard over time."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from phone.ui.draw import font

_SCALE = 2
_GAP = 12
_COLUMNS = 4
_CAPTION = 16
_SOUND_HEIGHT = 64
_PAPER, _INK, _GLASS, _GLOW = "#f4f1ea", "#23211d", "#0b0f12", "#8fd8ff"


def contact_sheet(pictures: Sequence[Path], ears: Sequence[tuple[str, array[int]]], out: Path) -> None:
    """Write a PNG: the pictures (128x64, one bit) with their names, then a loudness curve for each ear."""
    with Image.open(pictures[0]) as first:
        width, height = first.width * _SCALE, first.height * _SCALE
    rows = -(-len(pictures) // _COLUMNS)
    page_width = _COLUMNS * (width + _GAP) + _GAP
    grid_height = rows * (height + _CAPTION + _GAP) + _GAP
    page = Image.new("RGB", (page_width, grid_height + len(ears) * (_SOUND_HEIGHT + _CAPTION + _GAP)), _PAPER)
    for index, path in enumerate(pictures):
        row, column = divmod(index, _COLUMNS)
        at = _GAP + column * (width + _GAP), _GAP + row * (height + _CAPTION + _GAP)
        page.paste(_screen(path), at)
        _write(page, path.stem.partition("-")[2].replace("-", " "), (at[0], at[1] + height + 2))
    for index, (name, sound) in enumerate(ears):
        top = grid_height + index * (_SOUND_HEIGHT + _CAPTION + _GAP)
        curve = _curve(sound, page_width - 2 * _GAP)
        page.paste(curve, (_GAP, top))
        _write(page, f"what {name}'s ear heard, {len(sound) / 48_000:.0f} s", (_GAP, top + _SOUND_HEIGHT + 2))
    page.save(out)


def _screen(path: Path) -> Image.Image:
    with Image.open(path) as image:
        lit = image.convert("1").resize((image.width * _SCALE, image.height * _SCALE), Image.Resampling.NEAREST)
    glass = Image.new("RGB", lit.size, _GLASS)
    glass.paste(_GLOW, mask=lit)
    return glass


def _write(page: Image.Image, text: str, at: tuple[int, int]) -> None:
    small = font("small")
    for index, character in enumerate(text):
        page.paste(_INK, (at[0] + index * small.width, at[1]), small.glyph(character))


def _curve(sound: array[int], width: int) -> Image.Image:
    """The loudest sample of each column, up and down."""
    image = Image.new("RGB", (width, _SOUND_HEIGHT), _GLASS)
    pen = ImageDraw.Draw(image)
    middle, step = _SOUND_HEIGHT // 2, max(1, len(sound) // width)
    for x in range(width):
        column = sound[x * step : (x + 1) * step]
        peak = max(map(abs, column), default=0) * (middle - 2) // 32768 * 2
        peak = min(middle - 2, peak)
        pen.line((x, middle - peak, x, middle + peak), fill=_GLOW)
    return image
