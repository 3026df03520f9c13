"""The same call on servers of two makes, with several devices of one account, over lines that are cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from journeys.steps import connected, idle, talk_both_ways
from rig.servers import PrivateEjabberd

from phone.demo.prosody import PrivateProsody
from phone.demo.stage import Desk, desk, registered

pytestmark = [pytest.mark.servers, pytest.mark.slow]

PASSWORDS = {"alice": "a secret", "bob": "another", "carol": "a third"}
Server = PrivateProsody | PrivateEjabberd


@dataclass(frozen=True, slots=True)
class Office:
    """alice and carol have a phone each, bob has two: one on his desk, one in the kitchen."""

    server: Server
    desks: Mapping[str, Desk]


def in_the_kitchen(config: str) -> str:
    return config.replace("[account]\n", '[account]\nresource = "kitchen"\n')


@pytest.fixture(params=[PrivateProsody, PrivateEjabberd])
async def office(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Office]:
    async with contextlib.AsyncExitStack() as stack:
        server: Server = await stack.enter_async_context(request.param(tmp_path / "server", PASSWORDS))
        desks = {
            place: await stack.enter_async_context(desk(tmp_path / place, name, PASSWORDS[name], server, edit))
            for place, name, edit in (
                ("alice", "alice", str),
                ("bob", "bob", str),
                ("kitchen", "bob", in_the_kitchen),
                ("carol", "carol", str),
            )
        }
        await asyncio.gather(*(registered(each) for each in desks.values()))
        yield Office(server, desks)


async def all_idle(*desks: Desk) -> None:
    for each in desks:
        assert await each.until(idle, 5), f"{each.name}: {await each.status()}"


async def both_ring(office: Office, caller: str) -> None:
    desks = office.desks
    await desks[caller].lift()
    await desks[caller].dial("201")
    for place in ("bob", "kitchen"):
        assert await desks[place].until(lambda s: s.ringer, 10), f"{place} does not ring"


async def test_one_office_day(office: Office) -> None:
    """Called and calling, answered elsewhere, refused, busy: in one go, since the servers start slowly."""
    desks = office.desks
    alice, bob, kitchen, carol = (desks[place] for place in ("alice", "bob", "kitchen", "carol"))

    await both_ring(office, "alice")
    await kitchen.lift()
    assert await kitchen.until(connected, 10)
    assert await alice.until(connected, 10)
    assert await bob.until(idle, 5), "the desk rings on though the kitchen answered"
    await talk_both_ways(alice, kitchen)
    await kitchen.hang_up()
    assert await alice.until(lambda s: s.tone == "busy", 5)
    await alice.hang_up()
    await all_idle(alice, bob, kitchen)
    assert [(e.direction, e.reason) for e in await bob.calls()] == [("in", "answered elsewhere")]

    await bob.lift()
    await bob.dial("200")
    assert await alice.until(lambda s: s.ringer, 10)
    await alice.lift()
    assert await bob.until(connected, 10)
    await talk_both_ways(bob, alice)

    await carol.lift()
    await carol.dial("200")
    assert await carol.until(lambda s: s.tone == "busy", 10), "alice is talking"
    await carol.hang_up()
    assert connected(await alice.status())
    await alice.hang_up()
    await bob.hang_up()
    await all_idle(alice, bob, kitchen, carol)

    await both_ring(office, "carol")
    await bob.press("BACK")
    assert await carol.until(lambda s: s.tone == "busy", 10), "bob refused"
    await carol.hang_up()
    await all_idle(bob, kitchen, carol)

    await both_ring(office, "alice")
    await alice.hang_up()
    await all_idle(alice, bob, kitchen)
    assert (await kitchen.calls())[0].reason == "cancelled"
