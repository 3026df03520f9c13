"""Alice's hand on TRANSFER, and what becomes of the two legs that she lets go of."""

from __future__ import annotations

import asyncio

from peers.lines import Line
from peers.rtp_end import HZ_THERE, HZ_THIRD, both_hear, hears
from peers.told import connected

from phone.control import StatusReply
from phone.demo.stage import Desk


async def talks(alice: Desk, first: Line, sid: str) -> None:
    """`first` calls and is heard, and hears her."""
    await first.calls(alice, sid)
    await connected(alice, encrypted=first.encrypted)
    await both_hear(alice, first.ear)


async def dials(alice: Desk, third: str) -> None:
    """TRANSFER, dial tone, the third party's address."""
    await alice.press("TRANSFER")
    status = await alice.until(lambda s: s.tone == "dial", 5)
    assert status is not None, await alice.status()
    await alice.call(third)


async def consults(alice: Desk, third: Line) -> None:
    """The third party answers; she talks with it alone."""
    await third.answers()
    await both_hear(alice, third.ear, HZ_THIRD)


def carries(status: StatusReply) -> bool:
    """Two legs hear each other through this phone."""
    carried = {c.id: c.bridged_to for c in status.calls if c.bridged_to}
    return len(carried) == 2 and all(carried.get(other) == one for one, other in carried.items())


async def carried(alice: Desk, first: Line, third: Line) -> None:
    """They hear each other."""
    status = await alice.until(carries, 15)
    assert status is not None, (await alice.status()).calls
    first.forget()
    third.forget()
    await asyncio.gather(hears(first.ear, HZ_THIRD), hears(third.ear, HZ_THERE))


async def let_go(alice: Desk) -> None:
    """Nothing of a call is left on her phone, or sounds."""
    status = await alice.until(lambda s: not s.calls and not s.ringer, 12)
    assert status is not None, await alice.status()
