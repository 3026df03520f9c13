"""Whatever a file says, it is a config or sentences: the phone never stumbles over it."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from phone.config import load
from phone.errors import ConfigError

KEYS = """
    jid password password_file ca_file server short speed 1 0 # hotline hotline_seconds emergency digit_map gateway most
    hold reminder_seconds texts intercom lock_code allow targets dim_seconds port ring capture playback state_dir
"""
TABLES = """
    account dial dial.speed dial.short calls transfer display panel audio.speaker audio.handset peers.x network
"""

_literal = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x3FF, exclude_characters="'\x7f", exclude_categories="C")
)
_scalar = st.one_of(
    st.sampled_from(
        ['"4711"', '"a@b"', '"~x/y"', '"1x|2"', '"music"', '"\\u0000"', '"+49"', "-1", "3", "99999", "nan"]
    ),
    st.sampled_from(["true", "1979-05-27", "0x" + "f" * 400, "9" * 400, "{}", "[[]]", "{ a = { b = 1 } }"]),
    _literal.map("'{}'".format),
)
_value = _scalar | st.lists(_scalar, max_size=11).map(lambda each: f"[{', '.join(each)}]")
_keys = st.sampled_from(KEYS.split()).map("'{}'".format)


def _text(tables):
    for name, keys in tables.items():
        yield f"[{name}]\n"
        yield from (f"{key} = {value}\n" for key, value in keys.items())


@given(st.dictionaries(st.sampled_from(TABLES.split()), st.dictionaries(_keys, _value, max_size=4), max_size=6))
def test_any_toml_is_a_config_or_sentences(tmp_path_factory, tables):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text("".join(_text(tables)), "utf-8")
    with contextlib.suppress(ConfigError):
        load(path)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_config_or_sentences(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    with contextlib.suppress(ConfigError):
        load(path)
