"""What of a config may be shown, and what must not be."""

import tomllib
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from phone.config.secrets import MASK, is_secret, masked, rendered, secret_values

EXAMPLE = Path(__file__).parents[2] / "phone.example.toml"

words = st.text("abc-_. \"'\\\n\t\x7f#[]=äß€😀", max_size=6)
plain = st.one_of(words, st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False), st.dates())
trees = st.recursive(
    plain,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=4)),
    max_leaves=12,
)


def test_the_example_is_shown_without_its_password():
    values = tomllib.loads(EXAMPLE.read_text("utf-8"))
    shown = tomllib.loads(rendered(masked(values)))
    assert shown["account"] == {"jid": "anna@example.org", "password": MASK}
    assert shown == {**values, "account": shown["account"]}
    assert secret_values(values, EXAMPLE.parent) == {"change me"}


def test_the_keys_that_are_secret():
    assert is_secret(("account", "password"))
    assert is_secret(("calls", "lock_code"))
    assert not is_secret(("account", "password_file"))
    assert not is_secret(("account",))


def test_no_secret_is_told_as_none():
    assert masked({"calls": {"lock_code": ""}}) == {"calls": {"lock_code": ""}}
    assert secret_values({"calls": {"lock_code": ""}}, Path()) == set()


def test_what_no_key_of_ours_holds_is_not_shown():
    values = {"account": {"jid": "a@b", "pasword": "hunter2"}, "extra": {"deep": ["hunter3"]}}
    assert masked(values) == {"account": {"jid": "a@b"}}
    assert secret_values(values, Path()) == {"hunter2", "hunter3"}


def test_what_has_another_shape_is_not_shown():
    values = {
        "account": "hunter1",
        "dial": {"short": "hunter2", "emergency": ["110", {"x": "hunter3"}], "domain": ["hunter4"]},
        "peers": {"bob@example.org": "hunter5", "eve@example.org": {"plain_rtp": True, "x": "hunter6"}},
    }
    assert masked(values) == {
        "account": MASK,
        "dial": {"short": MASK, "emergency": ["110", MASK], "domain": MASK},
        "peers": {"bob@example.org": MASK, "eve@example.org": {"plain_rtp": True}},
    }
    assert secret_values(values, Path()) == {f"hunter{n}" for n in range(1, 7)}


def test_a_secret_in_a_file(tmp_path):
    (tmp_path / "password").write_text("hunter2\nnot this\n")
    values = {"account": {"password_file": "password"}}
    assert masked(values) == values
    assert secret_values(values, tmp_path) == {"hunter2"}


def test_a_secret_in_a_file_that_cannot_be_read(tmp_path):
    for name in ("gone", "\0", "~nobody-of-that-name/x"):
        assert secret_values({"account": {"password_file": name}}, tmp_path) == set()


@given(st.dictionaries(words, trees, max_size=5))
def test_what_is_rendered_reads_back(values):
    assert tomllib.loads(rendered(values)) == values


@given(st.dictionaries(st.sampled_from(["account", "jid", "calls", "lock_code", "peers", "x"]), trees, max_size=5))
def test_a_text_is_either_shown_or_told_as_secret(values):
    hidden = secret_values(values, Path("/nowhere"))
    shown = rendered(masked(values))
    for text in _texts(values):
        assert text in hidden or rendered({"x": text})[4:-1] in shown


def test_numbers_and_dates():
    values = {"x": 1.5, "y": date(2026, 1, 2), "t": {"ok": True}}
    assert rendered(values) == "x = 1.5\ny = 2026-01-02\n\n[t]\nok = true\n"


def _texts(value):
    match value:
        case dict():
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)
        case str() if value:
            yield value
