"""Whatever is wrong around the phone, its user reads a plain sentence about it, and nothing else breaks."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from journeys.shell import ended, media_pid, phone, unclean
from journeys.steps import connected, idle, put_through, talk_both_ways

from phone.demo.certificates import Authority, KeyPair
from phone.demo.prosody import PrivateProsody, free_ports
from phone.demo.stage import Desk, Stage, desk, registered
from phone.drivers.vcard import Card

pytestmark = [pytest.mark.servers, pytest.mark.slow]

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Place:
    """A server as the config names it; it need not be there."""

    port: int
    ca_file: Path
    domain: str = "localhost"


def swap(old: str, new: str) -> Callable[[str], str]:
    """An edit of the config's text that must find what it changes."""

    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return edit


# --- the account and its server -------------------------------------------------------------------------------


async def no_service(phone_: Desk, kind: str, *words: str) -> None:
    """`phone status` says why, the display says it short, the ear hears it, and no call goes out."""
    status = await phone_.until(lambda s: s.why.startswith(kind), 20)
    assert status, (await phone_.status()).why
    assert not status.registered
    assert all(word in status.why for word in words), status.why
    shown = await phone("status", "--config", phone_.config)
    assert f"not registered: {status.why}" in shown.out
    await phone_.lift()
    lifted = await phone_.until(lambda s: s.tone is not None, 5)
    assert lifted
    assert lifted.tone not in {"dial", None}, "a dial tone would promise service"
    assert any("No service" in line for line in lifted.screen), lifted.screen
    command = await phone("call", "201", "--config", phone_.config)
    assert (command.code, command.plain) == (1, True), command
    assert "201 cannot be called" in command.err, command.err
    await phone_.hang_up()
    await phone_.lift()
    await phone_.dial("201")
    refused = await phone_.until(lambda s: s.tone == "reorder", 5)
    assert refused, await phone_.status()
    assert not refused.calls
    await phone_.hang_up()
    assert await phone_.until(idle, 5)
    assert not unclean(phone_)


async def test_wrong_password(tmp_path: Path) -> None:
    async with (
        PrivateProsody(tmp_path / "prosody", {"alice": "the right one"}) as server,
        desk(tmp_path / "alice", "alice", "the wrong one", server) as alice,
    ):
        await no_service(alice, "bad password", "refuses the password")


async def test_unknown_host_and_refused_connection(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    (port,) = free_ports(1)
    there = Place(port, authority.file)
    async with (
        desk(tmp_path / "a", "alice", "x1y2z3", there, swap('"127.0.0.1:', '"phone.invalid:')) as lost,
        desk(tmp_path / "b", "bob", "x1y2z3", there) as refused,
    ):
        # a machine without any route says so rather than blame the name
        name = await lost.until(lambda s: s.why.startswith(("unknown server", "no network")), 20)
        assert name
        await no_service(refused, "server away", "127.0.0.1")
        await no_service(lost, name.why.partition(":")[0])


def _expired(authority: Authority) -> KeyPair:
    return authority.issue("localhost", not_before=NOW - 3 * DAY, not_after=NOW - DAY)


def _of_tomorrow(authority: Authority) -> KeyPair:
    return authority.issue("localhost", not_before=NOW + DAY, not_after=NOW + 3 * DAY)


def _of_another(authority: Authority) -> KeyPair:
    return authority.issue("other.example")


CERTIFICATES: dict[str, tuple[Callable[[Authority], KeyPair], str, str]] = {
    "expired": (_expired, "bad certificate", "has expired"),
    "of tomorrow": (_of_tomorrow, "wrong time", "clock says"),
    "of another": (_of_another, "bad certificate", "is not for localhost"),
}


async def test_certificates_that_do_not_hold(tmp_path: Path) -> None:
    """Three servers and a foreign authority, each with a phone of its own."""
    stranger = Authority(tmp_path / "stranger")
    async with AsyncExitStack() as stack:
        phones = {}
        for case, (issue, _, _) in CERTIFICATES.items():
            folder = tmp_path / case.replace(" ", "-")
            authority = Authority(folder / "ca")
            server = PrivateProsody(folder / "prosody", {"alice": "x1y2z3"}, certificate=issue(authority))
            await stack.enter_async_context(server)
            place = Place(server.port, authority.file)
            phones[case] = await stack.enter_async_context(desk(folder, "alice", "x1y2z3", place))
        place = Place(server.port, stranger.file)
        foreign = await stack.enter_async_context(desk(tmp_path / "foreign", "alice", "x1y2z3", place))
        for case, (_, kind, words) in CERTIFICATES.items():
            await no_service(phones[case], kind, words)
        await no_service(foreign, "bad certificate", "not signed by anyone known")


async def test_a_clock_of_1970(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a Pi starts whose time has not been set, and is set later: the phone then registers by itself."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        pytest.skip("needs Debian's package faketime")
    clock = tmp_path / "clock"
    clock.write_text("@1970-01-01 00:02:00\n")
    async with PrivateProsody(tmp_path / "prosody", {"alice": "x1y2z3"}) as server:
        monkeypatch.setenv("LD_PRELOAD", str(library))
        monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(clock))
        monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        monkeypatch.setenv("FAKETIME_NO_CACHE", "1")
        async with desk(tmp_path / "alice", "alice", "x1y2z3", server) as alice:
            monkeypatch.delenv("LD_PRELOAD")
            await no_service(alice, "wrong time", "1970-01-01")
            assert any("clock" in line for line in (await alice.status()).screen)
            clock.write_text("+0\n")
            await registered(alice)


# --- the config file --------------------------------------------------------------------------------------------

WRONG = """\
contry = "de"
ring_seconds = 1

[account]
jid = "anna"
password = 918273645

[dial]
digitmap = "20x"

[audio.handset]
capture = "hw:0"
playback = "default"

[hardware]
profile = "smi"
"""
FAULTS = (
    (1, "contry", 'did you mean "country"?'),
    (2, "ring_seconds", "from 5 to 600"),
    (5, "account.jid", "like anna@example.org"),
    (6, "account.password", "a text in quotes"),
    (9, "dial.digitmap", 'did you mean "digit_map"?'),
    (12, "audio.handset.capture", "hw:CARD="),
    (16, "hardware.profile", 'did you mean "sim"?'),
)


async def test_a_config_full_of_mistakes_is_told_all_at_once(tmp_path: Path) -> None:
    config = tmp_path / "phone.toml"
    config.write_text(WRONG)
    told = await phone("run", "--config", config)
    lines = told.err.splitlines()
    assert (told.code, told.plain, len(lines)) == (1, True, len(FAULTS)), told
    for said, (line, key, words) in zip(lines, FAULTS, strict=True):
        assert said.startswith(f"phone: {config}:{line}: {key}: "), said
        assert words in said, said
    assert "918273645" not in told.out + told.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'country = "de"\n[account\n', "phone.toml:2: not TOML"),
        (b'country = "de"\nlanguage = "\xff"\n', "phone.toml:2: not UTF-8"),
        (b"", "account: is missing"),
        (None, "no such file"),
    ],
    ids=["not TOML", "not UTF-8", "empty", "not there"],
)
async def test_a_file_that_is_no_config(tmp_path: Path, content: bytes | None, words: str) -> None:
    config = tmp_path / "phone.toml"
    if content is not None:
        config.write_bytes(content)
    told = await phone("run", "--config", config)
    assert (told.code, told.plain) == (1, True), told
    assert words in told.err


# --- sound cards ------------------------------------------------------------------------------------------------


async def test_cards_that_are_not_there(tmp_path: Path) -> None:
    """Neither handset nor bell: the phone says so before anybody lifts, registers, and rings in silence."""

    def edit(text: str) -> str:
        return swap('playback = "alice_bell"', 'playback = "no_bell"')(swap('"alice_ear"', '"no_ear"')(text))

    async with (
        PrivateProsody(tmp_path / "prosody", {"alice": "x1y2z3", "bob": "x1y2z3"}) as server,
        desk(tmp_path / "alice", "alice", "x1y2z3", server, edit) as alice,
        desk(tmp_path / "bob", "bob", "x1y2z3", server) as bob,
    ):
        await asyncio.gather(registered(alice), registered(bob))
        both = await alice.until(lambda s: len(s.audio_troubles) == 2, 5)
        assert both, (await alice.status()).audio_troubles
        assert "'no_ear' is not there" in both.audio_troubles[0]
        assert "'no_bell' is not there" in both.audio_troubles[1]
        shown = (await phone("status", "--config", alice.config)).out
        assert all(sentence in shown for sentence in both.audio_troubles)
        await put_through(bob, alice)
        await bob.hang_up()
        assert await alice.until(lambda s: s.tone == "busy", 5)
        assert not unclean(alice)


async def test_a_card_without_48_khz(tmp_path: Path) -> None:
    def edit(text: str) -> str:
        made.append(Card(tmp_path / "alice" / "alice_ear", ring=True, rates=(16_000, 8_000)))
        return swap('[audio.ringer]\nplayback = "alice_bell"\n', "")(text)

    made: list[Card] = []
    async with (
        PrivateProsody(tmp_path / "prosody", {"alice": "x1y2z3"}) as server,
        desk(tmp_path / "alice", "alice", "x1y2z3", server, edit) as alice,
    ):
        status = await alice.until(lambda s: bool(s.audio_troubles), 5)
        assert status
        (trouble,) = status.audio_troubles
        assert "'alice_ear' gives 16000 Hz" in trouble
        assert '"plug:" before its name' in trouble
        await registered(alice)
        assert not unclean(alice)
    made[0].close()


async def test_a_card_that_is_busy_is_taken_when_it_is_free(scene: Stage, alice: Desk, bob: Desk) -> None:
    alice.handset.occupy()
    await put_through(alice, bob)
    status = await alice.until(lambda s: bool(s.audio_troubles), 5)
    assert status
    assert "another program" in status.audio_troubles[0]
    alice.handset.free()
    assert await alice.until(lambda s: not s.audio_troubles, 5)
    await talk_both_ways(alice, bob)
    assert connected(await alice.status())


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
