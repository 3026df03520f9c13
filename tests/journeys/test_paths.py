"""Ways from phone to phone: through TURN alone, over IPv6, past servers that never answer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from journeys.steps import idle, put_through, talk_both_ways
from rig.servers import PrivateCoturn, PrivateEjabberd

from phone.demo.prosody import PrivateProsody, TurnService
from phone.demo.stage import Desk, desk, registered

pytestmark = [pytest.mark.servers, pytest.mark.slow]

PASSWORDS = {"alice": "a secret", "bob": "another"}
LOOPBACK = 'addresses = ["127.0.0.1"]'
Server = PrivateProsody | PrivateEjabberd
Edit = Callable[[str], str]


def relay_only(config: str) -> str:
    return config + "relay_only = true\n"


def without_stun(config: str) -> str:
    return config + "stun = false\n"


def on(*addresses: str) -> Edit:
    """Media on these addresses."""
    written = ", ".join(f'"{each}"' for each in addresses)
    return lambda config: config.replace(LOOPBACK, f"addresses = [{written}]")


@contextlib.asynccontextmanager
async def pair(folder: Path, server: Server, alices: Edit = str, bobs: Edit = str) -> AsyncIterator[tuple[Desk, Desk]]:
    """alice and bob, registered."""
    async with (
        desk(folder / "alice", "alice", PASSWORDS["alice"], server, alices) as alice,
        desk(folder / "bob", "bob", PASSWORDS["bob"], server, bobs) as bob,
    ):
        await asyncio.gather(registered(alice), registered(bob))
        yield alice, bob


def media_path(desk: Desk) -> str:
    """The kind of candidate that the last call's voice left by: host, srflx, prflx or relay."""
    lines = [line for line in desk.log.read_text().splitlines() if "media path: " in line]
    return lines[-1].partition("media path: ")[2].partition(" ")[0]


@pytest.mark.parametrize("make", [PrivateProsody, PrivateEjabberd])
async def test_calls_through_turn_alone(tmp_path: Path, make: type[Server]) -> None:
    """At one end or at both, with credentials that the server gives (XEP-0215)."""
    async with PrivateCoturn(tmp_path) as turn:
        server = make(tmp_path / "server", PASSWORDS, turn=turn.service)
        async with server, pair(tmp_path / "one", server, relay_only) as (alice, bob):
            await put_through(alice, bob)
            await talk_both_ways(alice, bob)
            assert media_path(alice) == "relay"
        async with server, pair(tmp_path / "both", server, relay_only, relay_only) as (alice, bob):
            await put_through(bob, alice)
            await talk_both_ways(alice, bob)
            assert (media_path(alice), media_path(bob)) == ("relay", "relay")
            for each in (alice, bob):
                assert "media path: host" not in each.log.read_text()


@pytest.mark.parametrize("addresses", [("::1",), ("127.0.0.1", "::1")], ids=["v6-only", "dual-stack"])
async def test_calls_over_ipv6(tmp_path: Path, addresses: tuple[str, ...]) -> None:
    """Dual stack meets a phone that has IPv6 alone, so that it must choose it."""
    async with (
        PrivateProsody(tmp_path / "server", PASSWORDS) as server,
        pair(tmp_path, server, on(*addresses), on("::1")) as (alice, bob),
    ):
        await put_through(alice, bob)
        await talk_both_ways(alice, bob)
        assert "media path: host ::1:" in alice.log.read_text()


@contextlib.contextmanager
def silent_service() -> Iterator[TurnService]:
    """A STUN and TURN server that takes every question and never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield TurnService("127.0.0.1", deaf.getsockname()[1], "no secret")


async def test_servers_that_never_answer_delay_nothing(tmp_path: Path) -> None:
    """Neither the offer nor the answer; bob's config says that they are to be left alone."""
    with silent_service() as turn:
        async with (
            PrivateProsody(tmp_path / "server", PASSWORDS, turn=turn) as server,
            pair(tmp_path, server, bobs=without_stun) as (alice, bob),
        ):
            await put_through(alice, bob)
            assert "gave no" not in alice.log.read_text(), "the offer waited for them"
            await alice.hang_up()
            await bob.hang_up()
            assert await alice.until(idle, 5)
            assert await bob.until(idle, 5)

            await put_through(bob, alice)
            assert "gave no" not in alice.log.read_text(), "the answer waited for them"
            await until_logged(alice, "STUN server 127.0.0.1 gave no address", "TURN server 127.0.0.1 gave no relayed")
            await talk_both_ways(bob, alice)
            assert "gave no" not in bob.log.read_text(), "he was to leave them alone"


async def until_logged(desk: Desk, *sentences: str) -> None:
    async with asyncio.timeout(20):
        while not all(each in desk.log.read_text() for each in sentences):
            await asyncio.sleep(0.1)
