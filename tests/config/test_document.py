import grp
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.config.document import locate, read
from phone.errors import ConfigError

TEXT = '''\
a = 1
b.c = "x # no comment [ {" # comment with ' and "
d = [  # a list
  "[", 2,
]
[t]
e = """
f = 1
""" # after
"quoted key" = 'it''s'
[t."u.v" . w]
g = {h = [1], i = "}"}

[[many]]
j = 1
[[many]]
j = 2
'''.replace("'it''s'", "'its'")


def test_lines_of_tables_and_keys():
    tomllib.loads(TEXT)
    assert locate(TEXT) == {
        ("a",): 1,
        ("b",): 2,
        ("b", "c"): 2,
        ("d",): 3,
        ("t",): 6,
        ("t", "e"): 7,
        ("t", "quoted key"): 10,
        ("t", "u.v", "w"): 11,
        ("t", "u.v", "w", "g"): 12,
        ("many",): 14,
        ("many", "j"): 15,
    }


def test_a_blank_line_or_comment_before_a_key_does_not_shift_it():
    assert locate("\n# [x]\n\n  a = 1\n") == {("a",): 4}


_key = st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=6)
_value = st.one_of(
    st.integers().map(str),
    st.sampled_from(
        ['"""\n[no]\nk = 1\n"""', "'''\n#\n'''", "[\n1,\n[2],\n]", '"\\" ["', '""""x"""""', "{ a = [1], b = '}' }"]
    ),
)


def _basic(key: str) -> str:
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(
    st.dictionaries(_key, st.dictionaries(_key, _value, max_size=4), max_size=4), st.sampled_from(["", "\n", "# [ '\n"])
)
def test_every_key_that_tomllib_finds_has_the_line_it_was_written_on(tables, between):
    text, expected = "", {}
    for table, keys in tables.items():
        expected[table,] = text.count("\n") + 1
        text += f"[{_basic(table)}]\n{between}"
        for key, value in keys.items():
            expected[table, key] = text.count("\n") + 1
            text += f"{_basic(key)} = {value}\n{between}"
    tomllib.loads(text)
    assert locate(text) == expected


def refused(_):
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize(
    ("mode", "hint"), [(0o640, "join the group {group} (sudo usermod"), (0o600, "run this by sudo")]
)
def test_who_may_not_read_it_is_told_what_to_do(tmp_path, monkeypatch, mode, hint):
    """An installed phone's config is for root and its group; the tests may run as root, who may read anything."""
    path = tmp_path / "phone.toml"
    path.touch(mode)
    path.chmod(mode)

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(ConfigError, match="Permission denied; run this by sudo") as told:
        read(path)
    assert hint.format(group=grp.getgrgid(os.getegid()).gr_name) in str(told.value)


def test_a_group_without_a_name_is_no_hint(tmp_path, monkeypatch):
    path = tmp_path / "phone.toml"
    path.touch(0o640)

    def nameless(gid):
        raise KeyError(gid)

    monkeypatch.setattr(Path, "read_bytes", refused)
    monkeypatch.setattr(grp, "getgrgid", nameless)
    with pytest.raises(ConfigError, match=r"Permission denied; run this by sudo$"):
        read(path)
