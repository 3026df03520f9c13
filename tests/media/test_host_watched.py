"""What a watchdog asks the host of the sound process: is there one that answers, and since when not?"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from phone.media.host import MediaHost
from phone.media.plan import Alive, Device, Report, Setup

SETUP = Setup(Device(), Device())


async def test_it_is_starting_until_its_first_word_which_comes_at_once() -> None:
    reports: list[Report] = []
    host = MediaHost(reports.append, lambda: None)
    try:
        await host.start(SETUP)
        assert host.starting
        assert await host.ready(30)
        assert not host.starting
        assert reports[0] == Alive(0, 0)
        assert host.silent_for(time.monotonic() + 7) >= 7
        assert host.silent_for(0.0) == 0.0
    finally:
        await host.close()


async def test_one_that_cannot_start_is_not_waited_for_for_ever(monkeypatch) -> None:
    host = MediaHost(lambda _: None, lambda: None)
    python = sys.executable
    monkeypatch.setattr(sys, "executable", "/bin/true")
    try:
        await host.start(SETUP)
        assert not await host.ready(0.5)
        assert host.starting
        monkeypatch.setattr(sys, "executable", python)
        assert await host.ready(30), "tried again by itself"
    finally:
        await host.close()


async def test_after_a_death_it_is_starting_again_and_the_silence_counts_on() -> None:
    restarted = asyncio.Event()
    host = MediaHost(lambda _: None, restarted.set)
    try:
        await host.start(SETUP)
        assert await host.ready(30)
        before = time.monotonic()
        os.kill(host.pid, signal.SIGKILL)
        await asyncio.wait_for(restarted.wait(), 30)
        assert host.starting
        assert host.silent_for(time.monotonic()) > 0
        async with asyncio.timeout(30):
            while host.starting:
                await asyncio.sleep(0.01)
        assert host.silent_for(time.monotonic()) <= time.monotonic() - before
    finally:
        await host.close()


async def test_systemds_questions_are_not_its_own(monkeypatch) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.setenv(name, "1")
    host = MediaHost(lambda _: None, lambda: None)
    try:
        await host.start(SETUP)
        assert await host.ready(30)
        environment = Path(f"/proc/{host.pid}/environ").read_bytes()
        assert b"NOTIFY_SOCKET" not in environment
        assert b"WATCHDOG" not in environment
        assert b"PYTHONPATH" in environment
    finally:
        await host.close()


async def test_without_a_setup_it_waits_and_can_be_given_up() -> None:
    reports: list[Report] = []
    host = MediaHost(reports.append, lambda: None)
    try:
        await host.start()
        assert not await host.ready(1)
        assert (reports, host.starting) == ([], True)
        host.set_up(SETUP)
        assert await host.ready(30)
        await host.close()
        await host.start()
    finally:
        await host.close()
    assert host.pid is None


async def test_what_calls_need_is_there_before_the_first_of_them() -> None:
    """It is imported once nothing else is to be done, so that no call waits for it."""
    host = MediaHost(lambda _: None, lambda: None)
    try:
        await host.start(SETUP)
        assert await host.ready(30)
        maps = Path(f"/proc/{host.pid}/maps")
        assert "libopus" not in maps.read_text()
        async with asyncio.timeout(60):
            while "libopus" not in maps.read_text():
                await asyncio.sleep(0.05)
    finally:
        await host.close()
