"""What is said, put together of prompts; and that every prompt that can be asked for is there, in every language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.prompts.synthesis import TONES
from phone.prompts.texts import languages, load_script
from phone.ui import spoken, texts
from phone.ui.spoken import Say, Voice, caller, counts, moment, number, position, spell

SCRIPTS = {language: load_script(language).texts for language in languages()}
PROMPTS = {language: {*script, *TONES} for language, script in SCRIPTS.items()}


def aloud(words, language):
    """As one would read it."""
    return " ".join(SCRIPTS[language].get(word, f"<{word}>") for word in words)


def unix(month: int, day: int, hour: int, minute: int) -> float:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC).timestamp()


def test_there_is_a_voice_for_every_language_of_the_display():
    assert languages() == texts.languages()


@pytest.mark.parametrize(
    ("new", "old", "german", "english"),
    [
        (0, 0, "Sie haben keine Nachrichten.", "You have no messages."),
        (1, 0, "Sie haben eine neue Nachricht.", "You have one new message."),
        (2, 0, "Sie haben zwei neue Nachrichten.", "You have two new messages."),
        (0, 1, "Sie haben eine alte Nachricht.", "You have one old message."),
        (1, 3, "Sie haben eine neue Nachricht. und drei alte Nachrichten.", "You have one new message. and three old"),
        (21, 0, "Sie haben einundzwanzig neue Nachrichten.", "You have twenty-one new messages."),
        (116, 0, "Sie haben einhundert sechzehn neue Nachrichten.", "You have one hundred sixteen new messages."),
        (5000, 0, "Sie haben mehr als neunhundert neunundneunzig neue", "You have more than nine hundred ninety-nine"),
    ],
)
def test_counts(new, old, german, english):
    assert aloud(counts(new, old), "de").startswith(german)
    assert aloud(counts(new, old), "en").startswith(english)


@pytest.mark.parametrize(
    ("hour", "minute", "german", "english"),
    [
        (14, 30, "vierzehn Uhr dreißig", "two thirty P.M."),
        (1, 0, "ein Uhr", "one o'clock A.M."),
        (0, 5, "null Uhr fünf", "twelve oh five A.M."),
        (12, 1, "zwölf Uhr eins", "twelve oh one P.M."),
        (23, 59, "dreiundzwanzig Uhr neunundfünfzig", "eleven fifty-nine P.M."),
    ],
)
def test_moments(hour, minute, german, english):
    at = unix(11, 21, hour, minute)
    assert aloud(moment(at, Voice("de")), "de") == f"Samstag, der einundzwanzigste November um {german}"
    assert aloud(moment(at, Voice("en")), "en") == f"Saturday, the twenty-first of November at {english}"


def test_the_clock_is_the_voices():
    east = Voice("de", lambda at: datetime.fromtimestamp(at, UTC) + timedelta(hours=1))
    assert aloud(moment(unix(12, 31, 23, 30), east), "de") == "Freitag, der erste Januar um null Uhr dreißig"


def test_positions():
    assert aloud(position(Say.NEW, 2, 5), "en") == "New message, two of five"
    assert aloud(position(Say.NEW, 1, 5), "de") == "Neue Nachricht, eins von fünf"


@pytest.mark.parametrize(
    ("name", "language", "spelt"),
    [
        ("Jürgen Weiß", "de", "J Ü R G E N <pause> W E I scharfes S"),
        ("Ju\u0308rgen", "de", "J Ü R G E N"),
        ("Jürgen Weiß", "en", "J U R G E N <pause> W E I S S"),
        ("Zoé Łuk", "de", "Z O E <pause> L U K"),
        ("+49 30", "en", "plus four nine <pause> three zero"),
        ("bob.b@x-y_z", "en", "B O B dot B at X dash Y underscore Z"),
        ("日本 🙂", "en", ""),
    ],
)
def test_names_are_spelt(name, language, spelt):
    assert aloud(spell(name, language), language) == spelt


def test_who_cannot_be_spelt_is_spelt_by_address():
    assert aloud(caller("日本", "n@x", Voice()), "en") == "From N at X"
    assert caller("", "", Voice()) == ("no-name",)
    assert len(spell("a" * 99, "en")) == spoken.LONGEST_NAME


@pytest.mark.parametrize("language", languages())
def test_every_prompt_is_there_and_none_is_never_used(language):
    voice = Voice(language)
    begin = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    made = {word for count in range(1100) for word in number(count)}
    # 1441 minutes apart: every minute of a day, and every day of a year
    made |= {word for n in range(1440) for word in moment(begin + n * 60 * 1441 % (365 * 86400), voice)}
    made |= set(spell("abcdefghijklmnopqrstuvwxyz0123456789", language)) | set(spell("äöüß@.-_+", language))
    fixed = {say.value for say in Say} if language == "en" else {say.value for say in Say} - TWELVE_HOURS
    assert made | fixed == PROMPTS[language]


TWELVE_HOURS = {"am", "pm", "o-clock"}


@given(st.sampled_from(languages()), st.floats(0, 4e9), st.text(), st.text(), st.integers(-5, 10**9))
def test_whatever_is_said_has_its_prompts(language, at, name, address, count):
    voice = Voice(language)
    words = {*moment(at, voice), *caller(name, address, voice), *counts(count, count), *position(Say.HEARD, count, 3)}
    assert words <= PROMPTS[language]
