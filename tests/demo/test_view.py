"""Two phones in a terminal."""

from __future__ import annotations

import base64
import io
from array import array

from PIL import Image

from phone.demo.view import HELP, DeskView, layout, meter, picture


def png(*lit: tuple[int, int]) -> str:
    image = Image.new("1", (128, 64))
    for at in lit:
        image.putpixel(at, 1)
    file = io.BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def desk(name: str, *, chosen: bool = False) -> DeskView:
    quiet = array("h", bytes(2000))
    return DeskView(name, "200", chosen, off_hook=False, png=png(), lamps=("call",), ear=quiet, bell=quiet)


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


def test_side_by_side_if_wide_enough() -> None:
    views = [desk("alice", chosen=True), desk("bob")]
    wide, narrow = layout(views, 140), layout(views, 80)
    assert "▶ alice" in wide[0]
    assert "bob" in wide[0]
    assert "bob" not in narrow[0]
    assert wide[-1] == narrow[-1] == HELP
    assert all(len(line) <= 134 for line in wide[:-1])
