"""Phones in networks of their own: no direct way between them, or one that loses, delays and disorders."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from journeys import namespaces
from journeys.namespaces import HUB, Room, Wire, room
from journeys.steps import put_through, talk_both_ways
from rig.lossy import Road
from rig.servers import PrivateCoturn
from rig.servers_ears import Relay

from phone.control import CallStatus
from phone.demo.prosody import PrivateProsody, TurnService
from phone.demo.stage import Desk, desk, registered

pytestmark = [pytest.mark.servers, pytest.mark.slow]

PASSWORDS = {"alice": "a secret", "bob": "another"}


@pytest.fixture(autouse=True, scope="module")
def _possible() -> None:
    if why := namespaces.why_not():
        pytest.skip(why)


@contextlib.asynccontextmanager
async def pair(
    folder: Path, rooms: tuple[Room, Room], turn: TurnService | None = None, *addresses: str
) -> AsyncIterator[tuple[Desk, Desk]]:
    """alice and bob, registered by way of the hub; they offer `addresses`, one each, or all that their room has."""
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(PrivateProsody(folder / "server", PASSWORDS, turn=turn))
        line = await stack.enter_async_context(Relay(server.port, HUB))

        def at_hub(own: str) -> Callable[[str], str]:
            media = f'addresses = ["{own}"]' if own else "addresses = []"
            return lambda config: config.replace(f"127.0.0.1:{server.port}", f"{HUB}:{line.port}").replace(
                'addresses = ["127.0.0.1"]', media
            )

        alice, bob = [
            await stack.enter_async_context(
                desk(folder / name, name, PASSWORDS[name], server, at_hub(own), launcher=where.launcher)
            )
            for name, where, own in zip(PASSWORDS, rooms, addresses or ("", ""), strict=True)
        ]
        await asyncio.gather(registered(alice), registered(bob))
        yield alice, bob


async def test_phones_that_cannot_reach_each_other_meet_at_the_turn_server(tmp_path: Path) -> None:
    """Packets from alice vanish, bob's own kernel refuses: ICE finds the relayed way by itself."""
    with room(1) as hers, room(2, routed=False) as his:
        async with PrivateCoturn(tmp_path, host=HUB) as turn, pair(tmp_path, (hers, his), turn.service) as (alice, bob):
            await put_through(alice, bob)
            await talk_both_ways(alice, bob)
            assert " relay " in alice.log.read_text() + bob.log.read_text()


def losing(seed: int) -> Road:
    """One packet of eight is lost, often two in a row; the rest is up to 40 ms late and overtakes."""
    random = Random(seed)
    lost = [random.random() < 0.09 for _ in range(199)]
    return Road(
        lost=[now or (before and n % 2 == 0) for n, (before, now) in enumerate(pairwise([False, *lost]))],
        delay_ms=[random.choice((0, 0, 2, 5, 10, 25, 40)) for _ in range(97)],
    )


def disordering(seed: int) -> Road:
    """Nothing is lost, but a lot is late, overtakes or comes twice."""
    random = Random(seed)
    return Road(
        delay_ms=[random.choice((0, 0, 2, 5, 10, 30, 60)) for _ in range(97)],
        doubled=[random.random() < 0.1 for _ in range(89)],
    )


async def test_bad_lines_are_understood_and_told_truthfully(tmp_path: Path) -> None:
    """alice's voice gets lost on its way to bob; bob's comes to alice in disorder, but all of it."""
    with room(1) as hers, room(2) as his, Wire(hers, his, losing(1), disordering(2)) as wire:
        async with pair(tmp_path, (hers, his), None, *wire.ADDRESSES) as (alice, bob):
            await put_through(alice, bob)
            await talk_both_ways(alice, bob)
            at_alice, at_bob = await asyncio.gather(reported(alice), reported(bob))
            lost, sent = wire.voice[0].lost, wire.voice[0].packets
            true_percent = 100 * lost / sent
            assert at_bob.loss_percent == pytest.approx(true_percent, abs=6)
            assert None not in (at_alice.loss_percent, at_alice.concealed_ms, at_bob.concealed_ms)
            assert 0.5 * 20 * lost < at_bob.concealed_ms < 3 * 20 * lost
            # Three packets that are late at the end of an interval of a hundred and more count until the next one.
            assert at_alice.loss_percent < 4, "late, doubled and disordered is not lost"
            assert at_alice.far_loss_percent == pytest.approx(true_percent, abs=6)
            assert at_alice.concealed_ms < at_bob.concealed_ms


async def reported(desk: Desk) -> CallStatus:
    """The call's figures once both ends have told the loss of a whole RTCP interval; the first one is short."""
    seen: set[tuple[float | None, ...]] = set()
    async with asyncio.timeout(60):
        while True:
            (call,) = (await desk.status()).calls
            if None not in (call.loss_percent, call.far_loss_percent):
                seen.add((call.loss_percent, call.far_loss_percent))
            if len(seen) > 1:
                return call
            await asyncio.sleep(0.2)
