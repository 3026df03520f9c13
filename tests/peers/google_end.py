"""The voice of an old client: one UDP socket with Google's checks as its kind makes them, and G.711 without RTCP."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from enum import Enum
from typing import Self, cast
from xml.etree.ElementTree import Element

import numpy as np
from peers.google_peer import candidates_in
from peers.google_stun import ERROR, REQUEST, RESPONSE, Message, read, transaction, write
from peers.rtp_end import HZ_THERE, LAWS, Samples

Address = tuple[str, int]
SEARCHING, KEEPING = 0.05, 0.48
"""Seconds between libjingle's pings (p2ptransportchannel.cc)."""
HUSH = 0.0
_EVENT_TICKS = 6


class Checks(Enum):
    """Who checks how."""

    ASTERISK = "once for each candidate, and back for each that comes; locks on whoever asks by its name"
    LIBJINGLE = "pings until answered, then on; sends once it was answered and was asked"
    ANSWERS = "answers, and never asks"
    NONE = "Yate: neither; sends straight to the candidate"


class GiceEnd(asyncio.DatagramProtocol):
    """`async with` opens it. It speaks `hz` (HUSH: nothing), or what `say` gives it, once it knows where to."""

    def __init__(
        self,
        checks: Checks = Checks.ASTERISK,
        *,
        law: int = 0,
        hz: float = HZ_THERE,
        events: int = 101,
        cookie: bool = False,
        name: str = "",
    ) -> None:
        self.name = name or "".join(random.choices("0123456789abcdef", k=16))
        """The username of its candidates."""
        self.checks = checks
        self.target: Address | None = None
        self.theirs: dict[Address, str] = {}
        """The phone's candidates and their usernames."""
        self.heard: list[Samples] = []
        self.events: list[bytes] = []
        """Payloads of telephone events."""
        self.rtcp = 0
        self.asked = 0
        """Checks by our name."""
        self.answered = 0
        self.mistaken = 0
        """Checks by another."""
        self.refused: list[int] = []
        """Errors that answered our own."""
        self.port = 0
        self._law, self._type, self._cookie, self._event_type = LAWS[law], law, cookie, events
        self._tone = self._coded(8000 * np.sin(2 * np.pi * hz * np.arange(8000) / 8000) if hz else np.zeros(8000))
        self._words = b""
        self._digits: list[tuple[int, int]] = []
        self._digit_at = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._outstanding: dict[bytes, Address] = {}

    async def __aenter__(self) -> Self:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        self.port = int(sock.getsockname()[1])
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=sock)
        self._transport = cast("asyncio.DatagramTransport", transport)
        self._tasks = [asyncio.create_task(self._speak()), asyncio.create_task(self._ping())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        self._transport.close()
        for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
            assert isinstance(outcome, asyncio.CancelledError), outcome

    # --- what tests do ------------------------------------------------------------------------------------------

    def meets(self, *payloads: Element) -> None:
        """Take the phone's candidates, out of whichever stanzas."""
        for candidate in (c for payload in payloads for c in candidates_in(payload)):
            address = candidate.get("address", ""), int(candidate.get("port", ""))
            if self.theirs.setdefault(address, candidate.get("username", "")) and self.checks is Checks.ASTERISK:
                self.ask(address)
            if self.checks is Checks.NONE:
                self.target = address

    def ask(self, address: Address, username: str | None = None) -> None:
        """One check; `username`: not the one that it should have."""
        id_ = transaction(cookie=self._cookie)
        self._outstanding[id_] = address
        name = self.theirs[address] + self.name if username is None else username
        self.throw(write(Message(REQUEST, id_, name.encode())), address)

    def throw(self, data: bytes, address: Address) -> None:
        """Any datagram."""
        self._transport.sendto(data, address)

    def say(self, samples: Samples) -> float:
        """Words at 8 kHz, from the next packet on; how many seconds they take."""
        self._words += self._coded(samples).tobytes()
        return len(samples) / 8000

    def press(self, digit: int) -> None:
        """A telephone event (RFC 4733) of 60 ms, and its end three times."""
        ticks = [(digit << 24) | (10 << 16) | (160 * n) for n in range(1, _EVENT_TICKS - 2)]
        end = (digit << 24) | (1 << 23) | (10 << 16) | (160 * (_EVENT_TICKS - 2))
        self._digits += [(n, word) for n, word in enumerate([*ticks, end, end, end])]

    def forget(self) -> None:
        """What was heard until now."""
        self.heard.clear()

    @property
    def digits(self) -> list[int]:
        """Of all events that came, each once."""
        return list(dict.fromkeys(event[0] for event in self.events))

    def ear(self) -> tuple[Samples, int]:
        """An `Ear`."""
        return (np.concatenate(self.heard[-25:]) if self.heard else np.zeros(0, np.int16)), 8000

    def all_heard(self) -> Samples:
        """8 kHz."""
        return np.concatenate(self.heard) if self.heard else np.zeros(0, np.int16)

    # --- inside -------------------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if data[0] < 4:
            self._stun(read(data), addr)
        elif 192 <= data[1] <= 223:
            self.rtcp += 1
        elif data[1] & 0x7F == self._event_type:
            self.events.append(data[12:])
        else:
            self.heard.append(LAWS[data[1] & 0x7F][np.frombuffer(data, np.uint8)[12:]])

    def _stun(self, message: Message, source: Address) -> None:
        if message.kind == REQUEST:
            self._requested(message, source)
        elif message.kind == ERROR:
            self.refused.append(message.code or 0)
        elif message.kind == RESPONSE and self._outstanding.pop(message.transaction, None) == source:
            assert message.mapped == ("127.0.0.1", self.port)
            assert message.username is not None
            self.answered += 1
            if self.checks is Checks.LIBJINGLE and self.asked:
                self.target = source

    def _requested(self, message: Message, source: Address) -> None:
        name = message.username or b""
        if name[:16] != self.name.encode() or len(name) != 32:
            self.mistaken += 1
            return
        self.asked += 1
        if self.checks is Checks.NONE:
            return
        self.throw(write(Message(RESPONSE, message.transaction, name, source)), source)
        if self.checks is Checks.ASTERISK:
            self.target = self.target or source
            self.theirs.setdefault(source, name[16:].decode())
            self.ask(source, (name[16:] + name[:16]).decode())
        elif self.checks is Checks.ANSWERS:
            self.target = source

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(SEARCHING if self.target is None else KEEPING)
            if self.checks is Checks.LIBJINGLE:
                for address in tuple(self.theirs):
                    self.ask(address)

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        begin, ssrc = loop.time(), random.getrandbits(32)
        for number in range(1 << 16):
            await asyncio.sleep(begin + number * 0.02 - loop.time())
            if self.target is not None:
                kind, at, payload = self._frame(number * 160)
                header = struct.pack(">BBHII", 0x80, kind, number, at, ssrc)
                self.throw(header + payload, self.target)

    def _frame(self, now: int) -> tuple[int, int, bytes]:
        """Payload type (with the marker), timestamp and payload of the next packet."""
        if self._digits:
            index, word = self._digits.pop(0)
            self._digit_at = self._digit_at if index else now
            return self._event_type | (0 if index else 0x80), self._digit_at, struct.pack(">I", word)
        if self._words:
            frame, self._words = self._words[:160], self._words[160:]
            return self._type, now, frame.ljust(160, self._coded(np.zeros(1)).tobytes())
        start = now % len(self._tone)
        return self._type, now, self._tone[start : start + 160].tobytes()

    def _coded(self, wave: np.ndarray) -> np.ndarray:
        return np.abs(np.asarray(wave, np.float64)[:, None] - self._law[None, :]).argmin(axis=1).astype(np.uint8)
