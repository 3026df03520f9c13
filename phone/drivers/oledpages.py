"""A picture as an OLED controller keeps it, and what has changed of it. Pure.

SSD1306 and SH1106 keep 8 pages of 128 bytes: a byte is 8 pixels of one column, the topmost in its lowest bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from phone.drivers.base import HEIGHT, WIDTH

PAGES = HEIGHT // 8
MOST = 64
"""Bytes of one transfer: 1.5 ms of a 400 kHz I2C bus, for which a sound card's settings on the same bus may wait."""
_GAP = 8
"""Bytes that have not changed and are sent all the same: to begin anew beyond them costs as many."""


@dataclass(frozen=True, slots=True)
class Window:
    """Bytes of one page from a column on; at most MOST."""

    page: int
    column: int
    data: bytes


def pages(frame: Image.Image) -> bytes:
    """All pages of a mode "1" image of WIDTH x HEIGHT, one after the other."""
    columns = frame.transpose(Image.Transpose.ROTATE_270).tobytes()  # a row for each column, its lowest pixel first
    return b"".join(columns[PAGES - 1 - page :: PAGES] for page in range(PAGES))


def changes(old: bytes | None, new: bytes) -> Iterator[Window]:
    """What to send so that a display that shows the pages `old` (None: nobody knows what) shows `new`."""
    for page in range(PAGES):
        start = page * WIDTH
        after = new[start : start + WIDTH]
        for first, last in _runs(None if old is None else old[start : start + WIDTH], after):
            for column in range(first, last, MOST):
                yield Window(page, column, after[column : min(column + MOST, last)])


def _runs(old: bytes | None, new: bytes) -> Iterator[tuple[int, int]]:
    """From which column to before which other, gaps of up to _GAP included."""
    if old is None:
        yield 0, WIDTH
        return
    changed = [column for column in range(WIDTH) if old[column] != new[column]]
    first = 0
    for number, column in enumerate(changed):
        if number + 1 == len(changed) or changed[number + 1] - column > _GAP + 1:
            yield changed[first], column + 1
            first = number + 1
