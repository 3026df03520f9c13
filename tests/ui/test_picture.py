"""The picture at a time of day that the test sets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from gallery import BOOK, phone, talking

from phone.picture import Picture
from phone.ui.book import Book
from phone.ui.menu import Menu
from phone.ui.pages import About, Main, Troubles
from phone.ui.texts import load_texts

TEXTS = load_texts("en")
NOON = datetime(2026, 11, 21, 12, 0, 15, tzinfo=UTC).timestamp()


def picture(**facts):
    return Picture(TEXTS, unix=lambda: NOON, **facts)


def test_the_clock_is_local_and_the_line_has_its_name():
    local = datetime.fromtimestamp(NOON).astimezone()
    shown = picture(line="desk 12").compose(phone(), Menu(), Book(), 100.0)
    assert shown.title == "desk 12"
    assert shown.big == f"{local:%H:%M}"
    assert shown.lines[0].startswith(f"{local:%a}")


def test_menus_and_what_the_phone_is():
    assert picture().compose(phone(), Menu(pages=(Main(),)), BOOK, 100.0).rows[0] == "Contacts"
    about = picture(about=("alice@example.org", "phone 1.2.3"))
    assert about.compose(phone(), Menu(pages=(About(),)), BOOK, 100.0).rows == ("alice@example.org", "phone 1.2.3")
    assert picture().compose(phone(), Menu(pages=(About(),)), BOOK, 100.0).lines == ("nothing here",)


def test_what_does_not_work_is_told_in_whole_sentences():
    """However far one steps through them, and in whichever direction."""
    told = ("The sound card is not there: is it plugged in?", "The keypad is out of order: GPIO 5 is taken.")
    shown = picture(troubles=lambda: told)
    assert shown.compose(phone(), Menu(), BOOK, 100.0).lines[-1] == "2 troubles: menu"
    read: list[str] = []
    for step in range(2):
        page = shown.compose(phone(), Menu(pages=(Troubles(step),)), BOOK, 100.0)
        read += page.rows[1:] if step else page.rows
    assert " ".join(read).split() == " ".join(told).split()
    around = [shown.compose(phone(), Menu(pages=(Troubles(step),)), BOOK, 100.0).rows for step in (-2, 0, 2, 300)]
    assert len(set(around)) == 1


def test_when_it_changes_next():
    idle = phone(service_at=50.0)
    assert picture().due(idle, Menu(), 100.0) == pytest.approx(145.0)
    assert picture().due(talking(), Menu(), 100.4) == pytest.approx(101.0)
    dims = picture(dim_seconds=60.0)
    assert dims.due(idle, Menu(), 100.0) == pytest.approx(110.0)
    assert dims.due(idle, Menu(touched_at=80.0), 100.0) == pytest.approx(140.0)
    assert dims.due(idle, Menu(), 110.0) == pytest.approx(155.0), "it is dim already"
    assert dims.compose(idle, Menu(), Book(), 110.0).dim
    assert not dims.compose(idle, Menu(), Book(), 109.0).dim
