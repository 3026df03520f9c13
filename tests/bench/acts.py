"""What people do with phones under measurement, up to the moment that is measured."""

from __future__ import annotations

import asyncio

from bench.daemon import NUMBERS, Daemon, is_connected, is_idle, is_ringing
from phone.control import StatusReply

LONG = 1.0
"""Seconds that count as holding a key down."""
PATHS = 1.2
"""Seconds of ringing within which ICE and DTLS are done."""
_LEARNT = 0.6
"""Seconds until a phone knows what the far end can (XEP-0030): it is asked as soon as a call is up."""


async def ring(caller: Daemon, callee: Daemon) -> None:
    """Until the callee's bell rings, or it knocks."""
    await caller.lift()
    await caller.dial(NUMBERS[callee.name] + "#")
    await callee.until(is_offered, "offered a call")


async def connect(caller: Daemon, callee: Daemon) -> None:
    """Until both are in a call."""
    await ring(caller, callee)
    await callee.lift()
    await asyncio.gather(caller.until(is_connected, "connected"), callee.until(is_connected, "connected"))


async def part(*ends: Daemon) -> None:
    """All hang up."""
    await asyncio.gather(*(end.hang_up() for end in ends))
    await asyncio.gather(*(end.until(is_idle, "idle") for end in ends))


async def send_on(caller: Daemon, attendant: Daemon, callee: Daemon, *, attended: bool) -> None:
    """The caller talks with the attendant, who presses TRANSFER and calls the third party: until that one rings, or
    talks with the attendant.
    """
    await connect(caller, attendant)
    await asyncio.sleep(_LEARNT)
    await attendant.press("TRANSFER")
    await attendant.until(lambda status: status.tone == "dial", "at dial tone")
    await attendant.dial(NUMBERS[callee.name] + "#")
    await callee.until(is_ringing, "ringing")
    if not attended:
        return
    await callee.lift()
    await callee.until(is_connected, "connected")
    await attendant.until(lambda status: up(status) == 2, "in a consultation")


async def confer(host: Daemon, first: Daemon, second: Daemon) -> None:
    """Both call the host, who joins them."""
    await connect(first, host)
    await ring(second, host)
    await host.press("HOLD")
    await host.until(lambda status: up(status) == 2, "in two calls")
    await host.press("HOLD", LONG)
    await host.until(lambda status: sum(call.conference for call in status.calls) == 2, "in a conference")


def is_offered(status: StatusReply) -> bool:
    """Somebody rings or knocks."""
    return any(call.progress == "offered" for call in status.calls)


def up(status: StatusReply) -> int:
    """How many calls are."""
    return sum(call.progress == "connected" for call in status.calls)
