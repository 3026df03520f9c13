"""What the user's manual does not spell out: who hangs up on hold, gives up while it knocks, or calls just then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.listening import KNOCK, Ear, handsets, hears, music
from journeys.steps import all_idle, connected, does, put_through

from phone.demo.stage import Desk, stage

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[tuple[Desk, ...]]:
    """carol may speak at once at alice's."""

    def edit(config: str) -> str:
        if 'jid = "alice@' not in config:
            return config
        return f'{config}\n[calls]\nlock_code = "4711"\nintercom = ["carol@localhost"]\n'

    async with stage(tmp_path, "alice", "bob", "carol", "dave", edit=edit) as scene:
        yield tuple(scene.desks.values())


async def test_crossings(desks: tuple[Desk, ...]) -> None:
    """In one go, since a stage is slow to set."""
    alice, bob, carol, dave = desks
    await each_calls_the_other(alice, bob)
    await a_number_dialled_while_one_is_held(alice, bob, carol)
    await the_held_one_hangs_up(alice, bob)
    await the_one_who_holds_hangs_up(alice, bob)
    await the_knocking_one_gives_up(alice, bob, carol)
    await the_bell_rings_on_for_who_knocked(alice, bob, dave)
    await a_call_comes_while_one_is_held_on_the_cradle(alice, bob, dave)
    await chosen_from_those_who_wait(alice, bob, carol, dave)
    await an_intercom_call_knocks_at_a_busy_phone(alice, bob, carol)
    await switched_off_and_on(alice, bob)


async def calls(caller: Desk, callee: Desk) -> None:
    before = len((await callee.status()).calls)
    await caller.lift()
    await caller.dial(callee.number)
    await does(callee, lambda s: len(s.calls) == before + 1)


async def each_calls_the_other(alice: Desk, bob: Desk) -> None:
    """In the same moment: they meet, however their calls cross on the way."""
    for last in ((alice, bob), (bob, alice)):
        for each, number in ((alice, bob.number), (bob, alice.number)):
            await each.lift()
            await each.dial(number[:-1])
        await asyncio.gather(*(each.press("1" if each is alice else "0") for each in last))
        for each in last:
            await does(each, connected)
        await hears("alice>bob bob>alice", handsets(alice, bob))
        await alice.hang_up()
        await bob.hang_up()
        await all_idle(alice, bob)


async def a_number_dialled_while_one_is_held(alice: Desk, bob: Desk, carol: Desk) -> None:
    """HOLD takes the call back that nobody has answered yet; later it swaps."""
    await put_through(alice, bob)
    await alice.press("HOLD")
    await does(alice, lambda s: s.calls[0].held_by_us)
    await alice.dial(carol.number)
    await does(carol, lambda s: s.ringer)
    await music(bob.handset)
    await alice.press("HOLD")
    await does(carol, lambda s: not s.ringer)
    await hears("alice>bob bob>alice", handsets(alice, bob, carol))
    await alice.press("HOLD")
    await alice.press("REDIAL")
    await does(carol, lambda s: s.ringer)
    await carol.lift()
    await hears("alice>carol carol>alice", handsets(alice, bob, carol))
    await alice.press("HOLD")
    await hears("alice>bob bob>alice", handsets(alice, bob, carol))
    for each in (carol, bob, alice):
        await each.hang_up()
    await all_idle(alice, bob, carol)


async def the_held_one_hangs_up(alice: Desk, bob: Desk) -> None:
    """At the ear it is heard; on the cradle nothing rings any more."""
    await put_through(alice, bob)
    await alice.press("HOLD")
    await does(bob, lambda s: s.calls[0].held)
    ear = Ear(alice.handset)
    await bob.hang_up()
    await does(alice, lambda s: s.tone == "busy")
    await ear.tone(KNOCK)
    await alice.hang_up()
    await all_idle(alice, bob)
    await put_through(alice, bob)
    await alice.press("HOLD")
    await alice.hang_up()
    await does(bob, lambda s: s.calls[0].held)
    assert "hold" in (await alice.status()).lamps
    await bob.hang_up()
    await all_idle(alice, bob)
    assert "hold" not in (await alice.status()).lamps


async def the_one_who_holds_hangs_up(alice: Desk, bob: Desk) -> None:
    """By command, since the cradle keeps who is held."""
    await put_through(alice, bob)
    await alice.press("HOLD")
    await music(bob.handset)
    await alice.hang_up_by_command()
    await does(bob, lambda s: s.tone == "busy")
    await alice.hang_up()
    await bob.hang_up()
    await all_idle(alice, bob)


async def the_knocking_one_gives_up(alice: Desk, bob: Desk, carol: Desk) -> None:
    await put_through(alice, bob)
    await calls(carol, alice)
    await Ear(alice.handset).tone(KNOCK)
    await carol.hang_up()
    await does(alice, lambda s: s.tone is None and len(s.calls) == 1)
    await hears("alice>bob bob>alice", handsets(alice, bob))
    await alice.hang_up()
    await bob.hang_up()
    await all_idle(alice, bob, carol)
    assert [e.kind for e in await alice.calls()][:2] == ["placed", "missed"]


async def the_bell_rings_on_for_who_knocked(alice: Desk, bob: Desk, dave: Desk) -> None:
    await put_through(alice, bob)
    await calls(dave, alice)
    bell = Ear(alice.ringer)
    await alice.hang_up()
    await does(alice, lambda s: s.ringer)
    await does(bob, lambda s: s.tone == "busy")
    await bell.tone(800)
    await alice.lift()
    await hears("alice>dave dave>alice", handsets(alice, bob, dave))
    await alice.hang_up()
    await dave.hang_up()
    await bob.hang_up()
    await all_idle(alice, bob, dave)


async def a_call_comes_while_one_is_held_on_the_cradle(alice: Desk, bob: Desk, dave: Desk) -> None:
    await put_through(alice, bob)
    await alice.press("HOLD")
    await alice.hang_up()
    await calls(dave, alice)
    await does(alice, lambda s: s.ringer)
    await alice.lift()
    await hears("alice>dave dave>alice", handsets(alice, bob, dave))
    await music(bob.handset)
    await alice.hang_up()
    await does(dave, lambda s: s.tone == "busy")
    await dave.hang_up()
    await alice.lift()
    await does(alice, lambda s: s.tone == "dial")
    await alice.press("HOLD")  # at dial tone it takes back who waits
    await hears("alice>bob bob>alice", handsets(alice, bob))


async def chosen_from_those_who_wait(alice: Desk, bob: Desk, carol: Desk, dave: Desk) -> None:
    """Of several the display has a list."""
    for each in (carol, dave):
        await calls(each, alice)
        await alice.press("HOLD")
        await does(alice, lambda s: all(c.progress == "connected" for c in s.calls))
    await alice.press("DOWN")
    screen = (await alice.status()).screen
    assert any("Bob" in line for line in screen), screen
    for _ in range(3):
        if any(line.startswith(">") and "Bob" in line for line in (await alice.status()).screen):
            break
        await alice.press("DOWN")
    await alice.press("OK")
    await hears("alice>bob bob>alice", handsets(alice, bob, carol, dave))
    for each in (dave, carol):
        await each.hang_up()
    await does(alice, lambda s: len(s.calls) == 1)
    await hears("alice>bob bob>alice", handsets(alice, bob))


async def an_intercom_call_knocks_at_a_busy_phone(alice: Desk, bob: Desk, carol: Desk) -> None:
    await calls(carol, alice)
    await Ear(alice.handset).tone(KNOCK)
    assert not (await alice.status()).speaker
    await hears("alice>bob bob>alice", handsets(alice, bob, carol))
    for each in (carol, alice, bob):
        await each.hang_up()
    await all_idle(alice, bob, carol)


async def switched_off_and_on(alice: Desk, bob: Desk) -> None:
    """Do-not-disturb and the lock outlive it, and so does REDIAL."""
    await alice.press("OK")
    for _ in range(3):
        await alice.press("DOWN")
    await does(alice, lambda s: any(line.startswith("> Lock") for line in s.screen))
    await alice.press("UP")
    await alice.press("OK")
    await does(alice, lambda s: s.dnd)
    await alice.press("DOWN")
    await alice.press("OK")
    await does(alice, lambda s: s.locked)
    alice.process.terminate()
    await alice.process.wait()
    await alice.start_again()
    await does(alice, lambda s: s.registered and s.dnd and s.locked, 20)
    await bob.lift()
    await bob.dial(alice.number)
    await does(bob, connected)
    await does(alice, lambda s: "Greeting plays" in s.screen[0] and not s.ringer)
    await bob.hang_up()
    await all_idle(alice, bob)
    await alice.dial("4711#")
    await does(alice, lambda s: not s.locked)
    await alice.lift()
    await alice.press("REDIAL")
    await does(bob, lambda s: s.ringer)
    await bob.lift()
    await does(alice, connected)
    await hears("alice>bob bob>alice", handsets(alice, bob))
