"""The picture at a time of day that the test sets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from gallery import BOOK, phone, talking

from phone.picture import Picture
from phone.ui.book import Book
from phone.ui.menu import Menu
from phone.ui.pages import About, Main
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
