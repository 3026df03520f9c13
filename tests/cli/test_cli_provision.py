"""`phone provision` at a terminal, without a daemon."""

import io
import json
import os
import signal
import tarfile

import pytest

from phone.cli.main import main
from phone.provision import trials
from phone.provision.contents import Contents
from phone.provision.store import Store
from phone.provision.values import Who

CONFIG = """\
[account]
jid = "anna@example.org"
password = "hunter2"
[dial.short]
1 = "bob@example.org"
[audio.handset]
capture = "plughw:CARD=Handset"
playback = "plughw:CARD=Handset"
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    path = tmp_path / "phone.toml"
    path.write_text(CONFIG)
    monkeypatch.setenv("PHONE_CONFIG", str(path))
    return path


@pytest.fixture
def provision(config, monkeypatch, capfd):
    """Run it with this on stdin; exit code, stdout, stderr."""

    def run(*arguments, sent=b""):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(sent)))
        code = main(["provision", *arguments])
        return code, *capfd.readouterr()

    held = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
    yield run
    for number, handler in held.items():
        signal.signal(number, handler)


def test_a_config_is_brought_looked_at_and_taken_back(provision, config):
    sent = CONFIG.replace("anna", "carol").encode()
    assert provision("diff", sent=sent)[:2] == (0, '~ account.jid = "anna@example.org" -> "carol@example.org"\n')
    assert provision("diff", sent=CONFIG.encode())[:2] == (0, "nothing changes\n")
    code, out, _ = provision("--unproven", "--comment", "for carol", sent=sent)
    assert (code, out.splitlines()[-1]) == (0, "changed: version 2 is confirmed")
    assert provision("--unproven", sent=sent)[:2] == (0, "unchanged: the phone has this config already\n")
    lines = provision("history")[1].splitlines()
    assert lines[0].startswith("*  2  20")
    assert lines[0].endswith("confirmed  for carol")
    assert json.loads(provision("history", "--json", "--limit", "1")[1])["current"] == 2
    assert '-> "anna@example.org"' in provision("diff", "1")[1]
    assert provision("rollback", "--unproven")[0] == 0
    assert config.read_text() == CONFIG
    assert Store.of(config).records()[0].comment == "back to version 1"


def test_what_is_shown_has_no_secrets(provision):
    code, out, _ = provision("get")
    assert code == 0
    assert 'password = "***"' in out
    assert provision("get", "--part", "dial.short")[1] == '[dial.short]\n1 = "bob@example.org"\n'
    told = json.loads(provision("get", "--json", "--part", "account")[1])
    assert told["config"] == {"account": {"jid": "anna@example.org", "password": "***"}}
    assert provision("get", "--part", "dail")[0] == 1
    assert "hunter2" not in "".join(map(str, provision("--unproven", sent=CONFIG.replace("hunter2", "x").encode())))
    assert 'password = "***"' in provision("get", "1")[1]


@pytest.mark.parametrize(
    ("arguments", "sent", "sentence"),
    [
        ((), b"", "stdin is empty"),
        ((), b"x" * (1 << 21), "that is no config"),
        ((), b"[acount]\n", 'did you mean "account"?'),
        (("--bundle",), b"x", "that is no tar file"),
        (("--merge",), b"country = 5\n", "stdin:1: country"),
        (("--part", "dial.short"), b'[dial.short]\nx = "a@b"\n', "stdin:2: dial.short.x: cannot be dialled"),
        (("confirm",), b"", "no version is on trial"),
        (("rollback",), b"", "there is no version before this one"),
        (("rollback", "9"), b"", "there is no version 9"),
        (("get", "9"), b"", "there is no version 9"),
        (("--unproven", "--confirm-within", "5m"), b"country = 'de'\n", "leave one of them out"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_changes_nothing(provision, config, arguments, sent, sentence):
    code, out, err = provision(*arguments, sent=sent)
    assert (code, out) == (1, "")
    assert sentence in err
    assert config.read_text() == CONFIG


@pytest.mark.parametrize(
    "arguments",
    [
        ("--within", "x"),
        ("--within", "0"),
        ("--comment", "a\nb"),
        ("nonsense",),
        ("--part", ""),
        ("--part", "dial."),
        ("get", "--part="),
        ("diff", "--part", " "),
    ],
)
def test_a_wrong_command_line(provision, arguments):
    with pytest.raises(SystemExit) as ended:
        provision(*arguments)
    assert ended.value.code == 2


def test_options_may_stand_before_the_command(provision):
    assert json.loads(provision("--json", "history")[1]) == {"current": None, "versions": [], "ok": True}
    code, out, _ = provision("--comment", "get", "--unproven", sent=CONFIG.replace("anna", "carol").encode())
    assert (code, out.splitlines()[-1]) == (0, "changed: version 2 is confirmed")


def test_a_long_reason_pushes_no_column_away(provision, config):
    config.write_text('run_dir = "run"\n')
    store = Store.of(config)
    trial = trials.begin(store, trials.Given(Contents(CONFIG.encode()), Who("root"), "first try"))
    assert json.loads(provision("rollback", "--json")[1])["back"] == ""
    trial = trials.begin(store, trials.Given(Contents(CONFIG.encode()), Who("root"), "first try"))
    trials.roll_back(store, "x" * 200, trial.version)
    lines = provision("history")[1].splitlines()
    assert lines[0].endswith(f"rolled back  {'x' * 200}; first try")
    assert len(lines[1]) < 100


def test_a_phone_that_does_not_run_is_told_at_once(provision, config, monkeypatch):
    monkeypatch.setattr("phone.provision.conduct._START_SECONDS", 0.5)
    sent = f'run_dir = "run"\n{CONFIG.replace("anna", "carol")}'.encode()
    code, out, err = provision(sent=sent)
    assert code == 1
    assert "the phone does not answer: waiting 0.5 s for it" in out
    assert "`systemctl status phone` tells why" in err
    code, out, _ = provision("--json", sent=sent)
    told = json.loads(out)
    assert (code, told["ok"]) == (1, False)
    assert told["error"].startswith("rolled back, the phone is as it was: ")


def test_without_a_config(provision, config):
    config.unlink()
    assert "there is no config yet" in provision("get")[2]
    assert provision("history")[1] == "no version was given yet\n"
    assert provision("--unproven", sent=CONFIG.encode())[0] == 0
    assert config.read_text() == CONFIG
    assert oct(config.stat().st_mode & 0o777) == "0o660"


TYPOS = (
    ((), CONFIG.encode(), "is --config right"),
    (("--unproven",), b"[acount]\n", 'did you mean "account"?'),
    (("diff",), b"[acount]\n", 'did you mean "account"?'),
    (("confirm",), b"", "no version is on trial"),
    (("rollback",), b"", "no version before"),
    (("get",), b"", "there is no config yet"),
)


@pytest.mark.parametrize("typo", ["typo.toml", "typo/phone.toml"])
@pytest.mark.parametrize(("arguments", "sent", "sentence"), TYPOS)
def test_a_wrong_config_leaves_nothing(provision, config, typo, arguments, sent, sentence):
    before = sorted(config.parent.rglob("*"))
    code, _, err = provision(*arguments, "--config", str(config.parent / typo), sent=sent)
    assert code == 1
    assert sentence in err
    assert sorted(config.parent.rglob("*")) == before


def test_a_first_config_needs_its_folder(provision, config):
    code, _, err = provision("--unproven", "--config", str(config.parent / "typo" / "x.toml"), sent=CONFIG.encode())
    assert code == 1
    assert "there is no folder" in err
    assert not (config.parent / "typo").exists()


def test_a_bundle_that_is_refused_leaves_nothing(provision, config):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, data in (("desk.toml", b'[calls]\nring = "r.opus"\nx = 1\n'), ("r.opus", b"no sound")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    before = sorted(config.parent.rglob("*"))
    assert provision("--bundle", sent=file.getvalue())[0] == 1
    assert sorted(config.parent.rglob("*")) == before


def test_the_forced_command(provision, config, monkeypatch, capfd):
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", "phone provision history")
    monkeypatch.setenv("PHONE_CONFIG", "/nowhere")
    assert main(["provision-shell", "--config", str(config)]) == 0
    assert os.environ["PHONE_CONFIG"] == str(config)
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", "sh")
    assert main(["provision-shell", "--config", str(config)]) == 1
    assert "this key opens" in capfd.readouterr().err
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", "phone provision --json --what")
    assert main(["provision-shell", "--config", str(config)]) == 1
    assert json.loads(capfd.readouterr().out)["ok"] is False
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", "phone provision --json history")
    assert main(["provision-shell", "--config", str(config)]) == 0
