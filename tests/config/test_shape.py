from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.config.shape import structure
from phone.config.values import Config

GOOD = {"account": {"jid": "a@b", "password": "x"}, "audio": {"handset": {"capture": "m", "playback": "e"}}}
HERE = Path("/etc/phone")


def sentences(**changed):
    found = structure({**GOOD, **changed}, HERE, Config)
    assert isinstance(found, list)
    return {".".join(f.key): f.sentence for f in found}


def test_good_values_become_a_config():
    config = structure(GOOD, HERE, Config)
    assert isinstance(config, Config)
    assert config.account.password == "x"


def test_a_whole_number_will_do_where_any_number_will():
    config = structure({**GOOD, "ring_seconds": 30}, HERE, Config)
    assert isinstance(config, Config)
    assert isinstance(config.ring_seconds, float)


@pytest.mark.parametrize(
    ("changed", "key", "sentence"),
    [
        ({"account": []}, "account", "must be a table, not a list in [ ]"),
        ({"account": {"jid": True}}, "account.jid", "must be a text in quotes, not true or false"),
        ({"network": {"first_port": True}}, "network.first_port", "must be a whole number, not true or false"),
        ({"network": {"first_port": 1.5}}, "network.first_port", "must be a whole number, not a number"),
        ({"network": {"stun": 1}}, "network.stun", "must be true or false, not a whole number"),
        ({"network": {"addresses": "::1"}}, "network.addresses", "must be a list in [ ], not a text in quotes"),
        ({"network": {"addresses": [1]}}, "network.addresses.0", "must be a text in quotes, not a whole number"),
        ({"peers": {"a": {"plain_rtp": 0}}}, "peers.a.plain_rtp", "must be true or false, not a whole number"),
        ({"peers": {"a": {"ring": 1.5}}}, "peers.a.ring", "must be a whole number or a text in quotes, not a number"),
        ({"calls": {"ring": True}}, "calls.ring", "must be a whole number or a text in quotes, not true or false"),
        ({"calls": {"ring": []}}, "calls.ring", "must be a whole number or a text in quotes, not a list in [ ]"),
        ({"peers": []}, "peers", "must be a table, not a list in [ ]"),
        ({"dial": {"short": {"1": 2}}}, "dial.short.1", "must be a text in quotes, not a whole number"),
        ({"state_dir": 1}, "state_dir", "must be a text in quotes, not a whole number"),
        ({"ring_seconds": True}, "ring_seconds", "must be a number, not true or false"),
        (
            {"audio": {"handset": {}, "packet_ms": True}},
            "audio.packet_ms",
            "must be one of 10, 20, 40, 60, not true or false",
        ),
        ({"jid": "a@b"}, "jid", "is no key of the file's top level; it belongs under [account]"),
        ({"dial": {"profile": "sim"}}, "dial.profile", "is no key of [dial]; it belongs under [hardware]"),
        (
            {"peers": {"a": {"plain_srtp": True}}},
            "peers.a.plain_srtp",
            'is no key of [peers.a]; did you mean "plain_rtp"?',
        ),
    ],
)
def test_wrong_shapes_are_named(changed, key, sentence):
    assert sentences(**changed)[key] == sentence


def test_no_value_is_repeated_it_may_be_a_secret():
    assert "hunter2" not in str(sentences(account={"jid": ["hunter2"], "passwort": "hunter2"}))


def test_paths_that_lead_nowhere_are_named():
    assert "NUL" in sentences(state_dir="a\0b")["state_dir"]
    assert 'begins with "~nobody-of-that-name"' in sentences(run_dir="~nobody-of-that-name/run")["run_dir"]


def test_numbers_beyond_all_bounds_are_named_and_not_repeated():
    assert sentences(ring_seconds=10**400)["ring_seconds"] == "is too large a number"
    found = sentences(audio={"handset": {}, "packet_ms": 1 << 20000})["audio.packet_ms"]
    assert found == "must be one of 10, 20, 40, 60, not a whole number"


def test_the_tables_of_hold_transfer_and_panel_are_read():
    config = structure(
        {
            **GOOD,
            "calls": {"waiting": False, "texts": ["No."], "lock_code": "4711"},
            "transfer": {"allow": ["a.example"]},
            "display": {"dim_seconds": 0},
            "panel": {"port": 8080},
            "dial": {"speed": {"2": "204"}, "emergency": ["112"]},
            "peers": {"b@c": {"ring": 3}},
        },
        HERE,
        Config,
    )
    assert isinstance(config, Config)
    assert (config.calls.waiting, config.calls.texts, config.calls.lock_code) == (False, ("No.",), "4711")
    assert (config.transfer.allow, config.display.dim_seconds, config.panel.port) == (("a.example",), 0.0, 8080)
    assert (config.dial.speed, config.dial.emergency, config.peers["b@c"].ring) == ({"2": "204"}, ("112",), 3)
    assert "4711" not in repr(config)


_toml = st.recursive(
    st.text(max_size=5) | st.booleans() | st.integers() | st.floats() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_names = st.sampled_from(
    ["account", "audio", "dial", "peers", "network", "jid", "handset", "short", "addresses", "run_dir"]
)


@given(st.dictionaries(_names, _toml | st.dictionaries(_names, _toml, max_size=4), max_size=6))
def test_any_toml_is_a_config_or_a_list_of_faults(values):
    found = structure(values, HERE, Config)
    assert isinstance(found, Config) or (found and all(f.sentence for f in found))
