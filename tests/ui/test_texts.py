from __future__ import annotations

import pytest
from gallery import GALLERY

from phone.calls.model import Reason, Service, Trouble
from phone.calls.numbers import Fault
from phone.errors import ConfigError
from phone.ui.draw import font
from phone.ui.fit import sentence, wrap
from phone.ui.screens import BIG_CHARS, LINE_CHARS, LINES, TITLE_CHARS, screen
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


@pytest.mark.parametrize("language", ALL)
def test_every_text_fits_its_place_and_has_its_glyphs(language):
    small, line = font("small"), font("text")
    for table, row in ALL[language].tables.items():
        for key, text in row.items():
            if table == "title":
                assert len(text) <= TITLE_CHARS, (key, text)
                assert small.has(text), (key, text)
                continue
            assert line.has(text), (key, text)
            assert ("{who}" in text) is (table == "notice"), (key, text)
            for who in ("x", "Anneliese Oberstdörfer-Müller", "+" + "4" * 60):
                lines = sentence(lambda who, text=text: text.replace("{who}", who), who, LINE_CHARS, LINES)
                assert " ".join(lines).startswith(text.partition("{who}")[0].strip()), (key, lines)
                assert lines == () or "".join(lines).replace(" ", "").endswith(
                    text.rpartition("}")[2].replace(" ", "")
                ), (key, lines)


@pytest.mark.parametrize("language", ALL)
def test_hints_of_one_line_share_a_screen(language):
    for key in ("lift_to_answer", "lift_to_call", "hash_calls", "muted", "held", "insecure"):
        assert len(wrap(ALL[language].get("hint", key), LINE_CHARS)) == 1, key


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("name", GALLERY)
def test_screens_keep_to_their_places(language, name):
    shown = screen(GALLERY[name], clock_text="14:05", now=100.0, texts=ALL[language])
    assert len(shown.title) <= TITLE_CHARS
    assert len(shown.big) <= BIG_CHARS
    assert len(shown.lines) <= LINES
    assert all(len(line) <= LINE_CHARS for line in shown.lines)


def test_an_unknown_language_names_those_there_are():
    with pytest.raises(ConfigError, match='"tlh"; there are: de, en'):
        load_texts("tlh")


def test_a_missing_text_is_our_bug():
    with pytest.raises(KeyError):
        ALL["en"].get("title", "nonsense")
