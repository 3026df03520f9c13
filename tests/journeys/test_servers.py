"""The same calls on servers of two makes, with several devices of one account; and what a server's end does to them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from journeys.steps import all_idle, connected, idle, put_through, talk_both_ways
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


async def test_one_office_day(office: Office) -> None:
    """In one go, since the servers start slowly."""
    alice, bob, kitchen, carol = (office.desks[place] for place in ("alice", "bob", "kitchen", "carol"))
    await answered_elsewhere(alice, bob, kitchen)
    await a_third_knocks(bob, alice, carol)
    await refused_by_one_device(carol, bob, kitchen)
    await given_up_by_the_caller(alice, bob, kitchen)
    await the_server_shuts_down_in_a_call(office, alice, carol)


async def both_ring(caller: Desk, bob: Desk, kitchen: Desk) -> None:
    await caller.lift()
    await caller.dial(bob.number)
    for each in (bob, kitchen):
        assert await each.until(lambda s: s.ringer, 10), f"{each.config.parent.name} does not ring"


async def answered_elsewhere(alice: Desk, bob: Desk, kitchen: Desk) -> None:
    await both_ring(alice, bob, kitchen)
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


async def a_third_knocks(bob: Desk, alice: Desk, carol: Desk) -> None:
    await put_through(bob, alice)
    await carol.lift()
    await carol.dial(alice.number)
    assert await alice.until(lambda s: s.tone == "call-waiting", 10), "nobody hears carol knock"
    await alice.press("BACK")
    assert await carol.until(lambda s: s.tone == "busy", 10), "alice does not want to be disturbed"
    await carol.hang_up()
    assert connected(await alice.status())
    await talk_both_ways(bob, alice)
    await alice.hang_up()
    await bob.hang_up()
    await all_idle(alice, bob, carol)


async def refused_by_one_device(carol: Desk, bob: Desk, kitchen: Desk) -> None:
    await both_ring(carol, bob, kitchen)
    await bob.press("BACK")
    assert await carol.until(lambda s: s.tone == "busy", 10), "bob refused"
    await carol.hang_up()
    await all_idle(bob, kitchen, carol)


async def given_up_by_the_caller(alice: Desk, bob: Desk, kitchen: Desk) -> None:
    await both_ring(alice, bob, kitchen)
    await alice.hang_up()
    await all_idle(alice, bob, kitchen)
    assert (await kitchen.calls())[0].reason == "cancelled"


async def the_server_shuts_down_in_a_call(office: Office, alice: Desk, carol: Desk) -> None:
    """In order: it tells each of them that the other has gone, and that it goes itself."""
    await put_through(alice, carol)
    await office.server.stop()
    for each in (alice, carol):
        assert await each.until(lambda s: not s.registered, 20)
        assert connected(await each.status()), "a call must not end because its server does"
    await talk_both_ways(alice, carol)
    await office.server.start()
    await asyncio.gather(registered(alice), registered(carol))
    for each in (alice, carol):
        assert connected(await each.status())
    await alice.hang_up()
    assert await carol.until(lambda s: s.tone == "busy", 10), "the hang-up did not arrive"
