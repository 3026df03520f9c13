import os
import wave
from pathlib import Path

import pytest

from phone.config import checks

HERE = Path(__file__).parent
SOUND = {"audio": {"handset": {}}}


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
        ("audio.speaker", {"capture": "mic", "playback": "plughw:CARD=Speaker"}),
        ("audio.headset.capture", "dsnoop:CARD=A1"),
        ("audio.headset.playback", "plug:dmix:CARD=Desk0,DEV=0"),
        ("audio.card", "Handset_2"),
        ("dial.speed", {"1": "204", "*": "bob@example.org", "9": "12"}),
        ("dial.hotline", "204"),
        ("dial.hotline", ""),
        ("dial.hotline_seconds", 0),
        ("dial.emergency", ["112"]),
        ("dial.emergency", []),
        ("calls.most", 16),
        ("calls.hold", "tone"),
        ("calls.reminder_seconds", 10.0),
        ("calls.texts", []),
        ("calls.texts", ["Später, gern."] * 9),
        ("calls.texts", ["x" * 500]),
        ("calls.intercom", ["boss@example.org", "office.example", "10.0.0.1"]),
        ("calls.lock_code", ""),
        ("calls.lock_code", "0000"),
        ("transfer.allow", ["localhost"]),
        ("transfer.targets", ["bob@example.org"]),
        ("display.dim_seconds", 0),
        ("panel.port", 0),
        ("panel.port", 1024),
        ("panel.ancestors", ["http://127.0.0.1:8000", "http://localhost"]),
        ("peers", {"pbx.example.org": {"ring": 5}}),
        ("calls.ring", 0),
        ("calls.ring", 5),
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
        ("audio.headset.playback", "hw:CARD=1,DEV=0", "order changes"),
        ("audio.card", "0", "order changes"),
        ("audio.card", "my card", "CARD="),
        ("audio.card", "", "CARD="),
        ("audio.mixer.Speaker", "110%", '"110%" is nothing to set a control to'),
        ("audio.speaker.mixer.Speaker", "loud", '"loud" is nothing to set a control to'),
        ("network.addresses", ["eth0"], "no IP address"),
        ("country", "gbr", 'did you mean "gb"'),
        ("language", "klingon", "there is: de, en"),
        ("log_level", "debug", 'did you mean "DEBUG"'),
        ("ring_seconds", float("nan"), "from 5 to 600"),
        ("no_answer_seconds", 0, "from 5 to 600"),
        ("no_answer_seconds", 10**400, "from 5 to 600"),
        ("account.server", "x:" + "9" * 5000, "no port"),
        ("audio.speaker.playback", "hw:1", "order changes"),
        ("dial.hotline_seconds", 20, "from 0 to 15, not 20"),
        ("dial.emergency", ["11O"], "digits alone"),
        ("dial.emergency", ["\u0661\u0661\u0662"], "digits alone"),
        ("calls.most", 1, "from 2 to 16"),
        ("calls.reminder_seconds", 0, "from 10 to 3600"),
        ("calls.hold", "~nobody-of-that-name/x.wav", "nobody here has that name"),
        ("calls.hold", "x\0.wav", "NUL"),
        ("calls.hold", "x" * 5000, "cannot be read: File name too long"),
        ("calls.hold", "musik", 'musik is not there: put a WAV file there, or write "music" or "tone"'),
        ("calls.hold", ".", "is no file"),
        ("calls.hold", __file__, "is no WAV file; convert it"),
        ("calls.intercom", ["boss@example.org/desk"], 'has a resource ("/desk"): leave it out'),
        ("calls.intercom", ["*"], "neither an address nor a domain"),
        ("transfer.allow", ["a b"], "neither an address nor a domain"),
        ("transfer.targets", [""], "neither an address nor a domain"),
        ("display.dim_seconds", 1, "0 or from 5 to 86400, not 1"),
        ("panel.port", 80, "0 or from 1024 to 65535, not 80"),
        ("panel.port", 65536, "0 or from 1024 to 65535"),
        ("panel.ancestors", ["http://example.org"], "may not frame the panel"),
        ("peers.pbx.ring", 6, "from 0 to 5"),
        ("peers.pbx.ring", "3", "3 is not there: put a WAV file there, or write a number from 0 to 5 instead"),
        ("calls.ring", -1, "from 0 to 5"),
        ("calls.ring", "x\0.wav", "NUL"),
        ("calls.ring", ".", "is no file"),
        ("calls.ring", __file__, "is no WAV file; convert it"),
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


@pytest.mark.parametrize("code", ["123", "1234567890123", "12a4", "\u0661\u0661\u0661\u0661", "secret"])
def test_a_lock_code_that_cannot_be_typed_is_not_repeated(code):
    (sentence,) = wrong(HERE, "calls", "lock_code", value=code)
    assert "4 to 12 digits" in sentence
    assert code not in sentence


def test_files_that_no_path_leads_to_are_left_to_the_shape():
    for path in ("x\0", "~nobody-of-that-name/x"):
        assert wrong(HERE, "account", "password_file", value=path) == []
        assert wrong(HERE, "account", "ca_file", value=path) == []


def _write_wav(path, frames):
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 48000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * frames))


def test_a_wav_file_beside_the_config_is_a_hold_sound(tmp_path):
    _write_wav(tmp_path / "hold.wav", 10_000)
    assert wrong(tmp_path, "calls", "hold", value="hold.wav") == []
    _write_wav(tmp_path / "hold.wav", 0)
    assert "is shorter than a tenth of a second" in wrong(tmp_path, "calls", "hold", value="hold.wav")[0]
    assert "is not there" in wrong(tmp_path, "calls", "hold", value="hold.wav/x")[0]
    (tmp_path / "hold.wav").write_bytes(b"RIFF")
    assert "is no WAV file" in wrong(tmp_path, "calls", "hold", value="hold.wav")[0]


@pytest.mark.parametrize(
    ("table", "key", "name"),
    [("calls", "hold", "hold.wav"), ("calls", "ring", "ring.wav"), ("voicemail", "greeting", "hi.opus")],
)
def test_a_sound_that_may_not_be_read_says_so(tmp_path, monkeypatch, table, key, name):
    _write_wav(tmp_path / name, 10_000)

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    assert "make it readable" in wrong(tmp_path, table, key, value=name)[0]


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "hold.wav")
    assert "is no file" in wrong(tmp_path, "calls", "hold", value="hold.wav")[0]


def test_a_wav_file_announces_calls(tmp_path):
    for key in (("calls", "ring"), ("peers", "pbx", "ring")):
        _write_wav(tmp_path / "ring.wav", 30 * 48_000)
        assert wrong(tmp_path, *key, value="ring.wav") == []
        _write_wav(tmp_path / "ring.wav", 31 * 48_000)
        assert "lasts 31 s: take one of at most 30 s" in wrong(tmp_path, *key, value="ring.wav")[0]


def test_values_ever_so_deep_are_looked_through():
    values: object = "x"
    for _ in range(5000):
        values = {"1": values}
    assert not list(checks.faults({"dial": {"short": values}} | SOUND, HERE))


def test_a_password_given_twice():
    assert "is given twice" in str(list(checks.faults({"account": {"password": "x", "password_file": __file__}}, HERE)))


@pytest.mark.parametrize(("first", "last", "good"), [(1, 2, True), (5, 5, True), (2, 1, False), (0, 9, False)])
def test_port_ranges(first, last, good):
    found = list(checks.faults({"network": {"first_port": first, "last_port": last}} | SOUND, HERE))
    assert (not found) is good


@pytest.mark.parametrize("peer", ["pbx.example.org", "carol@example.org", "10.0.0.1"])
def test_peers_are_addresses_or_domains(peer):
    assert not list(checks.faults({"peers": {peer: {}}} | SOUND, HERE))
    assert list(checks.faults({"peers": {"not " + peer: {}}} | SOUND, HERE))


def test_wrong_types_are_left_to_the_shape():
    values = {
        "account": 5,
        "network": {"first_port": "x"},
        "peers": [],
        "dial": {"short": 1, "domain": 7},
        "country": {},
        "audio": 3,
    }
    assert not list(checks.faults(values, HERE))
