"""A helper's commands on whole phones in a call: `phone report`, `phone capture`, and the log without journald."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.steps import all_idle, connected, does, put_through
from report.archives import unpacked
from report.pcapfile import Seen, parse

from phone.demo.stage import Desk, Stage, stage, with_panel
from phone.media.rtp import kind_of_datagram

pytestmark = [pytest.mark.servers, pytest.mark.slow]

CODE = "47114711"
COMMENT = "an older password was hunter2"


def edit(config: str) -> str:
    return with_panel(config, ()) + f'\n[calls]\nlock_code = "{CODE}"  # {COMMENT}\n'


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path, "alice", "bob", edit=edit) as scene:
        yield scene


async def begun(desk: Desk, *arguments: str) -> asyncio.subprocess.Process:
    """`phone` with these arguments and that desk's config. No journal is asked: this machine's own is not meant."""
    command = (sys.executable, "-m", "phone", arguments[0], "--config", str(desk.config), *arguments[1:])
    environment = {**os.environ, "PATH": "/nowhere"}
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, env=environment)


async def done(process: asyncio.subprocess.Process, code: int = 0) -> str:
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == code, err.decode()
    return (out if code == 0 else err).decode()


async def test_a_helper_looks_at_a_call(scene: Stage, tmp_path: Path) -> None:
    alice, bob = scene.desks.values()
    await a_call_is_captured(alice, bob, tmp_path / "call.pcap")
    await a_capture_ends_by_itself(alice, bob, tmp_path / "short.pcap")
    await alice.hang_up()
    await bob.hang_up()
    await all_idle(alice, bob)
    await a_report_of_a_running_phone(alice, tmp_path / "running.tar.xz")
    await a_report_of_a_phone_that_is_down(alice, tmp_path / "down.tar.xz")


async def written(file: Path, size: int) -> None:
    """Return when so much of it is there: the capture has begun."""
    async with asyncio.timeout(30):
        while not file.exists() or file.stat().st_size < size:
            await asyncio.sleep(0.05)


async def a_call_is_captured(alice: Desk, bob: Desk, file: Path) -> None:
    capture = await begun(alice, "capture", "--out", str(file), "--seconds", "300", "--json")
    await written(file.with_name(f".{file.name}.part"), 24)
    assert "somebody captures packets already" in await done(await begun(alice, "capture", "--out", "-"), 1)
    await put_through(alice, bob)
    await alice.press("5")
    await does(alice, lambda s: any(c.round_trip_ms is not None or c.codec for c in s.calls))
    await asyncio.sleep(2)
    capture.send_signal(signal.SIGINT)
    told = json.loads(await done(capture))

    assert told["dropped"] == 0
    assert file.stat().st_mode & 0o777 == 0o600
    packets = parse(file.read_bytes())
    assert told["packets"] == len(packets)
    both_ways_and_no_speech(packets)


def both_ways_and_no_speech(packets: list[Seen]) -> None:
    rtp = [p for p in packets if kind_of_datagram(p.head) == "rtp"]
    assert {kind_of_datagram(p.head) for p in packets} >= {"stun", "dtls", "rtp"}
    assert all(len(p.head) == 12 for p in rtp)
    assert max(p.size for p in rtp) > 40
    ours, theirs = rtp[0].source, rtp[0].target
    for there in ((ours, theirs), (theirs, ours)):
        assert any((p.source, p.target) == there for p in rtp)
    assert sorted(p.at for p in packets) == pytest.approx([p.at for p in packets], abs=0.5)


async def a_capture_ends_by_itself(alice: Desk, bob: Desk, file: Path) -> None:
    """By its time, and the call goes on."""
    told = await done(await begun(bob, "capture", "--out", str(file), "--seconds", "1"))
    assert "headers alone, no speech" in told
    assert parse(file.read_bytes())
    await does(alice, connected)


async def a_report_of_a_running_phone(alice: Desk, file: Path) -> None:
    told = json.loads(await done(await begun(alice, "report", "--out", str(file), "--json")))
    files = unpacked(file)
    assert told["missing"] == {}
    assert set(files) == {
        *("README.txt", "config.toml", "config-check.txt", "status.json", "log.txt", "calls.json", "calls.png"),
        "system.txt",
    }
    assert json.loads(files["status.json"])["registered"] is True
    (call,) = json.loads(files["calls.json"])
    assert (call["direction"], call["encrypted"], call["codec"], call["path"]) == ("out", True, "opus", "host-host")
    assert call["received"] > 0
    assert call["jitter_ms"] is not None
    assert "CONNECTED" in files["log.txt"]
    assert 'lock_code = "***"' in files["config.toml"]
    no_secrets(alice, files)


async def a_report_of_a_phone_that_is_down(alice: Desk, file: Path) -> None:
    alice.process.terminate()
    await alice.process.wait()
    told = await done(await begun(alice, "report", "--out", str(file)))
    assert "without status of the running phone: the phone is not running" in told
    files = unpacked(file)
    assert json.loads(files["calls.json"])[0]["codec"] == "opus"
    no_secrets(alice, files)


def no_secrets(alice: Desk, files: dict[str, str]) -> None:
    folder = alice.config.parent
    password = (folder / "password").read_text().strip()
    token = (folder / "state" / "panel-token").read_text().strip()
    everything = "\n".join(files.values())
    for secret in (password, token, CODE, COMMENT):
        assert secret not in everything
