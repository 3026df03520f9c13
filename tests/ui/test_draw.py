"""Every screen of the gallery, pixel by pixel. After a wanted change: `PHONE_GOLDEN=write pytest tests/ui`, and
look at the pictures before you commit them.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from gallery import shot
from mailgallery import ALL_SCREENS
from PIL import Image, ImageChops

from phone.drivers import base
from phone.ui import draw as drawing
from phone.ui.draw import HEIGHT, WIDTH, draw, font
from phone.ui.icons import ICON_HEIGHT, PICTURES, Icon, width
from phone.ui.screens import Screen
from phone.ui.texts import languages, load_texts

GOLDEN = Path(__file__).with_name("golden")
CASES = [(language, name) for language in languages() for name in ALL_SCREENS]


@pytest.mark.parametrize(("language", "name"), CASES)
def test_golden(language, name):
    image = draw(shot(ALL_SCREENS[name], load_texts(language)))
    assert (image.mode, image.size) == ("1", (base.WIDTH, base.HEIGHT))
    path = GOLDEN / language / f"{name}.png"
    if os.environ.get("PHONE_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, optimize=True)
    with Image.open(path) as golden:
        difference = ImageChops.difference(image.convert("L"), golden.convert("L")).getbbox()
    assert difference is None, f"{language}/{name} differs in {difference}; PHONE_GOLDEN=write pytest tests/ui redraws"


def test_no_golden_image_without_its_screen():
    assert sorted(p.relative_to(GOLDEN).as_posix() for p in GOLDEN.rglob("*.png")) == sorted(
        f"{language}/{name}.png" for language, name in CASES
    )


@pytest.mark.parametrize("name", ["small", "text", "name"])
def test_fonts_have_what_europe_writes(name):
    letters = "".join(map(chr, range(0x20, 0x7F))) + "äöüßÄÖÜéèçñøåłşžőĐ…€" + "αβγδωΩ" + "абвгдюяЖ"
    chosen = font(name)
    assert chosen.has(letters)
    assert all(glyph.size == (chosen.width, chosen.height) for glyph in chosen.glyphs.values())
    assert not chosen.has("日")
    assert chosen.glyph("日").getbbox() is not None


def test_numbers_are_large_until_they_do_not_fit():
    large, small = draw(Screen("", "1234567", digits=True)), draw(Screen("", "12345678", digits=True))
    assert large.getbbox() is not None
    assert drawing.font("digits").height > drawing.font("name").height
    assert large.crop((0, 13, WIDTH, HEIGHT)).getbbox()[3] > small.crop((0, 13, WIDTH, HEIGHT)).getbbox()[3]


def test_what_is_too_long_is_cut_not_wrapped_round():
    image = draw(Screen("t" * 99, "b" * 99, ("l" * 99,), tuple(Icon)))
    assert image.size == (WIDTH, HEIGHT)


@pytest.mark.parametrize(("percent", "lit"), [(0, 0), (10, 12), (100, 120)])
def test_the_volume_bar_is_in_proportion(percent, lit):
    row = draw(Screen("", "", volume=percent)).crop((4, 57, 124, 58))
    assert int.from_bytes(row.tobytes(), "big").bit_count() in (lit, lit + 1)


def test_a_list_has_one_row_dark_on_light():
    plain, chosen = (draw(Screen("", "", rows=("one", "two"), chosen=chosen)) for chosen in (None, 1))
    rows = [(0, 15 + 12 * n, WIDTH, 27 + 12 * n) for n in range(2)]
    assert ImageChops.difference(plain.crop(rows[0]), chosen.crop(rows[0])).getbbox() is None
    assert ImageChops.invert(plain.crop(rows[1])).tobytes() == chosen.crop(rows[1]).tobytes()


@pytest.mark.parametrize(("first", "count"), [(0, 5), (1, 5), (0, 10_000), (9_996, 10_000)])
def test_the_scroll_bar_stays_in_its_column_and_moves_with_the_list(first, count):
    bar = draw(Screen("", "", rows=("x",) * 4, scroll=(first, count))).crop((WIDTH - 2, 13, WIDTH, HEIGHT)).getbbox()
    assert bar is not None
    assert bar[3] - bar[1] >= 2
    assert (bar[1] == 2) is (first == 0 or count > 5000 > first)
    assert (bar[3] >= 49) is (first + 4 >= count)


@pytest.mark.parametrize("shift", [(x, y) for x in range(3) for y in range(3)])
def test_what_wanders_moves_as_a_whole_and_loses_nothing(shift):
    still = Screen("Title", "14:05", ("a line of eighteen", "jgpq of 18 letters"), tuple(Icon)[-2:], digits=True)
    here, there = draw(replace(still, shift=(0, 0))), draw(replace(still, shift=shift))
    box = here.getbbox()
    assert box[2] <= WIDTH - 2
    assert box[3] <= HEIGHT - 2
    moved = tuple(at + by for at, by in zip(box, shift * 2, strict=True))
    assert there.getbbox() == moved
    assert there.crop(moved).tobytes() == here.crop(box).tobytes()


@pytest.mark.parametrize("icon", Icon)
def test_icons_are_well_formed(icon):
    assert len(PICTURES[icon]) == ICON_HEIGHT
    assert {len(row) for row in PICTURES[icon]} == {width(icon)}
    assert set("".join(PICTURES[icon])) == {"#", "."}
