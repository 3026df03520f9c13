"""Transfer where a far end cannot: the phone in the middle carries the speech, and its user notices nothing of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from journeys.listening import handsets, hears
from journeys.passing_on import (
    all_hang_up,
    ask_to_pass_on,
    consult,
    desks,
    over,
    sees,
    shows,
    talks_with,
    until_they_hear,
    with_whom,
)
from journeys.steps import idle, put_through

from phone.control import StatusReply
from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow]

SOON = 8.0
"""Seconds for what takes 0.3 on a machine with nothing else to do."""


def carries(status: StatusReply) -> bool:
    """Two calls are connected through it."""
    return len([c for c in status.calls if c.bridged_to]) == 2


async def test_a_caller_who_cannot_is_carried_while_the_handset_is_free(tmp_path: Path) -> None:
    async with desks(tmp_path, "alice", "bob", "carol", "dave", plain={"alice"}) as made:
        alice, bob, carol, dave = made.values()

        await ask_to_pass_on(alice, bob)
        await bob.dial(carol.number)
        await sees(carol, lambda s: s.ringer)
        await bob.hang_up()
        await carol.lift()
        await carried(alice, bob, carol)
        await put_through(dave, bob)
        await hears("alice>carol carol>alice bob>dave dave>bob", handsets(alice, bob, carol, dave))
        await bob.hang_up()
        await sees(dave, over)
        await hears("alice>carol carol>alice", handsets(alice, bob, carol, dave))
        await dave.hang_up()
        await put_through(bob, dave)
        await hears("alice>carol carol>alice bob>dave dave>bob", handsets(alice, bob, carol, dave))
        await carol.hang_up()
        await sees(alice, over)
        await hears("bob>dave dave>bob", handsets(alice, bob, carol, dave))
        assert with_whom(await bob.status()) == ["dave"]
        await all_hang_up(alice, bob, dave)
        assert await carol.until(idle, 5)

        await ask_to_pass_on(alice, bob)
        await consult(bob, carol)
        took = await until_they_hear(alice, carol, lambda: bob.press("TRANSFER"))
        print(f"from letting go to hearing each other, bridged: {took * 1000:.0f} ms")
        assert took < SOON
        await sees(bob, lambda s: carries(s) and s.tone == "dial")
        await bob.hang_up()
        await carried(alice, bob, carol)
        await alice.hang_up()
        await sees(carol, over)
        await sees(bob, idle)


async def carried(alice: Desk, bob: Desk, carol: Desk) -> None:
    """alice and carol talk through bob's phone, which says so; bob hears nothing of it."""
    await sees(bob, lambda s: carries(s) and shows("through this phone")(s))
    await sees(alice, talks_with("bob"))
    await sees(carol, talks_with("bob"))
    await hears("alice>carol carol>alice", handsets(alice, bob, carol))


@pytest.mark.parametrize("plain", ["carol", "alice and carol"])
async def test_a_callee_who_cannot(tmp_path: Path, plain: str) -> None:
    """Attended, by hanging up or by TRANSFER; unattended it is the caller alone who must be able to."""
    async with desks(tmp_path, "alice", "bob", "carol", plain=plain.split(" and ")) as made:
        alice, bob, carol = made.values()
        ways = ((bob.hang_up, carol.hang_up, alice), (lambda: bob.press("TRANSFER"), alice.hang_up, carol))
        for let_go, leaves, left in ways[: 2 if plain == "carol" else 1]:
            await ask_to_pass_on(alice, bob)
            await consult(bob, carol)
            await let_go()
            await bob.hang_up()
            await carried(alice, bob, carol)
            await leaves()
            await sees(left, over)
            await sees(bob, idle)
            await all_hang_up(alice, carol)

        await ask_to_pass_on(alice, bob)
        await bob.dial(carol.number)
        await sees(carol, lambda s: s.ringer)
        await bob.hang_up()
        if "alice" in plain:
            await sees(alice, talks_with("bob"))
            await carol.lift()
            await carried(alice, bob, carol)
        else:
            await sees(carol, lambda s: s.ringer and shows("Alice")(s))
            await carol.lift()
            await sees(alice, talks_with("carol"))
            await hears("alice>carol carol>alice", handsets(alice, bob, carol))
            await sees(bob, idle)
        await all_hang_up(alice, carol)
        assert await bob.until(idle, 5)
