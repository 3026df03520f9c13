"""The far ends of the voice: a bare UDP socket as a PBX has it, and a leg with ICE as a softphone has it.

Each speaks a tone and keeps what it hears.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from array import array
from collections.abc import Awaitable, Callable
from typing import Self, cast
from xml.etree.ElementTree import Element

import msgspec
import numpy as np
import numpy.typing as npt
from media.legs import FRAME, make_end, tone
from peers.xmpp_peer import N

from phone.demo.stage import Desk
from phone.media.plan import Candidate, Codec, Fingerprint, LegDescribed, LegUp, Remote

Samples = npt.NDArray[np.int16]
Ear = Callable[[], tuple[Samples, int]]
"""The last half second heard, and its rate."""

HZ_HERE = 440
"""What alice hums."""
HZ_THERE = 1000
"""What the far end sends."""
HZ_THIRD = 1600
"""What the third party of a transfer sends."""
HZ_STRANGER = 2500
_PURE = 0.8
"""Share of the energy at one frequency: G.711 leaves 0.99, concealment of a packet late on a busy machine less."""


def _mulaw() -> Samples:
    """ITU-T G.711: what each of the 256 codes says."""
    code = ~np.arange(256, dtype=np.uint8)
    size = (((code & 15).astype(np.int32) << 3) + 132 << ((code & 0x70) >> 4)) - 132
    return np.where(code & 0x80, -size, size).astype(np.int16)


def _alaw() -> Samples:
    """The same for A-law."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    mantissa, exponent = (code & 15).astype(np.int32) << 4, (code & 0x70) >> 4
    size = np.where(exponent == 0, mantissa + 8, mantissa + 264 << np.maximum(exponent, 1).astype(np.int32) - 1)
    return np.where(code & 0x80, size, -size).astype(np.int16)


LAWS = {0: _mulaw(), 8: _alaw()}
"""By RTP payload type (RFC 3551)."""


class RtpEnd(asyncio.DatagramProtocol):
    """RTP without ICE, G.711, from one socket; `async with` opens it. Speaks once `target` is known."""

    def __init__(self, payload_type: int = 0, ms: int = 20, hz: float = HZ_THERE) -> None:
        self.target: tuple[str, int] | None = None
        self.heard: list[Samples] = []
        self.stun = 0
        """Checks of the phone that got no answer."""
        self.events: list[bytes] = []
        """Payloads of telephone events, type 101."""
        self.rtcp = 0
        """Packets of RTCP, which nobody has agreed to take on this port (RFC 5761 5.1.1)."""
        self._law, self._type, self._ms = LAWS[payload_type], payload_type, ms
        wave = 8000 * np.sin(2 * np.pi * hz * np.arange(8000) / 8000)
        self._codes = np.abs(wave[:, None] - self._law[None, :]).argmin(axis=1).astype(np.uint8)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        self.port = int(sock.getsockname()[1])
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=sock)
        self._transport = cast("asyncio.DatagramTransport", transport)
        self._task = asyncio.create_task(self._speak())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        self._transport.close()

    def forget(self) -> None:
        """What was heard until now."""
        self.heard.clear()

    def ear(self) -> tuple[Samples, int]:
        """An `Ear`."""
        return (np.concatenate(self.heard[-25:]) if self.heard else np.zeros(0, np.int16)), 8000

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data[0] < 4:
            self.stun += 1
        elif 192 <= data[1] <= 223:
            self.rtcp += 1
        elif len(data) > 12 and data[1] & 0x7F == 101:
            self.events.append(data[12:])
        elif len(data) > 12 and data[1] & 0x7F in LAWS:
            self.heard.append(LAWS[data[1] & 0x7F][np.frombuffer(data, np.uint8)[12:]])

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        size, begin, ssrc = 8 * self._ms, loop.time(), random.getrandbits(32)
        for number in range(1 << 16):
            await asyncio.sleep(begin + number * self._ms / 1000 - loop.time())
            if self.target is not None:
                start = number * size % len(self._codes)
                header = struct.pack(">BBHII", 0x80, self._type, number, number * size, ssrc)
                self._transport.sendto(header + self._codes[start : start + size].tobytes(), self.target)


class LegEnd:
    """A softphone's voice by our own media leg (ICE, and DTLS where `security` says so); `async with` starts it."""

    def __init__(
        self,
        codecs: tuple[Codec, ...],
        *,
        calling: bool,
        security: str = "plain",
        dtls_role: str = "either",
        hz: float = HZ_THERE,
    ) -> None:
        self.hz = hz
        self.end = make_end(
            controlling=calling, security=security, dtls_role=dtls_role, codecs=codecs, receive=codecs, rtcp_mux=True
        )
        self.heard = array("h")
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.end.start()
        async with asyncio.timeout(5):
            while self.end.described is None:
                await asyncio.sleep(0.01)
        self._task = asyncio.create_task(self._speak())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await self.end.the_leg.close()

    @property
    def credentials(self) -> str:
        """Attributes of a transport."""
        assert self.end.described is not None
        return f"ufrag='{self.end.described.ufrag}' pwd='{self.end.described.pwd}'"

    @property
    def fingerprint(self) -> str:
        """Of our certificate."""
        assert self.end.described is not None
        return self.end.described.fingerprint.value

    @property
    def port(self) -> int:
        """Of our only candidate."""
        return self.end.candidates[0].port

    def meets(self, payload: Element) -> None:
        """Take the phone's transport."""
        told, before = remote_of(payload), self.end.plan.remote
        known = told.fingerprint or (before.fingerprint if before else None)
        self.end.follow(remote=msgspec.structs.replace(told, fingerprint=known))

    async def restarts(self) -> None:
        """Ask for a new ICE generation; `credentials` and `port` are its."""
        self.end.follow(restart=self.end.plan.restart + 1)
        await self.end.until(LegDescribed, self.end.plan.restart + 1)

    async def up(self) -> LegUp:
        """The leg, from the moment when ICE (and DTLS) are through."""
        report = await self.end.until(LegUp)
        assert isinstance(report, LegUp)
        return report

    def forget(self) -> None:
        """What was heard until now."""
        self.heard = array("h")

    def ear(self) -> tuple[Samples, int]:
        """An `Ear`. Raises what has ended the voice, if anything has."""
        if self._task is not None and self._task.done():
            self._task.result()
        return np.array(self.heard[-24_000:], np.int16), 48_000

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        begin, speech = loop.time(), self.end.the_leg.speech
        for number in range(1 << 16):
            await asyncio.sleep(begin + number * FRAME / 48_000 - loop.time())
            speech.speak(tone(self.hz, FRAME, number * FRAME), FRAME)
            self.heard += speech.hear(FRAME)


def remote_of(payload: Element) -> Remote:
    """The phone's transport in a session-initiate or session-accept, read without its own parser."""
    transport = payload.find(".//i:transport", N)
    assert transport is not None
    told = transport.find("d:fingerprint", N)
    return Remote(
        transport.get("ufrag"),
        transport.get("pwd"),
        None if told is None else Fingerprint(told.get("hash", ""), told.text or ""),
        tuple(
            Candidate(1, c.get("foundation", ""), c.get("ip", ""), int(c.get("port", "")), int(c.get("priority", "")))
            for c in transport.findall("i:candidate", N)
        ),
    )


def ear_of(desk: Desk) -> Ear:
    """The handset's speaker."""

    def heard() -> tuple[Samples, int]:
        now = desk.handset.now()
        return np.array(desk.heard(now - 24_000, now), np.int16), 48_000

    return heard


def share(samples: Samples, hz: float, rate: int) -> float:
    """How much of the energy is at one frequency, 0 to 1: 20 ms at a time, since speech may be stretched."""
    size = rate // 50
    blocks = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float64)
    energy = float((blocks**2).sum())
    turned = blocks @ np.exp(-2j * np.pi * hz * np.arange(size) / rate)
    return float((2 * np.abs(turned) ** 2 / size).sum()) / energy if energy else 0.0


async def hears(ear: Ear, hz: float, within: float = 10) -> None:
    """Return once the last half second was that tone. Raises AssertionError with what was heard instead."""
    await until(ear, lambda heard, rate: share(heard, hz, rate) > _PURE, f"no {hz} Hz", within)


async def hears_nothing(ear: Ear, within: float = 10) -> None:
    """Return once the last half second was silent. Raises AssertionError."""
    await until(ear, lambda heard, _: not np.any(np.abs(heard.astype(np.int32)) > 100), "not silent", within)


async def until(ear: Ear, true: Callable[[Samples, int], bool], else_: str, within: float) -> None:
    """Raises AssertionError with `else_` and what was heard last."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        heard, rate = ear()
        if len(heard) >= 0.45 * rate and true(heard, rate):
            return
        shares = {hz: round(share(heard, hz, rate), 2) for hz in (HZ_HERE, HZ_THERE, HZ_THIRD, HZ_STRANGER)}
        assert loop.time() < deadline, f"{else_} within {within:g} s: {len(heard)} samples, shares {shares}"
        await asyncio.sleep(0.1)


async def both_hear(desk: Desk, there: Ear, hz: float = HZ_THERE) -> None:
    """Alice hears the far tone, the far end alice's."""
    both: list[Awaitable[None]] = [hears(ear_of(desk), hz), hears(there, HZ_HERE)]
    await asyncio.gather(*both)
