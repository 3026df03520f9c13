"""What was sent becomes a whole config that says exactly what was meant; secrets stay where they are, and unseen."""

import tomllib
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from provision.conftest import CONFIG

from phone.config.secrets import MASK, masked, rendered
from phone.errors import ConfigError
from phone.provision import draft
from phone.provision.contents import Contents
from phone.provision.difference import difference, same
from phone.provision.errors import UnfitInputError

PRESENT = CONFIG.encode()


def test_a_whole_config_is_taken_as_it_stands():
    sent = b"# mine\n[account]\njid = 'a@b'\n"
    assert draft.whole(sent, PRESENT).data == sent


def test_what_get_shows_comes_back_with_its_secrets():
    shown = rendered(masked(tomllib.loads(CONFIG)))
    assert "hunter2" not in shown
    made = draft.whole(shown.encode(), PRESENT)
    assert tomllib.loads(made.data.decode()) == tomllib.loads(CONFIG) == made.document.values


def test_a_masked_secret_that_the_phone_has_not():
    with pytest.raises(ConfigError, match=r"stdin:2: account.password: is masked"):
        draft.whole(f'[account]\npassword = "{MASK}"\n'.encode(), b"")


def test_a_merged_part_keeps_the_rest_and_its_comments():
    made = draft.merged(b'language = "de"\n[account]\npassword = "new"\n', PRESENT)
    assert b"# as at home" in made.data
    assert tomllib.loads(made.data.decode()) == {
        **tomllib.loads(CONFIG),
        "language": "de",
        "account": {"jid": "anna@example.org", "password": "new"},
    }


def test_a_replaced_part_loses_what_it_does_not_say():
    base = PRESENT + b'[dial.short]\n1 = "a@b"\n2 = "c@d"\n'
    made = draft.replaced(b'[dial.short]\n3 = "e@f"\n', base, "dial.short")
    assert made.document.values["dial"] == {"short": {"3": "e@f"}}
    assert made.document.line(("dial", "short", "3")) == 2
    made = draft.replaced(b'[dial.short]\n3 = "e@f"\n', PRESENT, "dial.short")
    assert tomllib.loads(made.data.decode())["dial"] == {"short": {"3": "e@f"}}


@pytest.mark.parametrize(
    ("sent", "name"), [(b"a = 1\n[dial]\n", "dial"), (b"", "dial"), (b"dial = 1", "dial"), (b"[dial.short]\n", "dail")]
)
def test_a_part_is_one_table_and_nothing_else(sent, name):
    with pytest.raises(UnfitInputError):
        draft.replaced(sent, PRESENT, name)


def test_nonsense():
    with pytest.raises(ConfigError, match="stdin:1: not TOML"):
        draft.whole(b"this is no config\n", PRESENT)
    with pytest.raises(UnfitInputError, match="present config is no TOML"):
        draft.merged(b"a = 1\n", b"this is no config")


words = st.text("ab.- \"'#ä", min_size=1, max_size=3)
secrets = st.text("xyzXYZ0123456789", min_size=8, max_size=12)
plain = st.one_of(st.text("ab \"'\\\n#[]=ä", max_size=4), st.booleans(), st.integers(-5, 5), st.floats(-2, 2))
tables = st.recursive(
    st.one_of(plain, st.lists(plain, max_size=2)), lambda inner: st.dictionaries(words, inner, max_size=3), max_leaves=8
)
files = st.dictionaries(words, tables, max_size=4)


def styled(values, *, dotted: bool = False) -> bytes:
    """The same values as a person may write them: tables with headings, or with dotted keys."""
    if not dotted:
        return rendered(values).encode()
    lines = []
    for name, value in values.items():
        inner = value if isinstance(value, dict) and value else {None: value}
        for key, leaf in inner.items():
            parts = rendered({"x": leaf}) if not isinstance(leaf, dict) else None
            if parts is None:
                return rendered(values).encode()
            where = rendered({name: 0})[:-5] + ("" if key is None else "." + rendered({key: 0})[:-5])
            lines.append(where + parts[1:].rstrip("\n"))
    return ("\n".join(lines) + "\n").encode()


def put(values, part):
    result = deepcopy(values)
    for name, value in part.items():
        there = result.get(name)
        result[name] = put(there, value) if isinstance(value, dict) and isinstance(there, dict) else deepcopy(value)
    return result


@given(files, files, st.booleans(), st.booleans())
def test_merged_is_what_was_there_with_the_part_over_it(present, part, one, other):
    made = draft.merged(styled(part, dotted=other), styled(present, dotted=one))
    assert tomllib.loads(made.data.decode()) == made.document.values == put(present, part)


@given(files, files)
def test_merging_twice_is_merging_once(present, part):
    once = draft.merged(styled(part), styled(present))
    twice = draft.merged(styled(part), once.data)
    assert same(Contents(once.data), Contents(twice.data))


@given(files, files)
def test_a_difference_is_empty_just_where_nothing_differs(before, after):
    told = difference(Contents(rendered(before).encode()), Contents(rendered(after).encode()))
    assert bool(told) == (tomllib.loads(rendered(before)) != tomllib.loads(rendered(after))) or _types(before, after)


def _types(before, after) -> bool:
    """1 and 1.0 are equal to Python, not to TOML."""
    return repr(before) != repr(after)


@given(secrets, secrets, files, files)
def test_no_secret_is_ever_told(old, new, before, after):
    def with_secret(values, secret):
        account = values.get("account")
        return {
            **values,
            "account": {**(account if isinstance(account, dict) else {}), "password": secret, "pasword": secret},
            "calls": {"lock_code": secret},
            "peers": secret,
        }

    one, other = (Contents(rendered(with_secret(*pair)).encode()) for pair in ((before, old), (after, new)))
    told = "\n".join(f"{change} {change!r}" for change in difference(one, other))
    assert old not in told
    assert new not in told
    assert ("account.password" in told) == (old != new)


def test_a_difference_reads_like_one():
    before = Contents(b'a = 1\n[account]\njid = "a@b"\npassword = "x"\n[dial]\nhotline = "1"\n')
    after = Contents(b'[account]\njid = "c@d"\npassword = "y"\n[dial.short]\n"1" = "e@f"\n')
    assert [str(change) for change in difference(before, after)] == [
        "- a = (not shown)",
        '~ account.jid = "a@b" -> "c@d"',
        "~ account.password (changed)",
        '- dial.hotline = "1"',
        '+ dial.short.1 = "e@f"',
    ]
