"""A telephone on a virtual Pi with the phone's package installed, its server, and neighbours: for tests that break it.

Its status comes by the agent, which needs neither network nor sshd, so that it can be asked while both are gone.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hil import debs
from hil.outside import HubProsody, config_of, neighbour
from hil.pi import VirtualPi
from hil.seat import PROFILE, SOCKET, Seat, prepared, profile, reference

from phone.control import ControlError, Status, StatusReply
from phone.control.messages import decode_reply, encode
from phone.demo.stage import Desk

_ASK = f"""
import socket, sys
line = socket.socket(socket.AF_UNIX)
line.settimeout(10)
line.connect("{SOCKET}")
line.sendall(sys.stdin.buffer.readline())
sys.stdout.write(line.makefile().readline())
"""
_ASKING = f"python3 -I -S -c '{_ASK}' 2>/dev/null"


class Watched(Seat):
    """Asked by the agent, whatever has become of the network."""

    async def status(self) -> StatusReply:
        """What `phone status` says. Raises ControlError while the daemon does not answer."""
        done = await asyncio.to_thread(self.pi.run, _ASKING, input=encode(Status()).decode())
        if done.code:
            raise ControlError("the phone does not answer")
        return decode_reply(done.out.encode(), StatusReply)


@dataclass(frozen=True, slots=True)
class Household:
    """alice's phone is the virtual Pi."""

    pi: VirtualPi
    alice: Watched
    server: HubProsody
    passwords: dict[str, str]
    neighbours: dict[str, Desk]


@asynccontextmanager
async def household(
    folder: Path, *neighbours: str, account: bool = True, prepare: str = ""
) -> AsyncIterator[Household]:
    """It has booted, but has perhaps not registered yet. `account` False: as it was installed, with nobody's; `prepare`
    is run on its disk before.
    """
    passwords = {name: os.urandom(12).hex() for name in ("alice", *neighbours)}
    pi = VirtualPi(packages=[await asyncio.to_thread(debs.deb)], powered=False)
    async with AsyncExitStack() as stack:
        stack.enter_context(pi)
        server = await stack.enter_async_context(HubProsody(folder / "prosody", passwords))
        own = config_of("alice", passwords["alice"], server) if account else {}
        pi.prepare(prepared({PROFILE: reference(), **own}) + prepare)
        alice = Watched(pi, "alice", profile(folder))
        stack.callback(alice.close)
        booted = asyncio.create_task(asyncio.to_thread(pi.boot))
        desks = {
            name: await stack.enter_async_context(neighbour(folder / name, name, passwords[name], server))
            for name in neighbours
        }
        await booted
        yield Household(pi, alice, server, passwords, desks)
