from pathlib import Path

import pytest

from phone.config import checks

HERE = Path(__file__).parent


def wrong(folder, *path, value):
    values: object = value
    for name in reversed(path):
        values = {name: values}
    return [f.sentence for f in checks.faults(values, folder) if f.key == path]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("account.jid", "anna@example.org"),
        ("account.resource", "desk 1"),
        ("account.server", "xmpp.example.org"),
        ("account.server", "xmpp.example.org:5223"),
        ("account.server", "[2001:db8::1]:5222"),
        ("account.server", "[2001:db8::1]"),
        ("account.server", "127.0.0.1:15222"),
        ("dial.domain", "example.org"),
        ("dial.gateway", "sip.example.org"),
        ("dial.digit_map", "[1-8]xx|0x.T|+x.T"),
        ("dial.short.1", "bob@example.org"),
        ("audio.handset.capture", "plughw:CARD=Handset"),
        ("audio.ringer.playback", ""),
        ("hardware.profile", "sim"),
        ("network.addresses", ["127.0.0.1", "::1"]),
        ("country", "us"),
        ("language", "en"),
        ("log_level", "DEBUG"),
        ("ring_seconds", 25),
        ("audio.opus_complexity", 0),
    ],
)
def test_good_values_pass(key, value):
    assert wrong(HERE, *key.split("."), value=value) == []


@pytest.mark.parametrize(
    ("key", "value", "part"),
    [
        ("account.jid", "anna@", "no address"),
        ("account.jid", "anna@example.org/desk", "account.resource"),
        ("account.resource", "", "is empty"),
        ("account.password", "", "is empty"),
        ("account.server", "xmpp.example.org:0", "no port"),
        ("account.server", "xmpp.example.org:70000", "no port"),
        ("account.server", "xmpp.example.org:high", "no port"),
        ("account.server", "a b:5222", "no host"),
        ("account.password_file", "absent", "cannot be read: No such file"),
        ("account.ca_file", "absent.pem", "cannot be read: No such file"),
        ("account.ca_file", __file__, "no certificate"),
        ("dial.domain", "anna@example.org", "no domain"),
        ("dial.gateway", "", "no domain"),
        ("dial.digit_map", "[1-", 'opens a "["'),
        ("dial.short.1", "bob", "no address"),
        ("dial.short.one", "bob@example.org", "cannot be dialled"),
        ("dial.inter_digit_seconds", 0, "from 0.5 to 60"),
        ("audio.handset.playback", "", "aplay -L"),
        ("audio.handset.capture", "plughw:0,0", "order changes"),
        ("audio.ringer.playback", "hw:1", "order changes"),
        ("network.addresses", ["eth0"], "no IP address"),
        ("country", "gbr", 'did you mean "gb"'),
        ("language", "klingon", "there is: de, en"),
        ("log_level", "debug", 'did you mean "DEBUG"'),
        ("ring_seconds", float("nan"), "from 5 to 600"),
        ("no_answer_seconds", 0, "from 5 to 600"),
    ],
)
def test_bad_values_are_named_with_what_to_do(key, value, part):
    (sentence,) = wrong(HERE, *key.split("."), value=value)
    assert part in sentence


def test_a_password_file_without_a_first_line(tmp_path):
    (tmp_path / "pw").write_text("\n")
    (sentence,) = wrong(tmp_path, "account", "password_file", value="pw")
    assert "no first line" in sentence
    (tmp_path / "pw").write_bytes(b"\xff\xfe")
    (sentence,) = wrong(tmp_path, "account", "password_file", value="pw")
    assert "not UTF-8" in sentence


def test_a_password_given_twice():
    assert "is given twice" in str(list(checks.faults({"account": {"password": "x", "password_file": __file__}}, HERE)))


@pytest.mark.parametrize(("first", "last", "good"), [(1, 2, True), (5, 5, True), (2, 1, False), (0, 9, False)])
def test_port_ranges(first, last, good):
    found = list(checks.faults({"network": {"first_port": first, "last_port": last}}, HERE))
    assert (not found) is good


@pytest.mark.parametrize("peer", ["pbx.example.org", "carol@example.org", "10.0.0.1"])
def test_peers_are_addresses_or_domains(peer):
    assert not list(checks.faults({"peers": {peer: {}}}, HERE))
    assert list(checks.faults({"peers": {"not " + peer: {}}}, HERE))


def test_wrong_types_are_left_to_the_shape():
    values = {
        "account": 5,
        "network": {"first_port": "x"},
        "peers": [],
        "dial": {"short": 1, "domain": 7},
        "country": {},
    }
    assert not list(checks.faults(values, HERE))
