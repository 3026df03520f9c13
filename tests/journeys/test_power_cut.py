"""One of three phones loses its power in the middle of a transfer: nobody is left with silence for more than 15 s."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from journeys.listening import handsets, hears
from journeys.passing_on import ask_to_pass_on, consult, desks, lose_power, over, sees, talks_with
from journeys.steps import idle

from phone.control import StatusReply
from phone.demo.stage import Desk, registered

pytestmark = [pytest.mark.servers, pytest.mark.slow]

PATIENCE = 40.0
"""Seconds: 15, and what a machine with too much to do adds."""


def free(status: StatusReply) -> bool:
    """Told by a tone that it is over, or no longer in any call."""
    return over(status) or not status.calls


async def freed(*desks: Desk) -> float:
    """Seconds until all of them are."""
    began = time.monotonic()
    await asyncio.gather(*(sees(each, free, PATIENCE) for each in desks))
    return time.monotonic() - began


async def again(dead: Desk, *others: Desk) -> None:
    """The power is back, and everybody at rest."""
    await dead.process.wait()
    for each in others:
        await each.hang_up()
    await dead.start_again()
    await registered(dead)
    for each in (dead, *others):
        await sees(each, idle, 30)


@pytest.mark.timeout(300)
async def test_who_passes_a_caller_on_loses_power(tmp_path: Path) -> None:
    async with desks(tmp_path, "alice", "bob", "carol") as made:
        alice, bob, carol = made.values()

        await ask_to_pass_on(alice, bob)
        await bob.dial("20")
        lose_power(bob)
        report("caller held", await freed(alice))
        await again(bob, alice, carol)

        await ask_to_pass_on(alice, bob)
        await consult(bob, carol)
        lose_power(bob)
        report("consulting, talking", await freed(alice, carol))
        await again(bob, alice, carol)

        await ask_to_pass_on(alice, bob)
        await bob.dial(carol.number)
        await bob.hang_up()
        await sees(alice, lambda s: any(c.via for c in s.calls))
        lose_power(bob)
        await sees(carol, lambda s: s.ringer)
        await asyncio.sleep(17)  # the call that bob was in ends meanwhile
        await carol.lift()
        await sees(alice, talks_with("carol"), 30)
        await hears("alice>carol carol>alice", handsets(alice, carol))
        await again(bob, alice, carol)

        await ask_to_pass_on(alice, bob)
        await consult(bob, carol)
        await bob.hang_up()
        await sees(alice, lambda s: any(c.via for c in s.calls))
        lose_power(bob)
        await sees(alice, talks_with("carol"), 30)
        await sees(carol, talks_with("alice"), 30)
        await hears("alice>carol carol>alice", handsets(alice, carol))
        await again(bob, alice, carol)


def report(what: str, seconds: float) -> None:
    print(f"{what}: {seconds:.1f} s")


@pytest.mark.timeout(300)
async def test_a_bridge_and_its_ends_lose_power(tmp_path: Path) -> None:
    async with desks(tmp_path, "alice", "bob", "carol", plain={"alice"}) as made:
        alice, bob, carol = made.values()
        for dead, left in ((bob, (alice, carol)), (alice, (carol,))):
            await ask_to_pass_on(alice, bob)
            await consult(bob, carol)
            await bob.hang_up()
            await hears("alice>carol carol>alice", handsets(alice, bob, carol))
            lose_power(dead)
            report(f"bridge, {dead.name} dies", await freed(*left))
            if dead is not bob:
                await sees(bob, idle, PATIENCE)
            await again(dead, *left, bob) if dead is not bob else await again(dead, *left)
