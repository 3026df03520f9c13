"""Values that are right one by one and wrong together, each with the line on which the user mends it."""

import pytest

from phone.config import agreement, checks


def found(values):
    return {".".join(fault.key): fault.sentence for law in checks._LAWS for fault in law(values)}


@pytest.mark.parametrize(
    ("dial", "key", "part"),
    [
        ({"speed": {"12": "204"}}, "dial.speed.12", "no key to hold down"),
        ({"speed": {"": "204"}}, "dial.speed.", "no key to hold down"),
        ({"speed": {"A": "204"}}, "dial.speed.A", "no key to hold down"),
        ({"speed": {"0": "204"}}, "dial.speed.0", 'types "+"'),
        ({"speed": {"5": "204"}, "digit_map": "5|xx"}, "dial.speed.5", 'calls "5" at once'),
        ({"speed": {"1": "+4930"}}, "dial.speed.1", "give it, or write an address"),
        ({"speed": {"1": ""}}, "dial.speed.1", "cannot be called"),
        ({"speed": {"1": "a b@c"}}, "dial.speed.1", "cannot be called"),
        ({"hotline": "0049"}, "dial.hotline", "there is no dial.gateway"),
        ({"hotline": "x y"}, "dial.hotline", "cannot be called"),
        ({"emergency": ["112"], "digit_map": "1x"}, "dial.emergency", 'calls "11" before; end that alternative in "T"'),
        ({"emergency": ["00112"]}, "dial.emergency", "there is no dial.gateway"),
        ({"short": {"1a": "x@y"}}, "dial.short.1a", "keys 0-9 * # only"),
    ],
)
def test_numbers_that_cannot_be_dialled(dial, key, part):
    sentences = found({"dial": dial})
    assert list(sentences) == [key]
    assert part in sentences[key]


@pytest.mark.parametrize(
    "dial",
    [
        {"speed": {"1": "+4930"}, "gateway": "sip.example.org"},
        {"speed": {"1": "*9"}, "short": {"*9": "eve@example.org", "8": 5, "7": "nonsense"}},
        {"speed": {"5": "204"}, "digit_map": "5T|xx"},
        {"speed": {"5": "204"}, "digit_map": "[["},
        {"emergency": ["112"], "digit_map": "1xT|[2-8]xx|112"},
        {"hotline": "boss@example.org"},
    ],
)
def test_numbers_that_can(dial):
    assert found({"dial": dial}) == {}


@pytest.mark.parametrize(
    ("code", "emergency", "good"),
    [
        ("1129", None, False),
        ("7777", None, True),
        ("1129", ["911"], True),
        ("9110", ["", 5, "911"], False),
        ("1129", 5, True),
        (5, None, True),
    ],
)
def test_opening_the_lock_calls_nobody(code, emergency, good):
    values = {"calls": {"lock_code": code}} | ({} if emergency is None else {"dial": {"emergency": emergency}})
    sentences = [f.sentence for f in agreement.lock(values)]
    assert (not sentences) is good
    assert not any(str(code) in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "number 2 is empty"),
        (" \t ", "number 2 is empty"),
        ("two\nlines", "number 2 has a line break"),
        ("\x1b[2J", "control character"),
        ("x" * 501, "number 2 has 501 characters: at most 500"),
    ],
)
def test_texts_that_cannot_be_sent(text, part):
    assert part in found({"calls": {"texts": ["fine", text]}})["calls.texts"]


def test_more_texts_than_keys():
    assert "has 10 texts: at most 9" in found({"calls": {"texts": ["x"] * 10}})["calls.texts"]


@pytest.mark.parametrize(("given", "missing"), [("capture", "playback"), ("playback", "capture")])
def test_half_a_speaker(given, missing):
    assert list(found({"audio": {"speaker": {given: "x", missing: ""}}})) == [f"audio.speaker.{missing}"]
    assert list(found({"audio": {"speaker": {given: "x"}}})) == [f"audio.speaker.{missing}"]
    assert found({"audio": {"speaker": {"capture": "", "playback": ""}}}) == {}


def test_wrong_types_are_left_to_the_shape():
    dial = {"speed": {"1": 5}, "hotline": 5, "emergency": 5, "digit_map": 5, "short": 5}
    assert found({"dial": dial, "calls": {"texts": [5]}, "audio": {"speaker": 5}}) == {}
    assert found({"dial": {"emergency": [5]}, "calls": {"texts": 5}, "audio": 5}) == {}


@pytest.mark.parametrize(
    ("name", "number", "good"),
    [
        ("Bob Miller", "bob@example.org", True),
        ("Reception", "204", True),
        ("Taxi", "+4930", False),
        ("Odd", 5, True),
        (" ", "204", False),
        ("a\nb", "204", False),
        ("x" * 61, "204", False),
    ],
)
def test_contacts(name, number, good):
    sentences = found({"contacts": {name: number}})
    assert list(sentences) == ([] if good else [f"contacts.{name}"])
