"""Phones in a terminal."""

from __future__ import annotations

import base64
import io
from array import array

import pytest
from PIL import Image

from phone.demo.view import HELP, KEYS, DeskView, layout, meter, picture
from phone.drivers.sim import KEYS as KEYPAD


def png(*lit: tuple[int, int]) -> str:
    image = Image.new("1", (128, 64))
    for at in lit:
        image.putpixel(at, 1)
    file = io.BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def desk(name: str, *, chosen: bool = False) -> DeskView:
    quiet = array("h", bytes(2000))
    screen = ("Ringing [service]", "", "Bob")
    return DeskView(name, "200", chosen, off_hook=True, png=png(), says=screen, lamps=("call",), ear=quiet, bell=quiet)


def test_a_pixel_is_one_braille_dot() -> None:
    rows = picture(png((0, 0), (127, 63), (3, 5)))
    assert (len(rows), {len(row) for row in rows}) == (16, {64})
    assert rows[0][0] == "\u2801"
    assert rows[15][63] == "\u2880"
    assert rows[1][1] == "\u2810"


def test_a_meter_shows_loudness_over_time() -> None:
    loud = array("h", [6000, -6000] * 500)
    bars = meter(array("h", bytes(2000)) + loud, 4)
    assert bars[:2] == "  "
    assert bars[2:] == "██"


@pytest.mark.parametrize(
    ("columns", "rows", "whole"), [(80, 24, 1), (140, 24, 2), (210, 24, 3), (80, 50, 2), (80, 80, 3)]
)
def test_as_many_phones_as_there_is_room_for_are_shown_whole(columns: int, rows: int, whole: int) -> None:
    views = [desk("alice"), desk("bob"), desk("carol", chosen=True)]
    shown = layout(views, columns, rows)
    text = "\n".join(shown)
    assert (len(shown) <= rows, max(map(len, shown)) <= columns) == (True, True)
    assert (text.count("┌"), text.count("Ringing · Bob")) == (whole, 3 - whole)
    assert "┌─ ▶ carol, 200, lifted ─" in text
    assert all(name in text for name in ("alice", "bob"))
    assert " ".join(shown).endswith(" · ".join(HELP))


def test_every_key_of_the_phone_is_on_the_keyboard() -> None:
    assert set(KEYS.values()) == set(KEYPAD)
