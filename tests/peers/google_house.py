"""Alice's phone where some old clients may call it without encryption, and one may not."""

from __future__ import annotations

import asyncio
import itertools
from array import array
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from journeys.steps import idle
from peers.conftest import _hum
from peers.google_kinds import KINDS, Caller
from peers.google_peer import GooglePeer
from peers.rtp_end import Samples
from peers.xmpp_peer import PASSWORD, Server

from phone.demo.prosody import PrivateProsody
from phone.demo.stage import Desk, desk, registered

ALLOWED = ("pbx", "gtalk")
CLIENTS = (*ALLOWED, "newcomer")
"""All are contacts; nobody has allowed `newcomer` anything."""
CONFIG = "".join(f'\n[peers."{name}@localhost"]\nplain_rtp = true\n' for name in ALLOWED)
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class House:
    """`desk` is used through `alice`."""

    desk: Desk
    pbx: GooglePeer
    gtalk: GooglePeer
    newcomer: GooglePeer

    @asynccontextmanager
    async def alice(self) -> AsyncIterator[Desk]:
        """For one test: on hook and idle, before and after it, and without a bug of its own in between."""
        for each in (self.pbx, self.gtalk, self.newcomer):
            each.forget()
        before = (await self.desk.status()).faults
        yield self.desk
        await self.desk.hang_up_by_command()
        await self.desk.hang_up()
        assert (status := await self.desk.until(idle, 5)), await self.desk.status()
        assert status.faults == before, self.desk.log.read_text()[-3000:]

    @asynccontextmanager
    async def caller(self, kind: str, initiator: str = "", **more: object) -> AsyncIterator[Caller]:
        """Such a client with its end open; its call is over afterwards."""
        made = KINDS[kind]
        peer = self.pbx if made.mute else self.gtalk
        async with made.end(**more) as end:
            caller = Caller(made, peer, end, f"sid{next(_NUMBERS)}", initiator)
            yield caller
            await peer.tell(caller.writes("terminate"))  # it may be over already


def at_8_khz(speech: array[int]) -> Samples:
    """For a telephone line, of what is at 48 kHz."""
    whole = np.asarray(speech, np.int16)[: len(speech) // 6 * 6]
    return whole.reshape(-1, 6).mean(axis=1).astype(np.int16)


def at_48_khz(heard: Samples) -> Samples:
    """For comparison."""
    return np.repeat(heard, 6)


@asynccontextmanager
async def phone_at(folder: Path, server: Server, more: str) -> AsyncIterator[Desk]:
    """Alice's phone, registered; `more`: of its config."""
    async with desk(folder, "alice", PASSWORD, server, edit=lambda text: text + more) as made:
        await registered(made)
        yield made


@asynccontextmanager
async def house(folder: Path, *, hum: bool = True, more: str = "") -> AsyncIterator[House]:
    """`hum`: alice hums 440 Hz for ever; `more`: of her config."""
    async with AsyncExitStack() as stack:
        users = {"alice": PASSWORD} | dict.fromkeys(CLIENTS, PASSWORD)
        server = await stack.enter_async_context(PrivateProsody(folder / "prosody", users))
        alice = await stack.enter_async_context(phone_at(folder / "alice", server, CONFIG + more))
        clients = [GooglePeer(server, name, name) for name in CLIENTS]
        for each in clients:
            stack.push_async_callback(each.disconnect, 1.0)
        await asyncio.gather(*(each.signed_in() for each in clients))
        task = asyncio.create_task(_hum(alice)) if hum else None
        try:
            yield House(alice, *clients)
        finally:
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
