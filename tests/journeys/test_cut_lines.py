"""A line to the server that is cut and comes back: stream resumption (XEP-0198) under whole daemons."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from journeys.steps import connected, idle, put_through, talk_both_ways
from rig.servers_ears import Relay

from phone.demo.prosody import PrivateProsody
from phone.demo.stage import Desk, desk, registered

pytestmark = [pytest.mark.servers, pytest.mark.slow]

PASSWORDS = {"alice": "a secret", "bob": "another"}


@dataclass(frozen=True, slots=True)
class Behind:
    """A server by another port."""

    port: int
    ca_file: Path
    domain: str


async def test_what_is_done_while_the_line_is_cut_arrives_after_it(tmp_path: Path) -> None:
    """The same session goes on, and nothing said in between is lost."""
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(PrivateProsody(tmp_path / "server", PASSWORDS))
        line = await stack.enter_async_context(Relay(server.port))
        behind = Behind(line.port, server.ca_file, server.domain)
        alice, bob = [
            await stack.enter_async_context(desk(tmp_path / name, name, PASSWORDS[name], where))
            for name, where in (("alice", behind), ("bob", server))
        ]
        await asyncio.gather(registered(alice), registered(bob))

        await put_through(alice, bob)
        await cut_while(line, alice, alice.hang_up)
        assert await bob.until(lambda s: s.tone == "busy", 20), "the hang-up was lost"
        await bob.hang_up()
        assert await alice.until(idle, 5)
        assert await bob.until(idle, 5)

        await bob.lift()
        await bob.dial(alice.number)
        assert await alice.until(lambda s: s.ringer, 10)
        await cut_while(line, alice, alice.lift)
        assert await bob.until(connected, 20), "the answer was lost"
        await talk_both_ways(bob, alice)
        assert alice.log.read_text().count("resumed") == 2


async def cut_while(line: Relay, whose: Desk, act: Callable[[], Awaitable[None]]) -> None:
    """The line is dead, then something is done, then it comes back."""
    line.closed = True
    line.cut()
    await act()
    await asyncio.sleep(0.5)
    line.closed = False
    assert await whose.until(lambda s: s.registered, 30)
