"""Every command against a real control socket, as a user types it."""

import asyncio
import base64
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from phone.cli.main import main
from phone.control import (
    Call,
    CallStatus,
    ControlError,
    Done,
    HangUp,
    Log,
    LogEntry,
    LogReply,
    Sim,
    SimReply,
    Status,
    StatusReply,
)
from phone.control.server import ControlServer

CALL = CallStatus(
    id="1",
    peer="bob@example.org/desk",
    name="Bob",
    direction="out",
    progress="connected",
    held=True,
    encrypted=True,
    codec="opus",
    packet_ms=20,
    round_trip_ms=12.4,
    loss_percent=0.5,
    far_loss_percent=1.0,
    concealed_ms=40,
    jitter_buffer_ms=38.6,
    seconds=75.0,
)
STATUS = StatusReply(
    version="0.1.0",
    uptime_seconds=3723.0,
    account="anna@example.org/phone",
    registered=True,
    why="",
    off_hook=True,
    calls=(CALL,),
    lamps=("call",),
    tone=None,
    ringer=False,
    screen=("Bob", "1:15"),
)
PNG = b"\x89PNG and so on"


class FakePhone:
    """Answers from a list and remembers what it was asked."""

    def __init__(self, folder):
        self.config = folder / "phone.toml"
        self.config.write_text('run_dir = "run"\n')
        self.asked = []
        self.replies = {
            Status: STATUS,
            Call: Done("calling 204"),
            HangUp: Done("hung up"),
            Log: LogReply(()),
            Sim: SimReply(("Bob",), ("call", "mute"), base64.b64encode(PNG).decode()),
        }

    async def answer(self, request):
        self.asked.append(request)
        reply = self.replies[type(request)]
        if isinstance(reply, Exception):
            raise reply
        return reply


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A daemon's control socket on a loop of its own; PHONE_CONFIG names its config."""
    phone = FakePhone(tmp_path)
    monkeypatch.setenv("PHONE_CONFIG", str(phone.config))
    loop, started = asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def serve():
        async with ControlServer(tmp_path / "run" / "control.sock", phone.answer):
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    started.wait()
    yield phone
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


def test_status_for_people(fake, capsys):
    assert main(["status"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "anna@example.org/phone: registered",
        "phone 0.1.0, up 1:02:03, off-hook",
        "call to Bob <bob@example.org/desk>: connected, 1:15, on hold, encrypted",
        "  opus 20 ms, round trip 12 ms, loss 0.5 %, loss at the far end 1.0 %, concealed 40 ms, jitter buffer 39 ms",
        "lamps: call",
        "tone: none",
        "screen:",
        "  | Bob",
        "  | 1:15",
    ]


def test_status_without_service_or_figures(fake, capsys):
    call = CallStatus("2", "x@y", "\x1b[2Jx\n", "in", "offered", held=False, encrypted=False)
    fake.replies[Status] = StatusReply(
        version="0.1.0",
        uptime_seconds=1.0,
        account="a@b",
        registered=False,
        why="bad password",
        off_hook=False,
        calls=(call,),
        lamps=(),
        tone="busy",
        ringer=True,
        screen=(),
        audio_troubles=("the handset is missing",),
        faults=2,
    )
    assert main(["status"]) == 0
    out = capsys.readouterr().out
    assert "a@b: not registered: bad password" in out
    assert "the handset is missing" in out
    assert "2 of the phone's own faults showed" in out
    assert "call from \N{REPLACEMENT CHARACTER}[2Jx\N{REPLACEMENT CHARACTER} <x@y>: offered, NOT encrypted\n" in out
    assert "lamps: dark\ntone: busy, the ringer rings" in out
    assert "\x1b" not in out


def test_status_for_machines_has_all_that_is_promised(fake, capsys):
    assert main(["status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert {"registered", "why", "calls", "lamps", "tone", "screen"} <= told.keys()
    assert {
        "peer",
        "direction",
        "progress",
        "held",
        "encrypted",
        "codec",
        "round_trip_ms",
        "loss_percent",
        "concealed_ms",
        "jitter_buffer_ms",
    } <= told["calls"][0].keys()


def test_call_and_hang_up(fake, capsys):
    assert main(["call", "+4930123456"]) == 0
    assert main(["hang-up", "--json"]) == 0
    assert fake.asked == [Call("+4930123456"), HangUp()]
    text, as_json = capsys.readouterr().out.split("\n", 1)
    assert text == "calling 204"
    assert json.loads(as_json) == {"text": "hung up", "ok": True}


def test_log(fake, capsys):
    assert main(["log"]) == 0
    fake.replies[Log] = LogReply(
        (
            LogEntry("bob@x", "Bob", "out", "2026-11-21T07:00:00+01:00", 61.0, "hang-up"),
            LogEntry("carol@x", "carol@x", "in", "2026-11-20T07:00:00+01:00", None, "no answer"),
        )
    )
    assert main(["log", "--limit", "2"]) == 0
    assert fake.asked == [Log(20), Log(2)]
    assert capsys.readouterr().out.splitlines() == [
        "no calls yet",
        "2026-11-21 07:00:00  to    Bob      bob@x    1:01          hang-up",
        "2026-11-20 07:00:00  from  carol@x  carol@x  not answered  no answer",
    ]


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


@pytest.mark.parametrize("command", ["run", "demo", "status", "call", "hang-up", "sim", "log"])
def test_help(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert f"usage: phone {command}" in capsys.readouterr().out


def test_no_daemon_says_how_to_start_it(tmp_path, capsys):
    config = tmp_path / "phone.toml"
    config.write_text('run_dir = "run"\n')
    assert main(["status", "--config", str(config)]) == 1
    assert "is not running: start it with" in capsys.readouterr().err


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
    script = "import sys, phone.cli.main; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    heavy = {"asyncio", "cattrs", "slixmpp", "PIL", "numpy", "aioice", "sqlite3", "phone.app", "phone.engine"}
    assert not heavy & set(done.stdout.split())
