"""The user's manual, conference: HOLD held down joins who is held and who is heard; and the keypad while one talks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path

import pytest
from journeys.listening import Ear, handsets, hears, music
from journeys.steps import all_idle, does, put_through, understood

from phone.demo.stage import Desk, stage

pytestmark = [pytest.mark.servers, pytest.mark.slow]

LONG = 1.1
"""Seconds that count as held down."""


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[tuple[Desk, ...]]:
    async with stage(tmp_path, "alice", "bob", "carol", "dave") as scene:
        yield tuple(scene.desks.values())


async def test_conference(desks: tuple[Desk, ...]) -> None:
    """In one go, since a stage is slow to set."""
    alice, bob, carol, dave = desks
    await keys_are_heard(alice, bob)
    await joined(alice, bob, carol)
    await keys_are_heard(alice, bob, carol)
    await muted(alice, bob, carol)
    await held_as_a_whole(alice, bob, carol)
    await a_fourth_joins_and_leaves(alice, bob, carol, dave)
    await split_and_joined_again(alice, bob, carol)
    await one_leaves_and_comes_back(alice, bob, carol)
    await the_host_leaves(alice, bob, carol)


def all_of(*desks: Desk) -> str:
    """Everyone hears everyone, and nobody himself."""
    return " ".join(f"{a.name}>{b.name}" for a, b in permutations(desks, 2))


async def keys_are_heard(alice: Desk, *others: Desk) -> None:
    """RFC 4733 on the way, a tone at each end; each far phone counts one key, and its ear tells which it was."""
    if len(others) == 1:
        await put_through(alice, *others)
    for mouth, ears, digits in ((alice, others, "5#"), (others[0], (alice,), "90")):
        for digit in digits:
            own, far = Ear(mouth.handset), [Ear(each.handset) for each in ears]
            told = [await keys_counted(each) for each in ears]
            await mouth.press(digit, 0.2)
            await own.digit(digit)
            for each in far:
                await each.digit(digit)
            for each, before in zip(ears, told, strict=True):
                await does(each, lambda s, before=before: sum(call.digits for call in s.calls) > before)
            assert [await keys_counted(each) for each in ears] == [n + 1 for n in told], "each press is one digit"
            assert not [each for each in ears if f"digit {digit}" in each.log.read_text()]
    assert not (await alice.status()).tone


async def keys_counted(desk: Desk) -> int:
    return sum(call.digits for call in (await desk.status()).calls)


async def joined(alice: Desk, bob: Desk, carol: Desk) -> None:
    await carol.lift()
    await carol.dial(alice.number)
    await does(alice, lambda s: len(s.calls) == 2)
    await alice.press("HOLD")
    await does(alice, lambda s: sum(c.progress == "connected" for c in s.calls) == 2)
    beep = Ear(alice.handset)
    await alice.press("HOLD", LONG)
    await does(alice, lambda s: all(c.conference and not c.held_by_us for c in s.calls))
    await beep.tone(880)
    await hears(all_of(alice, bob, carol), handsets(alice, bob, carol))
    await understood(bob, carol, "Good morning Carol, this is Bob.")
    screen = " ".join((await alice.status()).screen)
    assert "Bob" in screen, screen
    assert "Carol" in screen, screen


async def muted(alice: Desk, bob: Desk, carol: Desk) -> None:
    await alice.press("MUTE")
    await hears("bob>alice carol>alice bob>carol carol>bob", handsets(alice, bob, carol))
    await alice.press("MUTE")
    await hears(all_of(alice, bob, carol), handsets(alice, bob, carol))


async def held_as_a_whole(alice: Desk, bob: Desk, carol: Desk) -> None:
    await alice.press("HOLD")
    await hears("", handsets(alice, bob, carol))
    await music(bob.handset)
    await music(carol.handset)
    await alice.press("HOLD")
    await hears(all_of(alice, bob, carol), handsets(alice, bob, carol))


async def a_fourth_joins_and_leaves(alice: Desk, bob: Desk, carol: Desk, dave: Desk) -> None:
    await dave.lift()
    await dave.dial(alice.number)
    await does(alice, lambda s: len(s.calls) == 3)
    await alice.press("HOLD")
    await hears("alice>dave dave>alice", handsets(alice, bob, carol, dave))
    await alice.press("HOLD", LONG)
    await hears(all_of(alice, bob, carol, dave), handsets(alice, bob, carol, dave))
    await dave.hang_up()
    await does(alice, lambda s: len(s.calls) == 2)
    await hears(all_of(alice, bob, carol), handsets(alice, bob, carol))


async def split_and_joined_again(alice: Desk, bob: Desk, carol: Desk) -> None:
    await alice.press("HOLD", LONG)
    status = await does(alice, lambda s: [c.held_by_us for c in s.calls].count(True) == 1)
    now = bob if any(c.held_by_us and c.name == "Carol" for c in status.calls) else carol
    await hears(f"alice>{now.name} {now.name}>alice", handsets(alice, bob, carol))
    await alice.press("HOLD", LONG)
    await hears(all_of(alice, bob, carol), handsets(alice, bob, carol))


async def one_leaves_and_comes_back(alice: Desk, bob: Desk, carol: Desk) -> None:
    """With two left it is a call like any other."""
    await carol.hang_up()
    await does(alice, lambda s: [c.conference for c in s.calls] == [False])
    await hears(all_of(alice, bob), handsets(alice, bob))
    await joined(alice, bob, carol)


async def the_host_leaves(alice: Desk, bob: Desk, carol: Desk) -> None:
    """He asks the first of the two others to call the second (XEP-0251); with a yes they go on with each other."""
    await alice.hang_up()
    asked = await does(bob, lambda s: "Alice asks" in s.screen)
    assert "Carol" in " ".join(asked.screen), asked.screen
    await bob.press("OK")
    await hears("bob>carol carol>bob", handsets(alice, bob, carol))
    await all_idle(alice)
    for each in (bob, carol):
        assert [c.progress for c in (await each.status()).calls] == ["connected"]
    await bob.hang_up()
    await does(carol, lambda s: s.tone == "busy")
    await carol.hang_up()
    await all_idle(bob, carol)
