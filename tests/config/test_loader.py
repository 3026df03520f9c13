import logging
from pathlib import Path

import pytest

from phone.config import AccountConfig, Config, DeviceConfig, PeerConfig, document, load, run_dir, shape
from phone.errors import ConfigError

GOOD = """\
[account]
jid = "anna@example.org"
password = "secret words"
[audio.handset]
capture = "mic"
playback = "ear"
"""
EXAMPLE = Path(__file__).parents[2] / "phone.example.toml"


def test_the_shipped_example_loads():
    config = load(EXAMPLE)
    assert config.account.jid == "anna@example.org"
    assert config.audio.handset == DeviceConfig("plughw:CARD=Handset", "plughw:CARD=Handset")


def test_the_examples_comments_are_right_too(write, tmp_path):
    """Every key that stands behind a `#` there is a real one with a good value."""
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    lines = []
    for line in EXAMPLE.read_text("utf-8").splitlines():
        bare = line.removeprefix("# ")
        shown = bare if bare.startswith("[") or (bare[:1].islower() and " = " in bare) or bare[:1] == "1" else line
        lines.append(shown)
    config = load(write("\n".join(lines)))
    assert config.peers == {"pbx.example.org": PeerConfig(plain_rtp=True, direct=True)}
    assert config.dial.short == {"1": "bob@example.org"}
    assert config.network.addresses == ("192.0.2.7",)
    assert config.account.ca_file == tmp_path / "ca.pem"


def test_the_least_config_has_the_defaults(write):
    config = load(write(GOOD))
    assert config.hardware.profile == "sim"
    assert config.audio.packet_ms == 20
    assert config.run_dir == Path("/run/phone")


def test_paths_count_from_the_files_folder(write, tmp_path):
    (tmp_path / "pw").write_text("secret words\n")
    config = load(write('state_dir = "state"\n' + GOOD.replace('password = "secret words"', 'password_file = "pw"')))
    assert config.state_dir == tmp_path / "state"
    assert config.account.secret() == "secret words"


def test_secrets_show_in_no_repr(write):
    config = load(write(GOOD))
    assert config.account.secret() == "secret words"
    assert "secret words" not in repr(config)


def test_every_error_at_once_with_line_key_and_hint(faults):
    assert faults(
        """\
        contry = "de"
        ring_seconds = "long"
        [account]
        jid = "anna"
        pasword = "x"
        resource = 5
        [audio]
        packet_ms = 30
        [hardware]
        profile = "simm"
        [network]
        first_port = 70000
        country = "de"
        """
    ) == [
        'phone.toml:1: contry: is no key of the file\'s top level; did you mean "country"?',
        "phone.toml:2: ring_seconds: must be a number, not a text in quotes",
        "phone.toml:3: account.password_file: is missing, and so is account.password: give one of the two",
        'phone.toml:4: account.jid: "anna" is no address: write it like anna@example.org',
        'phone.toml:5: account.pasword: is no key of [account]; did you mean "password"?',
        "phone.toml:6: account.resource: must be a text in quotes, not a whole number",
        "phone.toml:7: audio.handset: is missing: add it",
        "phone.toml:8: audio.packet_ms: must be one of 10, 20, 40, 60, not 30",
        'phone.toml:10: hardware.profile: "simm" is unknown; did you mean "sim"?',
        "phone.toml:12: network.first_port: must be from 0 to 65535, not 70000",
        "phone.toml:12: network.first_port: makes no range: ports 70000 to 0; give both, the lower one first, or none",
        "phone.toml:13: network.country: is no key of [network]; it belongs under the file's top level",
    ]


def test_an_empty_file_names_what_is_missing(faults):
    assert faults("") == ["phone.toml: account: is missing: add it", "phone.toml: audio: is missing: add it"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[account]\njid = anna@x\n", "phone.toml:2: not TOML: Invalid value; text values need quotes"),
        ("[account\n", "phone.toml:1: not TOML: "),
        ("a = '''\n", "phone.toml: at its end: not TOML: "),
        ("a = 1\na = 2\n", "phone.toml:2: not TOML: Cannot overwrite a value"),
        ("a = " + "[" * 5000, "phone.toml: lists or tables are nested too deeply"),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(faults, text, fault):
    (line,) = faults(text)
    assert line.startswith(fault)


def test_a_file_that_is_not_utf_8(tmp_path):
    path = tmp_path / "phone.toml"
    path.write_bytes(b"\n\nlanguage = '\xff'\n")
    with pytest.raises(ConfigError, match=r"phone\.toml:3: not UTF-8"):
        load(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "phone.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_a_secret_that_all_can_read_is_warned_of(write, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    load(write(GOOD, 0o640))
    assert not caplog.records
    load(write(GOOD, 0o644))
    assert "everyone on this machine can read the password" in caplog.text
    assert "secret words" not in caplog.text


def test_the_run_dir_is_found_in_a_config_that_is_wrong_elsewhere(write, tmp_path):
    assert run_dir(write('run_dir = "run"\n[account]\nnonsense = 1\n')) == tmp_path / "run"
    assert run_dir(write("")) == Config.DEFAULT_RUN_DIR == Config.__dataclass_fields__["run_dir"].default


def test_an_account_without_any_secret_says_so():
    with pytest.raises(ConfigError, match="one of the two"):
        AccountConfig("a@b").secret()


def test_a_shape_that_cattrs_refuses_for_reasons_of_its_own_is_our_bug():
    with pytest.raises(TypeError):
        list(shape._faults(TypeError("no idea"), ()))


def test_a_syntax_error_without_a_place_still_reads(tmp_path):
    assert document._syntax(tmp_path, "something else") == f"{tmp_path}: not TOML: something else"
