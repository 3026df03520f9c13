from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gallery import WALL, shot
from mailgallery import ALL_SCREENS

from phone.calls.model import Reason, Service, Trouble
from phone.calls.numbers import Fault
from phone.errors import ConfigError
from phone.ui import screens
from phone.ui.dates import brief, day, moment
from phone.ui.draw import WIDTH, font
from phone.ui.fit import sentence, wrap
from phone.ui.icons import width
from phone.ui.mailboxstate import Note
from phone.ui.pages import Choice
from phone.ui.screens import BIG_CHARS, LINE_CHARS, LINES, ROW_CHARS, ROWS, TITLE_CHARS
from phone.ui.texts import Texts, languages, load_texts

ALL = {language: load_texts(language) for language in languages()}


def keys(texts: Texts) -> set[tuple[str, str]]:
    return {(table, key) for table, row in texts.tables.items() for key in row}


def test_all_languages_say_the_same_things():
    assert set(ALL) >= {"de", "en"}
    assert all(keys(texts) == keys(ALL["en"]) for texts in ALL.values())


def test_every_state_has_its_text():
    have = keys(ALL["en"])
    assert {("service", service.name.lower()) for service in Service} <= have
    assert {("ended", reason.name.lower()) for reason in Reason} <= have
    assert {("notice", why.name.lower()) for enum in (Reason, Fault, Trouble) for why in enum} <= have


FACTS = {
    "who": ("x", "Anneliese Oberstdörfer-Müller", "+" + "4" * 60),
    "time": ("00:00", "12:34:56"),
    "count": ("2", "99"),
    "new": ("0", "99"),
    "old": ("0", "99"),
    "keys": ("1", "1-9"),
    "yes": ("#", "OK"),
    "no": ("*", "BACK"),
}
ROOM = {
    "title": TITLE_CHARS,
    "menu": ROW_CHARS,
    "weekday": 4,
    "month": 5,
    "letter": 9,
    "help": ROW_CHARS,
    "greeting": ROW_CHARS,
    "draft": ROW_CHARS,
    "selftest": LINE_CHARS,
    "part": BIG_CHARS,
    "lamp": BIG_CHARS,
    "card": LINE_CHARS,
}
NAMELESS = {"locked", "no_room"}
"""Notices that name nobody."""


@pytest.mark.parametrize("language", ALL)
def test_titles_and_rows_fit_and_have_their_glyphs(language):
    small = font("small")
    for table, most in ROOM.items():
        for key, text in ALL[language].tables[table].items():
            assert 0 < len(text) <= most, (key, text)
            assert small.has(text), (key, text)


@pytest.mark.parametrize("language", ALL)
def test_every_other_text_fits_its_place_and_has_its_glyphs(language):
    line = font("text")
    for text in ALL[language].tables["said"].values():
        assert line.has(text)
        assert 0 < len(text) <= LINE_CHARS, text
    for table in ("service", "ended", "notice"):
        for key, text in ALL[language].tables[table].items():
            assert line.has(text), (key, text)
            assert ("{who}" in text) is (table == "notice" and key not in NAMELESS), (key, text)
            for who in FACTS["who"]:
                lines = sentence(lambda who, text=text: text.replace("{who}", who), who, LINE_CHARS, LINES)
                assert " ".join(lines).startswith(text.partition("{who}")[0].strip()), (key, lines)
                assert lines == () or "".join(lines).replace(" ", "").endswith(
                    text.rpartition("}")[2].replace(" ", "")
                ), (key, lines)


@pytest.mark.parametrize("language", ALL)
def test_hints_take_one_line_whatever_they_tell(language):
    """But those that stand alone; a name gets what the others leave: three characters at least."""
    for key, text in ALL[language].tables["hint"].items():
        assert font("text").has(text), (key, text)
        filled = text
        for place, facts in FACTS.items():
            filled = filled.replace(f"{{{place}}}", "Ann" if place == "who" else max(facts, key=len))
        assert "{" not in filled, (key, text)
        assert len(wrap(filled, LINE_CHARS)) == (2 if key == "no_sound" else 1), (key, filled)


@pytest.mark.parametrize("language", ALL)
def test_dates_fit(language):
    for month in range(1, 13):
        for number in (1, 28):
            when = datetime(2026, month, number, 23, 59, tzinfo=UTC)
            assert len(day(when, ALL[language])) <= LINE_CHARS
            assert len(brief(when, WALL.now, ALL[language])) <= 6
            assert len(moment(when, ALL[language])) <= ROW_CHARS - 2


def test_every_entry_of_the_menu_has_its_text_and_every_place_its_fact():
    have = keys(ALL["en"])
    assert {("said", note.name.lower()) for note in Note if note is not Note.COUNTS} <= have
    assert {("letter", state) for state in ("new", "heard", "kept", "deleted", "paused")} <= have
    assert {("menu", choice.name.lower()) for choice in Choice if choice is not Choice.DND} <= have
    for texts in ALL.values():
        for table, key in have:
            places = [set(re.findall(r"\{(\w+)\}", t.tables[table][key])) for t in (texts, ALL["en"])]
            assert places[0] == places[1] or table == "date", (table, key)


@pytest.mark.parametrize("language", ALL)
def test_replies_are_three_sentences(language):
    texts = ALL[language]
    assert list(texts.replies) == [texts.get("reply", number) for number in "123"]
    assert all(reply.endswith((".", "?")) and len(reply) > 20 for reply in texts.replies)


def test_no_text_is_never_used():
    """What the code asks for by name, and the tables that are asked by an enum's member or a number."""
    code = "".join(path.read_text("utf-8") for path in Path(screens.__file__).parent.glob("*.py"))
    for table, key in keys(ALL["en"]):
        if table in ("title", "hint", "date"):
            assert f'"{key}"' in code or key in {c.name.lower() for c in Choice}, (table, key)


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("name", ALL_SCREENS)
def test_screens_keep_to_their_places(language, name):
    shown = shot(ALL_SCREENS[name], ALL[language])
    assert font("small").room(WIDTH - icons_width(shown)) >= len(shown.title)
    assert len(shown.title) <= TITLE_CHARS
    assert len(shown.big) <= BIG_CHARS
    assert len(shown.lines) <= LINES
    assert all(len(line) <= LINE_CHARS for line in shown.lines)
    assert len(shown.rows) <= ROWS
    assert all(len(row) <= ROW_CHARS for row in shown.rows)
    assert shown.chosen is None or shown.chosen < len(shown.rows)
    assert not (shown.rows and (shown.big or shown.lines))
    assert not (shown.progress and len(shown.lines) > LINES - 1), "the bar needs the last line"


def icons_width(shown):
    return sum(width(icon) + 3 for icon in shown.icons)


def test_an_unknown_language_names_those_there_are():
    with pytest.raises(ConfigError, match='"tlh"; there are: de, en'):
        load_texts("tlh")


def test_a_missing_text_is_our_bug():
    with pytest.raises(KeyError):
        ALL["en"].get("title", "nonsense")
