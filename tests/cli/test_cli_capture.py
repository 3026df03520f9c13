"""`phone capture`: what it makes of the phone's answers."""

import json
import os
import pty
import subprocess
import sys
from unittest.mock import patch

import pytest
from report.pcapfile import parse

from phone.cli import capture as command
from phone.cli.main import main
from phone.control import (
    CaptureBegin,
    CaptureBegun,
    CapturedPacket,
    CaptureEnd,
    CaptureReply,
    CaptureTake,
    ControlError,
    Done,
)

PACKET = CapturedPacket(1.5, ("192.0.2.1", 5000), ("192.0.2.2", 6000), 172, b"\x80\x6f" + bytes(10))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(command, "_EVERY", 0.01)


@pytest.fixture
def answers(fake):
    """Sets what the phone answers to one `CaptureTake` after the other, the last one again and again."""
    left = []

    class Next(dict):
        def __getitem__(self, kind):
            if kind is CaptureTake:
                return left.pop(0) if len(left) > 1 else left[0]
            return super().__getitem__(kind)

    fake.replies = Next({CaptureBegin: CaptureBegun(7), CaptureEnd: Done("over")})
    return lambda *replies: left.extend(replies)


def test_packets_become_a_file(answers, fake, tmp_path, capsys):
    answers(
        CaptureReply((PACKET, PACKET)),
        CaptureReply(()),
        CaptureReply((PACKET,), dropped=3),
        CaptureReply((), 3, over=True),
    )
    out = tmp_path / "call.pcap"
    assert main(["capture", "--out", str(out), "--seconds", "12", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"file": str(out), "packets": 3, "dropped": 3, "ok": True}
    assert [(each.source, each.size) for each in parse(out.read_bytes())] == [(PACKET.source, 172)] * 3
    assert fake.asked[0] == CaptureBegin(12.0)
    assert out.stat().st_mode & 0o777 == 0o600


def test_nothing_came(answers, tmp_path, capsys):
    answers(CaptureReply((), dropped=1, over=True))
    assert main(["capture", "--out", str(tmp_path / "call.pcap")]) == 0
    told = capsys.readouterr().out
    assert "1 more came too fast to be kept" in told
    assert "begin a call, and capture while it lasts" in told
    assert parse((tmp_path / "call.pcap").read_bytes()) == []


def test_to_stdout(answers, capfdbinary):
    answers(CaptureReply((PACKET,)), CaptureReply((), over=True))
    assert main(["capture", "--out", "-"]) == 0
    out, err = capfdbinary.readouterr()
    assert len(parse(out)) == 1
    assert b"1 packets: headers alone, no speech" in err


def test_the_phone_goes_away_meanwhile(answers, tmp_path, capsys):
    answers(CaptureReply((PACKET,)), ControlError("the phone went away"))
    out = tmp_path / "call.pcap"
    assert main(["capture", "--out", str(out)]) == 1
    assert f"the phone went away; what was captured before is in {out}" in capsys.readouterr().err
    assert len(parse(out.read_bytes())) == 1


def test_ctrl_c_ends_it(answers, fake, tmp_path, monkeypatch):
    answers(CaptureReply((PACKET,)), CaptureReply((), over=True))
    interrupted = iter([True])

    def sleep(_):
        if next(interrupted, False):
            raise KeyboardInterrupt

    monkeypatch.setattr(command.time, "sleep", sleep)
    assert main(["capture", "--out", str(tmp_path / "call.pcap")]) == 0
    assert CaptureEnd(7) in fake.asked
    assert len(parse((tmp_path / "call.pcap").read_bytes())) == 1


def test_a_full_disk_ends_it_on_the_phone_too(answers, fake, capsys):
    """Else the next one would have to wait until the phone notices that nobody comes for its packets."""
    answers(CaptureReply((PACKET,) * 50))
    with patch("phone.report.output._opened", lambda path: os.open("/dev/full", os.O_WRONLY)):
        assert main(["capture", "--out", "call.pcap"]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert fake.asked[-1] == CaptureEnd(7)


def test_a_reader_that_has_gone_ends_it(answers, fake, tmp_path):
    answers(CaptureReply((PACKET,)))
    reading, writing = os.pipe()
    os.close(reading)
    command_line = [sys.executable, "-m", "phone", "capture", "--out", "-"]
    done = subprocess.run(command_line, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writing)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert fake.asked[-1] == CaptureEnd(7)


@pytest.mark.parametrize("command_line", [["capture", "--out", "-"], ["report", "--out", "-"]])
def test_a_terminal_gets_no_octets(fake, command_line):
    ours, theirs = pty.openpty()
    told = [sys.executable, "-m", "phone", *command_line]
    done = subprocess.run(told, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 1
    assert "not for a terminal" in done.stderr
    assert fake.asked == []


def test_a_phone_that_does_not_run_leaves_the_file_as_it_was(tmp_path, monkeypatch, capsys):
    (tmp_path / "phone.toml").write_text('run_dir = "run"\n')
    monkeypatch.setenv("PHONE_CONFIG", str(tmp_path / "phone.toml"))
    out = tmp_path / "call.pcap"
    out.write_text("an older one")
    assert main(["capture", "--out", str(out)]) == 1
    assert "the phone is not running" in capsys.readouterr().err
    assert out.read_text() == "an older one"
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("seconds", ["0", "301", "-1", "soon", "nan"])
def test_a_time_that_is_none(seconds, capsys):
    with pytest.raises(SystemExit):
        main(["capture", "--out", "x", f"--seconds={seconds}"])
    assert "is not a time from above 0 to 300 seconds" in capsys.readouterr().err


def test_one_stdout_for_two(fake, capsys):
    assert main(["capture", "--out", "-", "--json"]) == 1
    assert "both want stdout" in capsys.readouterr().err
