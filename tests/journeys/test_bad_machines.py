"""Whatever is wrong under the phone or said at its shell, its user reads a plain sentence, and nothing else breaks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest
from journeys.edits import Place, swap
from journeys.shell import ended, media_pid, phone, unclean
from journeys.steps import connected, idle, put_through, talk_both_ways

from phone.demo.certificates import Authority
from phone.demo.prosody import PrivateProsody, free_ports
from phone.demo.stage import Desk, desk, registered

pytestmark = [pytest.mark.servers, pytest.mark.slow]

# --- the machine under the phone ----------------------------------------------------------------------------------


async def test_folders_that_cannot_be_written(tmp_path: Path) -> None:
    """The call log may be lost; without the control socket the phone does not start."""
    authority = Authority(tmp_path / "ca")
    (port,) = free_ports(1)
    (tmp_path / "file").write_text("")
    away = Place(port, authority.file)
    state = swap('state_dir = "state"', 'state_dir = "../file/state"')
    run = swap('run_dir = "run"', 'run_dir = "../file/run"')
    async with (
        desk(tmp_path / "a", "alice", "x1y2z3", away, state) as alice,
        desk(tmp_path / "b", "bob", "x1y2z3", away, run) as bob,
    ):
        assert await bob.process.wait() == 1
        assert "phone: cannot write in run_dir" in bob.log.read_text()
        assert await alice.until(lambda s: s.why.startswith("server away"), 10)
        assert "the phone goes on without" in alice.log.read_text()
        log = await phone("log", "--config", alice.config)
        assert (log.code, log.plain) == (0, True), log
        assert not unclean(alice)
        assert not unclean(bob)


async def test_a_start_that_fails_late_ends_in_order(tmp_path: Path) -> None:
    """All parts of the phone are there, but for the socket: what is closed again is not asked for anything more."""
    authority = Authority(tmp_path / "ca")
    (port,) = free_ports(1)
    (tmp_path / "a" / "run" / "control.sock").mkdir(parents=True)
    async with desk(tmp_path / "a", "alice", "x1y2z3", Place(port, authority.file)) as alice:
        assert await alice.process.wait() == 1
        assert "is in the way and is no socket: remove it" in alice.log.read_text()
        assert not unclean(alice)


async def test_a_full_disk_loses_the_entry_and_nothing_else(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: a file system of its own")
    small = tmp_path / "small"
    small.mkdir()
    mount = await asyncio.create_subprocess_exec("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small))
    if await mount.wait() != 0:
        pytest.skip("this machine mounts no tmpfs")
    edit = swap('state_dir = "state"', f'state_dir = "{small}"')
    try:
        async with (
            PrivateProsody(tmp_path / "prosody", {"alice": "x1y2z3", "bob": "x1y2z3"}) as server,
            desk(tmp_path / "alice", "alice", "x1y2z3", server, edit) as alice,
            desk(tmp_path / "bob", "bob", "x1y2z3", server) as bob,
        ):
            await asyncio.gather(registered(alice), registered(bob))
            await call_shortly(alice, bob)
            fill(small / "filler")
            await call_shortly(alice, bob)
            assert "the phone goes on without" in alice.log.read_text()
            (small / "filler").unlink()
            await call_shortly(alice, bob)
            assert [e.reason for e in await alice.calls()] == ["hang-up", "hang-up"]
            assert not unclean(alice)
    finally:
        await (await asyncio.create_subprocess_exec("umount", "-l", str(small))).wait()


async def call_shortly(caller: Desk, callee: Desk) -> None:
    """A call from lifting to idle, written into the log of both."""
    await put_through(caller, callee)
    await caller.hang_up()
    await callee.hang_up()
    for each in (caller, callee):
        assert await each.until(idle, 5)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        for piece in (65536, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(piece))


async def test_two_daemons_with_one_config(alice: Desk) -> None:
    told = await phone("run", "--config", alice.config, environment=alice.environment)
    assert (told.code, told.plain) == (1, True), told
    assert "a phone is running already" in told.err
    assert (await alice.status()).registered


# --- at the shell and on the control socket -------------------------------------------------------------------------


async def test_junk_on_the_control_socket(alice: Desk) -> None:
    junk = (b"\n", b"{}\n", b"\xff\xfe\n", b'{"do":"fly"}\n', b'{"do":"call","number":5}\n', b"[" * 4000 + b"\n")
    for line in (*junk, bytes(5000)):
        reader, writer = await asyncio.open_unix_connection(alice.control)
        writer.write(line)
        assert b'"ok":false' in await asyncio.wait_for(reader.readline(), 5), line
        writer.close()
    idlers = [await asyncio.open_unix_connection(alice.control) for _ in range(40)]
    for _, writer in idlers:
        writer.close()
    assert await alice.until(lambda s: s.registered, 5)
    assert not unclean(alice)


COMMANDS = (
    (("sim", "press", "HELD"), "Did you mean HOLD?"),
    (("sim", "press", "x" * 40), "not a request"),
    (("call", "a b@localhost"), "a b@localhost"),
    (("call", "+4930123456"), "no gateway"),
)


async def test_commands_that_cannot_be_done(alice: Desk) -> None:
    for command, words in COMMANDS:
        await alice.lift()
        told = await phone(*command, "--config", alice.config)
        assert (told.code, told.plain) == (1, True), (command, told)
        assert told.err.startswith("phone: "), told.err
        assert words in told.err, told.err
        await alice.hang_up()
        assert await alice.until(idle, 5)
    assert not await alice.calls()
    assert not unclean(alice)


async def test_calling_oneself_by_keys(tmp_path: Path) -> None:
    async with (
        PrivateProsody(tmp_path / "prosody", {"alice": "x1y2z3"}) as server,
        desk(tmp_path / "alice", "alice", "x1y2z3", server) as alice,
    ):
        await registered(alice)
        await alice.lift()
        await alice.dial(alice.number)
        busy = await alice.until(lambda s: s.tone == "busy", 5)
        assert busy, await alice.status()
        assert "is busy" in busy.screen
        assert not busy.ringer
        await alice.hang_up()
        assert await alice.until(idle, 5)


async def test_nobody_answers(tmp_path: Path) -> None:
    edit = swap('country = "de"', 'country = "de"\nno_answer_seconds = 5')
    async with (
        PrivateProsody(tmp_path / "prosody", {"alice": "x1y2z3", "bob": "x1y2z3"}) as server,
        desk(tmp_path / "alice", "alice", "x1y2z3", server, edit) as alice,
        desk(tmp_path / "bob", "bob", "x1y2z3", server) as bob,
    ):
        await asyncio.gather(registered(alice), registered(bob))
        await alice.lift()
        await alice.dial(bob.number)
        assert await bob.until(lambda s: s.ringer, 5)
        unanswered = await alice.until(lambda s: s.tone in {"busy", "reorder"}, 10)
        assert unanswered
        assert "does not answer" in unanswered.screen
        assert await bob.until(idle, 5)
        assert any("missed" in line for line in (await bob.status()).screen)
        assert [e.reason for e in await alice.calls()] == ["no answer"]


# --- processes ------------------------------------------------------------------------------------------------------


async def test_a_media_process_that_hangs_is_replaced(alice: Desk, bob: Desk) -> None:
    await put_through(alice, bob)
    old = media_pid(alice)
    os.kill(old, signal.SIGSTOP)
    assert await alice.until(lambda s: s.tone == "reorder", 30), "the watchdog sleeps"
    assert ended(old)
    assert await bob.until(lambda s: not connected(s), 5), "the far end was not told"
    await alice.hang_up()
    await bob.hang_up()
    await put_through(bob, alice)
    await talk_both_ways(bob, alice)


async def test_the_media_process_does_not_outlive_a_killed_daemon(alice: Desk, bob: Desk) -> None:
    await put_through(alice, bob)
    orphan = media_pid(alice)
    alice.process.kill()
    await alice.process.wait()
    async with asyncio.timeout(5):
        while not ended(orphan):
            await asyncio.sleep(0.02)
    played = alice.handset.stats(capture=False).frames
    await asyncio.sleep(0.2)
    assert alice.handset.stats(capture=False).frames == played, "somebody still plays"
    await alice.start_again()
    await registered(alice)
    await alice.lift()
    assert await alice.until(lambda s: s.tone == "dial" and not s.audio_troubles, 5)
