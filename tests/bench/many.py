"""What a phone costs in each of its states: idle, talking, watched in a panel, in a conference, with one on hold."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from rig.costs import costs
from websockets.asyncio.client import connect as open_socket

from bench.acts import confer, connect, part, up
from bench.daemon import Daemon, phones
from bench.ears import seats
from bench.model import Case, Options, Result, Say
from bench.passing import SETTLE, costs_of, talk
from phone.control import Panel, ask


async def _states(options: Options, say: Say) -> Result:
    result, folder = Result("manners-conference", packet_ms=20), options.folder / "conference"
    panel = {"alice": f"[panel]\nport = {_free_port()}\n"}
    with seats(folder, "alice", "bob", "carol", more=panel) as places:
        async with phones(folder, places, options) as (alice, bob, carol):
            say("idle")
            await asyncio.sleep(SETTLE)
            _resident(result, "idle", alice)
            say("in a call")
            await connect(bob, alice)
            costs_of(result, "in a call", await talk(options, alice, bob, alice))
            _resident(result, "in a call", alice)
            async with _watched(alice):
                say("in a call, the panel open")
                seen = await talk(options, alice, bob, alice)
                _resident(result, "panel open", alice)
                result.figures["control process, panel open, CPU ms/s"] = [seen.loads["control"].cpu_ms_per_s]
            await part(alice, bob)
            say("a conference of three")
            await confer(alice, bob, carol)
            result.talks.append(await talk(options, bob, carol, alice))
            costs_of(result, "conference of three", result.talks[0])
            say("on hold, with music")
            await part(carol)
            await alice.until(lambda status: up(status) == 1, "in one call")
            await alice.press("HOLD")
            await alice.until(lambda status: any(call.held_by_us for call in status.calls), "holding")
            costs_of(result, "holding, with music", await talk(options, alice, bob, alice))
            await part(alice, bob)
    return result


def _resident(result: Result, what: str, phone: Daemon) -> None:
    result.figures[f"media process, {what}, MB"] = [round(costs(phone.media_pid()).resident_mb, 1)]
    result.figures[f"control process, {what}, MB"] = [round(costs(phone.process.pid).resident_mb, 1)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def _watched(phone: Daemon) -> AsyncIterator[None]:
    """Somebody looks at its panel meanwhile."""
    url = (await asyncio.to_thread(ask, phone.control, Panel())).url
    origin, _, query = url.partition("/?")
    async with open_socket(f"{origin.replace('http', 'ws')}/socket?{query}", origin=origin, proxy=None) as page:

        async def look() -> None:
            async for _ in page:
                pass

        looking = asyncio.create_task(look())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)


CASES = (
    Case(
        "manners-conference",
        "a conference of three: delay through the mix; costs in each state",
        lambda options, say: asyncio.run(_states(options, say)),
    ),
)
