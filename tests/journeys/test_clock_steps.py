"""The wall clock steps by a year while two phones talk: nobody notices."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from journeys.shell import unclean
from journeys.steps import connected, idle, put_through, understood

from phone.demo.prosody import PrivateProsody
from phone.demo.stage import desk, registered

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@pytest.fixture
def wall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is written here is the wall clock's time for all processes that are started from now on."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        pytest.skip("needs Debian's package faketime")
    file = tmp_path / "wall"
    file.write_text("+0\n")
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(file))
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    monkeypatch.setenv("FAKETIME_NO_CACHE", "1")
    return file


async def test_a_year_to_and_fro_in_a_call(tmp_path: Path, wall: Path) -> None:
    async with (
        PrivateProsody(tmp_path / "prosody", {"alice": "x1y2z3", "bob": "x1y2z3"}) as server,
        desk(tmp_path / "alice", "alice", "x1y2z3", server) as alice,
        desk(tmp_path / "bob", "bob", "x1y2z3", server) as bob,
    ):
        await asyncio.gather(registered(alice), registered(bob))
        await put_through(alice, bob)
        for step, mouth, ear in (("+365d", alice, bob), ("-365d", bob, alice)):
            wall.write_text(f"{step}\n")
            await understood(mouth, ear, "How do you do?")
            for each in (alice, bob):
                status = await each.status()
                assert connected(status)
                assert status.registered
                assert 0 < status.calls[0].seconds < 100
                assert 0 < status.uptime_seconds < 200
        await alice.hang_up()
        await bob.hang_up()
        for each in (alice, bob):
            assert await each.until(idle, 10)
            (entry,) = await each.calls()
            assert 0 < entry.seconds < 100
            assert not unclean(each)
