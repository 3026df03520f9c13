"""The user's manual, call waiting: a beep in the ear, a name on the display, and HOLD goes from one to the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.listening import KNOCK, Ear, handsets, hears, music
from journeys.steps import all_idle, connected, does, put_through

from phone.control import StatusReply
from phone.demo.stage import Desk, stage

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[tuple[Desk, ...]]:
    """dave does not want to be disturbed while he talks, nor to have messages from those who would."""

    def edit(config: str) -> str:
        more = "\n[calls]\nwaiting = false\n\n[voicemail]\nbusy = false\n"
        return config + more if 'jid = "dave@' in config else config

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
    status = await does(callee, waiting)
    assert not status.ringer, "the bell must not ring into a talk"
    assert caller.name.capitalize() in " ".join(status.screen), status.screen
    await ear.tone(KNOCK)
    await does(caller, lambda s: s.tone == "ringback")


async def refused_with_back(alice: Desk, bob: Desk, carol: Desk) -> None:
    await knocks(carol, alice)
    await hears("alice>bob bob>alice", handsets(alice, bob))
    await alice.press("BACK")
    busy = Ear(carol.handset)
    await does(carol, lambda s: s.tone == "busy")
    await busy.tone(KNOCK)  # the same frequency, in another rhythm
    await carol.hang_up()
    await hears("alice>bob bob>alice", handsets(alice, bob))
    assert (await alice.calls())[0].kind == "refused"


async def answered_with_hold_and_swapped(alice: Desk, bob: Desk, carol: Desk) -> None:
    await knocks(carol, alice)
    for name, now, on_hold in (("Bob", carol, bob), ("Carol", bob, carol), ("Bob", carol, bob)):
        await alice.press("HOLD")
        await does(alice, lambda s, name=name: held(s) == [name])
        await hears(f"alice>{now.name} {now.name}>alice", handsets(alice, bob, carol))
        await music(on_hold.handset)
        assert name in " ".join((await alice.status()).screen), "the display does not say who waits"


async def three_callers(alice: Desk, bob: Desk, carol: Desk, dave: Desk) -> None:
    """The one held the longest has the ear next."""
    await knocks(dave, alice)
    for on_hold, now in ((["Bob", "Carol"], "dave"), (["Carol", "Dave"], "bob"), (["Bob", "Dave"], "carol")):
        await alice.press("HOLD")
        await does(alice, lambda s, on_hold=on_hold: sorted(held(s)) == on_hold)
        await hears(f"alice>{now} {now}>alice", handsets(alice, bob, carol, dave))


async def who_hangs_up_leaves_the_others(alice: Desk, bob: Desk, carol: Desk, dave: Desk) -> None:
    await carol.hang_up()  # whom alice talks with
    await does(alice, lambda s: s.tone == "busy")
    assert sorted(held(await alice.status())) == ["Bob", "Dave"]
    await alice.press("HOLD")
    await does(alice, lambda s: len(held(s)) == 1)
    now, other = (bob, dave) if held(await alice.status()) == ["Dave"] else (dave, bob)
    await hears(f"alice>{now.name} {now.name}>alice", handsets(alice, bob, dave))
    await other.hang_up()  # who is on hold
    await does(alice, lambda s: len(s.calls) == 1)
    await hears(f"alice>{now.name} {now.name}>alice", handsets(alice, now))
    await alice.hang_up()
    await now.hang_up()
    await all_idle(alice, bob, carol, dave)


async def without_call_waiting_it_is_busy(alice: Desk, bob: Desk, dave: Desk) -> None:
    await put_through(alice, dave)
    await bob.lift()
    await bob.dial(dave.number)
    await does(bob, lambda s: s.tone == "busy")
    status = await dave.status()
    assert connected(status)
    assert status.tone is None
    await hears("alice>dave dave>alice", handsets(alice, dave))
    assert (await dave.calls())[0].reason == "busy"
