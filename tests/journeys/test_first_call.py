"""The user's manual, page one: lift, dial, talk, hang up; each page is a test."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from journeys.steps import connected, idle, put_through, talk_both_ways

from phone.demo import tour
from phone.demo.stage import Desk, Stage

pytestmark = [pytest.mark.servers, pytest.mark.slow]


async def test_the_tour_holds_in_every_step(scene: Stage, tmp_path: Path) -> None:
    record = tour.new_record(tmp_path / "tour", lambda _: None)
    await tour.play(scene, record)
    assert record.ok, [step for step in record.steps if not step.ok]
    assert {"alice-hears-bob.wav", "bob-hears-alice.wav"} <= {f.name for f in record.folder.glob("*.wav")}
    assert all((record.folder / name).stat().st_size > 100 for name in record.pictures)


async def test_typed_on_hook_then_lifted(alice: Desk, bob: Desk) -> None:
    await alice.dial(bob.number)
    assert not (await alice.status()).calls
    await alice.lift()
    assert await bob.until(lambda s: s.ringer, 5)
    await bob.lift()
    assert await alice.until(connected, 5)
    await talk_both_ways(alice, bob)


async def test_called_by_command_and_hung_up_by_command(alice: Desk, bob: Desk) -> None:
    await alice.lift()
    await alice.call(bob.number)
    assert await bob.until(lambda s: s.ringer, 5)
    await bob.lift()
    assert await alice.until(connected, 5)
    await alice.hang_up_by_command()
    assert await bob.until(lambda s: s.tone == "busy", 5)


async def test_refused_with_back(alice: Desk, bob: Desk) -> None:
    await alice.lift()
    await alice.dial(bob.number)
    assert await bob.until(lambda s: s.ringer, 5)
    await bob.press("BACK")
    assert await alice.until(lambda s: s.tone == "busy", 5)
    assert await bob.until(idle, 5)


async def test_the_caller_gives_up(alice: Desk, bob: Desk) -> None:
    await alice.lift()
    await alice.dial(bob.number)
    assert await bob.until(lambda s: s.ringer, 5)
    await alice.hang_up()
    assert await bob.until(lambda s: not s.ringer, 5)
    log = await bob.calls()
    assert [(e.direction, e.reason, e.seconds) for e in log] == [("in", "cancelled", None)]


async def test_ten_calls_in_a_row_leave_nothing_behind(alice: Desk, bob: Desk) -> None:
    for _ in range(10):
        await put_through(alice, bob)
        await asyncio.sleep(0.3)
        await bob.hang_up()
        await alice.hang_up()
        assert await alice.until(idle, 5)
        assert await bob.until(idle, 5)
    assert len(await alice.calls()) == 10
