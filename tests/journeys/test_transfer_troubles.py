"""Transfers that come to nothing bring the caller back, and say so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from journeys.listening import handsets, hears
from journeys.passing_on import (
    ALLOW,
    all_hang_up,
    ask_to_pass_on,
    consult,
    desks,
    hear_each_other,
    sees,
    shows,
    talks_with,
)
from journeys.steps import idle

from phone.control import Dnd, ask
from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow]

GATEWAY = "gateway.invalid"


async def caller_is_back(alice: Desk, bob: Desk, to: str) -> None:
    """bob's phone rings and says why; he lifts, and they talk again."""
    await sees(bob, lambda s: s.ringer and bool(s.recall) and shows("not transferred")(s), 30)
    assert shows("Alice")(await bob.status())
    await bob.lift()
    await sees(bob, talks_with("alice"))
    await sees(alice, lambda s: talks_with("bob")(s) and not s.calls[0].held)
    await hear_each_other(alice, bob)
    await all_hang_up(bob, alice)
    assert to in {e.name for e in (*await alice.calls(), *await bob.calls())}


@pytest.mark.parametrize("plain", ["", "alice"], ids=["by XEP-0251", "bridged"])
async def test_the_caller_comes_back(tmp_path: Path, plain: str) -> None:
    """The third party is busy, refuses, or does not exist."""
    busy = {"carol": ALLOW + "\n[voicemail]\ndnd = false\n"}
    async with desks(tmp_path, "alice", "bob", "carol", plain=plain.split(), extra=busy) as made:
        alice, bob, carol = made.values()

        await ask_to_pass_on(alice, bob)
        await asyncio.to_thread(ask, carol.control, Dnd(on=True))
        await bob.dial(carol.number)
        await bob.hang_up()
        await caller_is_back(alice, bob, "Carol")
        assert not (await carol.status()).ringer
        await asyncio.to_thread(ask, carol.control, Dnd(on=False))

        await ask_to_pass_on(alice, bob)
        await bob.dial(carol.number)
        await sees(carol, lambda s: s.ringer)
        await bob.hang_up()
        if not plain:
            await sees(carol, lambda s: s.ringer and shows("via Bob")(s))
        await carol.press("BACK")
        await caller_is_back(alice, bob, "Carol")

        await ask_to_pass_on(alice, bob)
        await bob.dial("209")  # no number that anybody has
        await bob.hang_up()
        await caller_is_back(alice, bob, "209")
        assert await carol.until(idle, 5)


async def test_a_caller_is_never_sent_through_a_gateway(tmp_path: Path) -> None:
    """That would be at the caller's cost."""
    async with desks(tmp_path, "alice", "bob") as made:
        alice, bob = made.values()
        await ask_to_pass_on(alice, bob)
        await bob.call(f"+49900123@{GATEWAY}")
        await bob.hang_up()
        await caller_is_back(alice, bob, f"+49900123@{GATEWAY}")


async def test_a_second_transfer_while_the_first_one_runs(tmp_path: Path) -> None:
    """carol's phone rings for alice; meanwhile bob takes dave's call and passes him on to carol as well."""
    async with desks(tmp_path, "alice", "bob", "carol", "dave") as made:
        alice, bob, carol, dave = made.values()
        await ask_to_pass_on(alice, bob)
        await bob.dial(carol.number)
        await bob.hang_up()
        await sees(carol, lambda s: s.ringer and shows("via Bob")(s))
        await ask_to_pass_on(dave, bob)
        await bob.dial(carol.number)
        await bob.hang_up()
        await sees(dave, lambda s: s.tone == "ringback" and shows("via Bob")(s))
        await carol.lift()
        await sees(carol, lambda s: "alice" in {c.name.lower() for c in s.calls if c.progress == "connected"})
        await carol.press("HOLD")
        await sees(dave, talks_with("carol"))
        await sees(alice, lambda s: talks_with("carol")(s) and s.calls[0].held)
        await hears("carol>dave dave>carol", handsets(alice, bob, carol, dave))
        await carol.press("HOLD")
        await sees(dave, lambda s: s.calls[0].held)
        await hears("carol>alice alice>carol", handsets(alice, bob, carol, dave))
        assert await bob.until(idle, 5)
        await all_hang_up(alice, dave, carol)


async def test_the_third_party_hangs_up_while_it_is_asked(tmp_path: Path) -> None:
    """bob has the caller back by BACK or HOLD."""
    async with desks(tmp_path, "alice", "bob", "carol") as made:
        alice, bob, carol = made.values()
        for key in ("BACK", "HOLD"):
            await ask_to_pass_on(alice, bob)
            await consult(bob, carol)
            await carol.hang_up()
            await sees(bob, lambda s: s.tone == "busy")
            await bob.press(key)
            await sees(bob, talks_with("alice"))
            await hear_each_other(alice, bob, carol)
            await all_hang_up(alice, bob)
