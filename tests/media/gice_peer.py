"""An old end of Google's checks on a real socket, driven by hand: Asterisk, libjingle, or Yate that makes none."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from legs import FRAME, PCMU, End, make_end

from phone.media.gice_stun import Address, Kind, Stun, decode, encode, sort
from phone.media.plan import Candidate, LegDescribed, Remote
from phone.media.rtp import RtpSender

NAME = "6fbd7237437ce259"


class Peer:
    """`with Peer() as peer`. Everything that arrives is kept; nothing is answered but by its methods."""

    def __init__(self, host: str = "127.0.0.1", name: str = NAME) -> None:
        self.name = name
        self.sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((host, 0))
        self.sock.settimeout(0)
        self.rtp = RtpSender(7)
        self.speech = 0
        """Packets of RTP that came."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def candidate(self, priority: int = 900, generation: int = 0) -> Candidate:
        ip, port = self.sock.getsockname()[:2]
        return Candidate(1, "1", ip, port, priority, generation=generation, username=self.name)

    async def takes(self, seconds: float = 10.0) -> tuple[Stun, Address]:
        """The next check or answer; speech is counted."""
        async with asyncio.timeout(seconds):
            while True:
                data, source = await asyncio.get_running_loop().sock_recvfrom(self.sock, 2000)
                if sort(data) == "rtp":
                    self.speech += 1
                elif (message := decode(data)) is not None:
                    return message, source[:2]

    async def takes_a(self, kind: Kind) -> tuple[Stun, Address]:
        """The next message of a kind."""
        while True:
            message, source = await self.takes()
            if message.kind is kind:
                return message, source

    async def hears(self) -> None:
        """Speech."""
        before = self.speech
        while self.speech == before:
            data, _ = await asyncio.wait_for(asyncio.get_running_loop().sock_recvfrom(self.sock, 2000), 10)
            self.speech += sort(data) == "rtp"

    def asks(self, end: End, username: str | None = None) -> None:
        """Send a check to that end's candidate."""
        mine = end.candidates[0]
        name = mine.username + self.name if username is None else username
        request = Stun(Kind.REQUEST, secrets.token_bytes(16), name.encode())
        self.sock.sendto(encode(request), (mine.ip, mine.port))

    def answers(self, request: Stun, source: Address) -> None:
        """A check, as Asterisk does."""
        reply = Stun(Kind.RESPONSE, request.transaction, request.username, mapped=source)
        self.sock.sendto(encode(reply), source)

    def speaks(self, end: End) -> None:
        """One packet of RTP to that end's candidate."""
        mine = end.candidates[0]
        self.sock.sendto(bytes(self.rtp.pack(b"\xff" * 160, 0)), (mine.ip, mine.port))
        self.rtp.advance(160)

    async def connects(self, end: End) -> None:
        """The shortest exchange: it answers one check and makes one."""
        request, source = await self.takes_a(Kind.REQUEST)
        self.answers(request, source)
        self.asks(end)
        await self.takes_a(Kind.RESPONSE)

    async def quiet(self, seconds: float = 0.3) -> list[Stun]:
        """What still comes within that time."""
        found = []
        try:
            while True:
                found.append((await self.takes(seconds))[0])
        except TimeoutError:
            return found


@asynccontextmanager
async def phone(host: str = "127.0.0.1", **more: object) -> AsyncIterator[End]:
    """Our end, described and not told of any far end."""
    fields: dict[str, object] = {"security": "plain", "transport": "gice", "codecs": (PCMU,), **more}
    end = make_end(controlling=True, addresses=(host,), **fields)  # type: ignore[arg-type]
    end.start()
    await end.until(LegDescribed)
    try:
        yield end
    finally:
        await end.the_leg.close()


def knows(end: End, *candidates: Candidate) -> None:
    """All that the far end signalled."""
    end.follow(remote=Remote(candidates=candidates))


def says(end: End) -> None:
    """One packet time of our speech."""
    end.the_leg.speech.speak(None, FRAME)


def refused(end: End) -> int:
    """Packets that were not believed."""
    return end.the_leg.speech.stats().rejected


def heard(end: End) -> int:
    """Packets of speech that were."""
    return end.the_leg.speech.stats().received
