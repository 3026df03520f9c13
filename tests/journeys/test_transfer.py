"""Transfer from phone to phone by XEP-0251, and what each of the three sees, hears and logs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from journeys.passing_on import (
    all_hang_up,
    ask_to_pass_on,
    consult,
    desks,
    hear_each_other,
    sees,
    shows,
    talks_with,
    until_they_hear,
)
from journeys.steps import idle

from phone.control import LogEntry
from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow]

SOON = 8.0
"""Seconds for what takes 0.3 on a machine with nothing else to do."""


async def test_to_a_number_to_one_who_rings_and_to_one_who_was_asked_first(tmp_path: Path) -> None:
    """Let go of by hanging up and by TRANSFER."""
    async with desks(tmp_path, "alice", "bob", "carol") as made:
        alice, bob, carol = made.values()

        await ask_to_pass_on(alice, bob)
        await bob.dial(carol.number)
        await bob.hang_up()
        await carol_answers(alice, bob, carol)
        await all_hang_up(alice, carol)
        await each_tells_of_it(alice, bob, carol)

        await ask_to_pass_on(alice, bob)
        await bob.dial(carol.number)
        await sees(carol, lambda s: s.ringer)
        await sees(bob, lambda s: s.tone == "ringback")
        await bob.press("TRANSFER")
        await carol_answers(alice, bob, carol)
        await bob.hang_up()
        await all_hang_up(alice, carol)

        for let_go in (bob.hang_up, lambda: bob.press("TRANSFER")):
            await ask_to_pass_on(alice, bob)
            await consult(bob, carol)
            await hear_each_other(bob, carol, alice)
            took = await until_they_hear(alice, carol, let_go)
            print(f"from letting go to hearing each other: {took * 1000:.0f} ms")
            assert took < SOON
            await sees(carol, lambda s: talks_with("alice")(s) and shows("Alice")(s) and shows("via Bob")(s))
            await sees(alice, lambda s: talks_with("carol")(s) and shows("via Bob")(s))
            await hear_each_other(alice, carol, bob)
            await sees(bob, lambda s: not any(c.progress != "ended" for c in s.calls))
            await all_hang_up(bob, carol, alice)
        assert "transferred" in {e.reason for e in await bob.calls()}


async def carol_answers(alice: Desk, bob: Desk, carol: Desk) -> None:
    """She sees who it is and by whose leave, lifts, and talks with alice; bob is out of it."""
    await sees(carol, lambda s: s.ringer and shows("Alice")(s) and shows("via Bob")(s) and shows("not verified")(s))
    await sees(alice, lambda s: s.tone == "ringback")
    await carol.lift()
    await sees(carol, talks_with("alice"))
    await sees(alice, talks_with("carol"))
    await sees(bob, lambda s: not any(c.progress != "ended" for c in s.calls))
    await hear_each_other(alice, carol, bob)


async def each_tells_of_it(alice: Desk, bob: Desk, carol: Desk) -> None:
    """`phone log`, newest first."""
    (new, old), (given,), (got,) = [await answered(each, count) for each, count in ((alice, 2), (bob, 1), (carol, 1))]
    assert (new.name, new.via, new.direction) == ("Carol", "Bob", "out")
    assert (old.name, old.reason, old.direction) == ("Bob", "transferred", "out")
    assert (given.name, given.reason) == ("Alice", "transferred")
    assert (got.name, got.via, got.direction) == ("Alice", "Bob", "in")


async def answered(desk: Desk, count: int) -> list[LogEntry]:
    """The log's entries of calls that were answered, once so many are written."""
    for _ in range(100):
        if len(entries := [e for e in await desk.calls() if e.seconds is not None]) >= count:
            break
        await asyncio.sleep(0.1)
    return entries


async def test_who_is_to_be_transferred_says_yes_or_no(tmp_path: Path) -> None:
    async with desks(tmp_path, "alice", "bob", "carol", extra={"alice": ""}) as made:
        alice, bob, carol = made.values()
        for answer in ("BACK", "OK"):
            await ask_to_pass_on(alice, bob)
            await bob.dial(carol.number)
            await bob.hang_up()
            await sees(alice, lambda s: shows("Connect to?")(s) and shows("Carol")(s) and shows("Bob asks")(s))
            await sees(carol, idle)
            await alice.press(answer)
            if answer == "OK":
                await carol_answers(alice, bob, carol)
            else:
                await sees(bob, lambda s: s.ringer and bool(s.recall))
                await bob.lift()
                await sees(alice, talks_with("bob"))
                await hear_each_other(alice, bob, carol)
            await all_hang_up(alice, bob, carol)
        assert await carol.until(idle, 5)


async def test_back_returns_to_the_caller_and_a_chain_has_an_end(tmp_path: Path) -> None:
    async with desks(tmp_path, "alice", "bob", "carol", "dave") as made:
        alice, bob, carol, dave = made.values()

        await ask_to_pass_on(alice, bob)
        await consult(bob, carol)
        await bob.press("BACK")
        await sees(bob, talks_with("alice"))
        await sees(alice, lambda s: not s.calls[0].held)
        await sees(carol, lambda s: s.tone == "busy")
        await hear_each_other(alice, bob, carol)
        await carol.hang_up()

        await bob.press("TRANSFER")
        await consult(bob, carol)
        await bob.hang_up()
        await sees(alice, talks_with("carol"))
        await sees(carol, talks_with("alice"))
        await carol.press("TRANSFER")
        await sees(carol, lambda s: s.tone == "dial")
        await consult(carol, dave)
        await carol.hang_up()
        await sees(alice, lambda s: talks_with("dave")(s) and shows("via Carol")(s))
        await sees(dave, lambda s: talks_with("alice")(s) and shows("via Carol")(s))
        await hear_each_other(alice, dave, bob, carol)

        await dave.press("TRANSFER")
        await sees(dave, lambda s: s.tone == "dial")
        await dave.dial(bob.number)
        await dave.hang_up()
        await sees(bob, lambda s: s.ringer)
        await bob.lift()
        await hear_each_other(alice, bob, dave, carol)  # back where she began is everyday work

        await bob.press("TRANSFER")
        await sees(bob, lambda s: s.tone == "dial")
        await bob.dial(carol.number)
        await bob.hang_up()
        await sees(bob, lambda s: s.ringer and bool(s.recall))  # but she runs in no circle
        await bob.lift()
        await hear_each_other(alice, bob, dave, carol)
        await all_hang_up(alice, bob)
