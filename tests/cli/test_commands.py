"""Every command against a real control socket, as a user types it."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from phone import cli
from phone.cli.main import COMMANDS, main
from phone.control import Call, ControlError, Done, HangUp, Log, LogEntry, LogReply, Sim, SimReply

PNG = b"\x89PNG and so on"


@pytest.fixture
def fake(fake):
    fake.replies |= {
        Call: Done("calling 204"),
        HangUp: Done("hung up"),
        Sim: SimReply(("Bob",), ("call", "mute"), base64.b64encode(PNG).decode()),
    }
    return fake


def test_call_and_hang_up(fake, capsys):
    assert main(["call", "+4930123456"]) == 0
    assert main(["hang-up", "--json"]) == 0
    assert fake.asked == [Call("+4930123456"), HangUp()]
    text, as_json = capsys.readouterr().out.split("\n", 1)
    assert text == "calling 204"
    assert json.loads(as_json) == {"text": "hung up", "ok": True}


@pytest.mark.parametrize(
    ("arguments", "request_", "out"),
    [
        (["lift"], Sim("lift"), ""),
        (["hang-up"], Sim("hang-up"), ""),
        (["press", "5", "--for", "1.2"], Sim("press", "5", 1.2), ""),
        (["press", "HOLD"], Sim("press", "HOLD"), ""),
        (["press", "*"], Sim("press", "*"), ""),
        (["screen"], Sim("screen"), "Bob\n"),
        (["lamps"], Sim("lamps"), "call\nmute\n"),
    ],
)
def test_sim(fake, capsys, arguments, request_, out):
    assert main(["sim", *arguments]) == 0
    assert fake.asked == [request_]
    assert capsys.readouterr().out == out


@pytest.mark.parametrize("arguments", [["--json", "lamps"], ["lamps", "--json"]])
def test_sim_as_json_wherever_the_option_stands(fake, capsys, arguments):
    assert main(["sim", *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["lamps"] == ["call", "mute"]


def test_sim_screen_as_a_picture(fake, tmp_path, capsys):
    assert main(["sim", "screen", "--png", str(tmp_path / "a.png")]) == 0
    assert (tmp_path / "a.png").read_bytes() == PNG
    assert main(["sim", "screen", "--png", str(tmp_path / "no" / "a.png")]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_a_refusal_is_one_sentence_and_exit_code_1(fake, capsys):
    fake.replies[Call] = ControlError("999 is not in the dial plan")
    assert main(["call", "999"]) == 1
    assert capsys.readouterr() == ("", "phone: 999 is not in the dial plan\n")
    assert main(["call", "999", "--json"]) == 1
    told = capsys.readouterr()
    assert json.loads(told.out) == {"ok": False, "error": "999 is not in the dial plan"}
    assert told.err == "phone: 999 is not in the dial plan\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["call"],
        ["log", "--limit", "0"],
        ["log", "--limit", "x"],
        ["log", "--limit", "\N{ARABIC-INDIC DIGIT ONE}"],
        ["dnd"],
        ["dnd", "maybe"],
        ["lock"],
        ["block"],
        ["unblock"],
        ["contacts", "--limit", "1001"],
        ["contacts", "a", "b"],
        ["diagram", "--out"],
        ["sim"],
        ["sim", "kick"],
        ["sim", "press"],
        ["sim", "press", "5", "--for", "0"],
        ["sim", "press", "5", "--for", "long"],
        ["sim", "press", "5", "--for", "nan"],
    ],
)
def test_a_wrong_command_line_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "usage: phone" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--json"], ["dance", "--json"], ["capture", "--json"], ["log", "--json", "x"]])
def test_machines_are_told_what_is_wrong_with_a_command_line(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert told["error"]


def test_ctrl_c_while_it_starts_is_no_traceback(monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("phone.cli.status.add", interrupted)
    assert main(["status"]) == 130


def test_the_commands_are_listed_by_who_needs_them(capsys):
    """What its user does comes first, and no line tells of an account that nobody can sign in to."""
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    places = [told.index(f"\n    {name}") for name in ("status", "call", "install", "provision", "run", "sim")]
    assert places == sorted(places)
    assert "exit codes:" in told


@pytest.mark.parametrize("command", COMMANDS)
def test_no_example_signs_in_as_the_daemon(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "ssh phone@" not in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert f"usage: phone {command}" in told
    assert "examples:\n  " in told or command == "hang-up"


def test_every_file_is_a_command_or_part_of_one():
    files = {path.stem for path in Path(cli.__file__).parent.glob("*.py")} - {"__init__", "common", "main"}
    commands = {command.replace("-", "_") for command in COMMANDS}
    parts = {file for file in files if any(file.startswith(f"{command}_") for command in commands)}
    assert commands | parts == files


def test_no_daemon_says_how_to_start_it(tmp_path, capsys):
    config = tmp_path / "phone.toml"
    config.write_text('run_dir = "run"\n')
    assert main(["status", "--config", str(config)]) == 1
    assert "is not running: start it with `sudo systemctl start phone`" in capsys.readouterr().err


def test_run_tells_every_fault_of_its_config(tmp_path, capsys):
    config = tmp_path / "phone.toml"
    config.write_text("[account]\njid = 1\n")
    assert main(["run", "--config", str(config)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"phone: {config}") for line in lines)


def test_an_interrupt_ends_quietly(fake, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("phone.cli.status.ask", interrupt)
    assert main(["status"]) == 130


def test_a_reader_that_went_away_is_no_crash(fake):
    fake.replies[Log] = LogReply(
        (LogEntry("bob@x", "Bob", "out", "2026-11-21T07:00:00+01:00", 61.0, "hang-up"),) * 1000
    )
    reading, writing = os.pipe()
    os.close(reading)
    script = "from phone.cli.main import main; raise SystemExit(main(['log']))"
    with os.fdopen(writing, "wb") as out:
        done = subprocess.run([sys.executable, "-c", script], stdout=out, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"")


def test_status_imports_nothing_heavy():
    """It must answer at once, also on a Pi Zero: that is a matter of what is imported."""
    script = "import sys, phone.cli.main, phone.cli.status; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    heavy = {"asyncio", "cattrs", "slixmpp", "PIL", "numpy", "aioice", "sqlite3", "phone.app", "phone.engine"}
    assert not heavy & set(done.stdout.split())
