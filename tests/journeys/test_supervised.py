"""systemd as the phone's keeper: when it is told that the phone is ready, and when its watchdog gets nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from journeys.edits import Place, swap
from journeys.shell import ended, media_pid
from rig.supervisor import Supervisor

from phone.control import Reload, ask
from phone.demo.certificates import Authority
from phone.demo.prosody import free_ports
from phone.demo.stage import Desk, desk

pytestmark = [pytest.mark.servers, pytest.mark.slow]

WATCHDOG = 1.0
"""Seconds; fed four times in each."""


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """Of all daemons that the test starts."""
    with Supervisor(tmp_path / "notify", WATCHDOG) as systemd:
        for name, value in systemd.environment.items():
            monkeypatch.setenv(name, value)
        yield systemd


def without_card(config: str) -> str:
    return swap('capture = "alice_ear"\nplayback = "alice_ear"', 'capture = "nowhere"\nplayback = "nowhere"')(config)


@asynccontextmanager
async def alone(folder: Path, edit=str):
    """alice's phone, without any server."""
    (port,) = free_ports(1)
    async with desk(folder / "alice", "alice", "x1y2z3", Place(port, Authority(folder / "ca").file), edit) as alice:
        yield alice


async def fed(systemd: Supervisor, times: int = 4) -> bool:
    """That often more, from now on."""
    before = len(systemd.values("WATCHDOG"))
    return await systemd.until(lambda s: len(s.values("WATCHDOG")) >= before + times, 30)


async def test_ready_before_any_network_and_fed_without_a_card(tmp_path: Path, systemd: Supervisor) -> None:
    async with alone(tmp_path, without_card) as alice:
        assert await systemd.until(lambda s: s.last("READY"), 30)
        assert not (await alice.status()).registered
        await alice.lift()
        assert (await alice.status()).tone == "no-service"
        assert await systemd.until(lambda s: "server away" in s.last("STATUS").value, 30)
        assert await systemd.until(lambda s: "nowhere" in s.last("STATUS").value, 30)
        assert await fed(systemd, 12), "no card is no reason to start the phone anew"
        process = alice.process
    assert await process.wait() == 0
    assert systemd.values("STOPPING") == ["1"]
    assert systemd.read()[-1].name == "STOPPING", "a phone that ends is not fed"


async def test_a_daemon_that_begins_anew_is_given_time_for_it(tmp_path: Path, systemd: Supervisor) -> None:
    async with alone(tmp_path) as alice:
        assert await systemd.until(lambda s: s.last("READY"), 30)
        process = alice.process.pid
        await asyncio.to_thread(ask, alice.control, Reload(now=True))
        assert await systemd.until(lambda s: len(s.values("READY")) == 2, 30)
        assert systemd.values("WATCHDOG_USEC") == ["1000000", "90000000", "1000000"]
        assert not systemd.values("STOPPING"), "for systemd it is the same service"
        assert await fed(systemd)
        assert (alice.process.pid, alice.process.returncode) == (process, None)


async def test_a_daemon_that_hangs_is_not_fed(tmp_path: Path, systemd: Supervisor) -> None:
    async with alone(tmp_path) as alice:
        assert await systemd.until(lambda s: s.last("READY"), 30)
        assert await fed(systemd)
        os.kill(alice.process.pid, signal.SIGSTOP)
        while not stopped(alice):
            await asyncio.sleep(0.01)
        before = len(systemd.values("WATCHDOG"))
        await asyncio.sleep(2 * WATCHDOG)
        assert len(systemd.values("WATCHDOG")) == before
        os.kill(alice.process.pid, signal.SIGCONT)
        assert await fed(systemd)


def stopped(phone: Desk) -> bool:
    return Path(f"/proc/{phone.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


async def test_a_sound_process_that_hangs_ends_the_feeding_until_it_is_replaced(
    tmp_path: Path, systemd: Supervisor
) -> None:
    """Its silence is a complaint for two seconds before the host ends it: seen at the latest at the third time."""
    async with alone(tmp_path) as alice:
        assert await systemd.until(lambda s: s.last("READY"), 30)
        for _ in range(3):
            assert await fed(systemd)
            await hung_and_replaced(alice, systemd)
            if "the sound process does not answer" in systemd.values("STATUS"):
                break
        assert await fed(systemd), "the new one works"
        complained = next(told for told in systemd.read() if "does not answer" in told.value)
        feeding = [told.at for told in systemd.read() if told.name == "WATCHDOG"]
        assert max(after - before for before, after in pairwise(feeding)) > WATCHDOG
        assert systemd.last("STATUS").at > complained.at
        assert "server away" in systemd.last("STATUS").value


async def hung_and_replaced(phone: Desk, systemd: Supervisor) -> None:
    old = media_pid(phone)
    os.kill(old, signal.SIGSTOP)
    async with asyncio.timeout(40):
        while not ended(old) or not has_media(phone):
            systemd.read()  # each message at its time
            await asyncio.sleep(0.02)


def has_media(phone: Desk) -> bool:
    try:
        return bool(media_pid(phone))
    except (StopIteration, OSError):
        return False
