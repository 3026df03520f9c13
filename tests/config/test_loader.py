import dataclasses
import logging
import operator
import re
import textwrap
import wave
from functools import reduce
from pathlib import Path
from typing import get_type_hints

import pytest
from rig.spoken import opus_file, packets

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


def example(write, tmp_path):
    """The shipped example with every key that stands behind a `#`."""
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    (tmp_path / "greeting.opus").write_bytes(opus_file(packets(1)))
    shown = re.sub(r"^# (?=\[|[a-z0-9_]+ = )", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    return write(shown)


def test_the_examples_comments_are_right_too(write, tmp_path):
    config = load(example(write, tmp_path))
    assert config.peers == {"pbx.example.org": PeerConfig(plain_rtp=True, direct=True, ring=2)}
    assert config.dial.short == {"12": "bob@example.org"}
    assert config.dial.speed == {"2": "204"}
    assert config.network.addresses == ("192.0.2.7",)
    assert config.account.ca_file == tmp_path / "ca.pem"
    assert config.calls.lock_code == "4711"
    assert config.voicemail.greeting == tmp_path / "greeting.opus"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("away.opus", "away.opus is not there: put an Ogg Opus file there"),
        (".", "is no file: give an Ogg Opus file"),
        ("ca.pem", "this is no Ogg Opus file; make one with"),
        ("~nobody-of-this-name/hi.opus", 'begins with "~nobody-of-this-name"'),
    ],
)
def test_a_greeting_must_be_playable(write, tmp_path, value, told):
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    with pytest.raises(ConfigError, match=re.escape(told)):
        load(write(f'{GOOD}\n[voicemail]\ngreeting = "{value}"\n'))


INSTEAD = {"account.password_file"}
"""Shown in a comment: it stands in another key's place."""
UNSHOWN = {"audio.ringer.capture", "audio.headset.mixer", "audio.ringer.mixer", "audio.speaker.mixer"}
"""Nobody wants the first; the others are as the handset's."""
EXAMPLES = """
    country account.jid account.password account.server account.ca_file dial.domain dial.gateway dial.digit_map
    dial.short dial.speed dial.hotline calls.texts calls.intercom calls.lock_code transfer.allow transfer.targets
    panel.port panel.ancestors peers
    audio.card audio.mixer audio.jack audio.headset.capture audio.headset.playback audio.handset.mixer
    audio.handset.capture audio.handset.playback audio.ringer.playback audio.speaker.capture audio.speaker.playback
    network.addresses network.first_port network.last_port voicemail.greeting
"""
"""Keys that are shown with something else than their default."""


def keys(kind, at=""):
    """Every key of the file with its default, by its dotted name."""
    for field in dataclasses.fields(kind):
        hint = get_type_hints(kind)[field.name]
        if dataclasses.is_dataclass(hint):
            yield from keys(hint, f"{at}{field.name}.")
        else:
            factory = field.default_factory
            yield f"{at}{field.name}", field.default if factory is dataclasses.MISSING else factory()


def test_the_example_has_every_key_with_its_default(write, tmp_path):
    path = example(write, tmp_path)
    values, config = document.read(path).values, load(path)
    assert "password_file" in EXAMPLE.read_text("utf-8")
    for name, default in keys(Config):
        if name in INSTEAD | UNSHOWN:
            continue
        *tables, key = name.split(".")
        assert key in reduce(operator.getitem, tables, values), f"{name} is not in the example"
        assert name in EXAMPLES.split() or operator.attrgetter(name)(config) == default, f"{name} has another default"
    assert {f.name for f in dataclasses.fields(PeerConfig)} == values["peers"]["pbx.example.org"].keys()


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
        "phone.toml:8: audio.packet_ms: must be one of 10, 20, 40, 60, not 30",
        'phone.toml:10: hardware.profile: "simm" is unknown; did you mean "sim"?',
        "phone.toml:12: network.first_port: must be from 0 to 65535, not 70000",
        "phone.toml:12: network.first_port: makes no range: ports 70000 to 0; give both, the lower one first, or none",
        "phone.toml:13: network.country: is no key of [network]; it belongs under the file's top level",
    ]


def test_a_phone_may_have_no_account_yet(write, caplog):
    config = load(write('[audio.handset]\ncapture = "null"\nplayback = "null"\n'))
    assert not config.has_account
    assert config.account.secret() == ""
    assert not caplog.records


def test_an_empty_file_names_what_is_missing(faults):
    sentence = "is missing: name its ALSA devices (`aplay -L` and `arecord -L` list them), or a [hardware] profile"
    assert f"phone.toml: audio.handset: {sentence} that has them" in faults("")


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


def test_a_run_dir_that_is_no_path_is_named(write):
    with pytest.raises(ConfigError, match=r"phone\.toml:1: run_dir: begins with"):
        run_dir(write('run_dir = "~nobody-of-that-name"\n'))


def test_ring_sounds_count_from_the_files_folder(write, tmp_path):
    with wave.open(str(tmp_path / "ring.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 8000, "NONE", ""))
        sound.writeframes(bytes(16000))
    config = load(
        write(GOOD + '[calls]\nring = "ring.wav"\n[peers.x]\nring = "./ring.wav"\n[peers.y]\n[peers.z]\nring = 3')
    )
    assert config.calls.ring == str(tmp_path / "ring.wav")
    assert {name: peer.ring for name, peer in config.peers.items()} == {"x": config.calls.ring, "y": None, "z": 3}


def test_a_hold_sound_counts_from_the_files_folder(write, tmp_path):
    with wave.open(str(tmp_path / "hold.wav"), "wb") as sound:
        sound.setparams((1, 2, 48000, 0, "NONE", ""))
        sound.writeframes(bytes(20_000))
    assert load(write(GOOD + '[calls]\nhold = "hold.wav"\n')).calls.hold == str(tmp_path / "hold.wav")
    assert load(write(GOOD + '[calls]\nhold = "tone"\n')).calls.hold == "tone"


def test_a_lock_code_that_all_can_read_is_warned_of_wherever_the_password_is(write, tmp_path, caplog):
    (tmp_path / "pw").write_text("secret words\n")
    (tmp_path / "pw").chmod(0o600)
    text = GOOD.replace('password = "secret words"', 'password_file = "pw"') + '[calls]\nlock_code = "4711"\n'
    with caplog.at_level(logging.WARNING):
        config = load(write(text, 0o644))
    assert "everyone on this machine can read the lock code" in caplog.text
    assert "the password" not in caplog.text
    assert "4711" not in caplog.text + repr(config)


def test_a_digit_map_that_cuts_emergency_calls_short_is_warned_of(write, caplog):
    with caplog.at_level(logging.WARNING):
        load(write(GOOD + '[dial]\ndigit_map = "1x|9xxT"\n'))
    assert [r.getMessage() for r in caplog.records] == [
        f'dial.digit_map calls "11" before {number} is complete: end that alternative in "T", or set dial.emergency'
        for number in ("110", "112")
    ]


def test_an_intercom_without_a_speaker_is_warned_of(write, caplog):
    intercom = '[calls]\nintercom = ["boss@example.org"]\n'
    with caplog.at_level(logging.WARNING):
        load(write(GOOD + intercom))
        assert "calls.intercom rings like any other call" in caplog.text
        caplog.clear()
        load(write(GOOD + intercom + '[audio.speaker]\ncapture = "mic"\nplayback = "box"\n'))
    assert not caplog.records


def test_every_new_table_answers_with_line_and_hint(faults):
    good = textwrap.dedent(GOOD)
    assert faults(
        good
        + """\
[calls]
waitng = true
hold = "musik.wav"
lock_code = 4711
most = 99
texts = ["ok", ""]
intercom = "boss@example.org"
[transfer]
alow = []
[display]
dim = 5
[panel]
port = 80
[dial.speed]
0 = "204"
"""
    ) == [
        'phone.toml:8: calls.waitng: is no key of [calls]; did you mean "waiting"?',
        'phone.toml:9: calls.hold: musik.wav is not there: put a WAV file there, or write "music" or "tone" instead',
        "phone.toml:10: calls.lock_code: must be a text in quotes, not a whole number",
        "phone.toml:11: calls.most: must be from 2 to 16, not 99",
        "phone.toml:12: calls.texts: number 2 is empty: write a sentence, or take it out",
        "phone.toml:13: calls.intercom: must be a list in [ ], not a text in quotes",
        'phone.toml:15: transfer.alow: is no key of [transfer]; did you mean "allow"?',
        "phone.toml:17: display.dim: is no key of [display]; there is: dim_seconds",
        "phone.toml:19: panel.port: must be 0 or from 1024 to 65535, not 80",
        'phone.toml:21: dial.speed.0: is taken: 0 held down types "+"; take one of 1-9 * #',
    ]


def test_a_number_of_ever_so_many_digits_is_no_crash(faults):
    assert faults("ring_seconds = " + "9" * 5000) == ["phone.toml: has a number with too many digits"]


def test_an_account_without_any_secret_says_so():
    with pytest.raises(ConfigError, match="one of the two"):
        AccountConfig("a@b").secret()


def test_a_shape_that_cattrs_refuses_for_reasons_of_its_own_is_our_bug():
    with pytest.raises(TypeError):
        list(shape._faults(TypeError("no idea"), (), Config))


def test_a_syntax_error_without_a_place_still_reads(tmp_path):
    assert document._syntax(tmp_path, "something else") == f"{tmp_path}: not TOML: something else"
