"""The user's manual, call waiting: a beep in the ear, a name on the display, and HOLD goes from one to the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.listening import KNOCK, Ear, handsets, hears, music
from journeys.steps import connected, idle, put_through

from phone.control import StatusReply
from phone.demo.stage import Desk, stage

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[tuple[Desk, ...]]:
    """dave does not want to be disturbed while he talks."""

    def edit(config: str) -> str:
        return f"{config}\n[calls]\nwaiting = false\n" if 'jid = "dave@' in config else config

    async with stage(tmp_path, "alice", "bob", "carol", "dave", edit=edit) as scene:
        yield tuple(scene.desks.values())


async def test_call_waiting(desks: tuple[Desk, ...]) -> None:
    """In one go, since a stage is slow to set."""
    alice, bob, carol, dave = desks
    await put_through(bob, alice)
    await refused_with_back(alice, bob, carol)
    await answered_with_hold_and_swapped(alice, bob, carol)
    await three_callers(alice, bob, carol, dave)
    await who_hangs_up_leaves_the_others(alice, bob, carol, dave)
    await without_call_waiting_it_is_busy(alice, bob, dave)


def waiting(status: StatusReply) -> bool:
    return any(c.progress == "offered" for c in status.calls)


def held(status: StatusReply) -> list[str]:
    return [c.name for c in status.calls if c.held_by_us]


async def knocks(caller: Desk, callee: Desk) -> None:
    """A call comes in over another: heard and seen."""
    ear = Ear(callee.handset)
    await caller.lift()
    await caller.dial(callee.number)
    status = await callee.until(waiting, 10)
    assert status, "the call does not come in"
    assert not status.ringer, "the bell must not ring into a talk"
    assert caller.name.capitalize() in " ".join(status.screen), status.screen
    await ear.tone(KNOCK)
    assert await caller.until(lambda s: s.tone == "ringback", 10)


async def refused_with_back(alice: Desk, bob: Desk, carol: Desk) -> None:
    await knocks(carol, alice)
    await hears("alice>bob bob>alice", handsets(alice, bob))
    await alice.press("BACK")
    busy = Ear(carol.handset)
    assert await carol.until(lambda s: s.tone == "busy", 10)
    await busy.tone(KNOCK)  # the same frequency, in another rhythm
    await carol.hang_up()
    await hears("alice>bob bob>alice", handsets(alice, bob))
    assert (await alice.calls())[0].kind == "refused"


async def answered_with_hold_and_swapped(alice: Desk, bob: Desk, carol: Desk) -> None:
    await knocks(carol, alice)
    for name, now, on_hold in (("Bob", carol, bob), ("Carol", bob, carol), ("Bob", carol, bob)):
        await alice.press("HOLD")
        assert await alice.until(lambda s, name=name: held(s) == [name], 10), await alice.status()
        await hears(f"alice>{now.name} {now.name}>alice", handsets(alice, bob, carol))
        await music(on_hold.handset)
        assert name in " ".join((await alice.status()).screen), "the display does not say who waits"


async def three_callers(alice: Desk, bob: Desk, carol: Desk, dave: Desk) -> None:
    """The one held the longest has the ear next."""
    await knocks(dave, alice)
    for on_hold, now in ((["Bob", "Carol"], "dave"), (["Carol", "Dave"], "bob"), (["Bob", "Dave"], "carol")):
        await alice.press("HOLD")
        assert await alice.until(lambda s, on_hold=on_hold: sorted(held(s)) == on_hold, 10), await alice.status()
        await hears(f"alice>{now} {now}>alice", handsets(alice, bob, carol, dave))


async def who_hangs_up_leaves_the_others(alice: Desk, bob: Desk, carol: Desk, dave: Desk) -> None:
    await carol.hang_up()  # whom alice talks with
    assert await alice.until(lambda s: s.tone == "busy", 10)
    assert sorted(held(await alice.status())) == ["Bob", "Dave"]
    await alice.press("HOLD")
    assert await alice.until(lambda s: len(held(s)) == 1, 10)
    now, other = (bob, dave) if held(await alice.status()) == ["Dave"] else (dave, bob)
    await hears(f"alice>{now.name} {now.name}>alice", handsets(alice, bob, dave))
    await other.hang_up()  # who is on hold
    assert await alice.until(lambda s: len(s.calls) == 1, 10)
    await hears(f"alice>{now.name} {now.name}>alice", handsets(alice, now))
    await alice.hang_up()
    await now.hang_up()
    for each in (alice, bob, carol, dave):
        assert await each.until(idle, 10), await each.status()


async def without_call_waiting_it_is_busy(alice: Desk, bob: Desk, dave: Desk) -> None:
    await put_through(alice, dave)
    await bob.lift()
    await bob.dial(dave.number)
    assert await bob.until(lambda s: s.tone == "busy", 10)
    status = await dave.status()
    assert connected(status)
    assert status.tone is None
    await hears("alice>dave dave>alice", handsets(alice, dave))
    assert (await dave.calls())[0].reason == "busy"
