"""`python -m bench.recordings_callers FD`: the far ends of many calls, in one lean process.

They are set up by our own legs, since ICE and DTLS need a real agent. What they say is made and encrypted before, and
poured out by a process that does nothing else, so that the generator neither stutters nor takes much of the machine.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import random
import socket
import struct
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol, cast

import msgspec

from bench.recordings_speech import payloads
from phone.media.coders import make_codec
from phone.media.dtls import Certificate
from phone.media.leg import Leg, Surroundings
from phone.media.outward import Send
from phone.media.plan import LegPlan, Report
from phone.media.plan import encode as encode_report
from phone.media.rtp import RtpSender
from phone.media.sockets import Address
from phone.media.speech import Speech
from phone.media.srtp import Srtp

MAX_MESSAGE = 262_144
PACKET = 0.02
_STEP = 0.001
"""Seconds between wakings: what is due by then goes out together."""
_PRIORITY = 40
_SO_ATTACH_FILTER = 26
_NO_MEDIA = ((0x30, 0, 0, 8), (0x35, 1, 0, 128), (0x06, 0, 0, 0xFFFFFFFF), (0x06, 0, 0, 0))
"""Classic BPF over a UDP datagram: what begins with 128 or more, RTP and RTCP, is dropped by the kernel."""


class Join(msgspec.Struct, frozen=True, tag=True):
    """A far end as it should be now."""

    leg: LegPlan


class Prepare(msgspec.Struct, frozen=True, tag=True):
    """Make what all will say in so many seconds."""

    seconds: float


class Pour(msgspec.Struct, frozen=True, tag=True):
    """Say it."""


class Prepared(msgspec.Struct, frozen=True, tag=True):
    """The answer: how many packets of the greeting each has heard."""

    heard: dict[str, int]


class Poured(msgspec.Struct, frozen=True, tag=True):
    """All is said."""

    sent: dict[str, int]
    """Packets that the kernel took."""
    latest_ms: float
    """How much too late the latest packet was."""


Down = Join | Prepare | Pour
Up = Prepared | Poured
down: msgspec.msgpack.Decoder[Down] = msgspec.msgpack.Decoder(Down)
up: msgspec.msgpack.Decoder[Up | Report] = msgspec.msgpack.Decoder(Up | Report)
encode = msgspec.msgpack.Encoder().encode


class _Line(Protocol):
    """What ICE and Google's transport have in common, as far as it is used here."""

    sock: socket.socket


class _Caller(Speech):
    """Listens without ears: counts."""

    def __init__(self, leg: str) -> None:
        super().__init__(leg, lambda name: make_codec(name, bitrate=28_000, complexity=0), lambda _digit: None)
        self.srtp: Srtp | None = None
        self.heard = 0

    def connect(self, transmit: Send, srtp: Srtp | None) -> None:
        self.srtp = srtp
        super().connect(transmit, srtp)

    def receive(self, data: bytes, arrival: float) -> None:
        del data, arrival
        self.heard += 1


class Callers:
    """All far ends."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._around = Surroundings(("127.0.0.1",), (0, 0), (), relay_only=False, report=self._report)
        self._certificate = Certificate()
        self._legs: dict[str, Leg] = {}
        self._lines: list[tuple[socket.socket, Address, list[bytes]]] = []
        self.ended = asyncio.Event()

    def readable(self) -> None:
        """A message, or the end of them."""
        data = self._sock.recv(MAX_MESSAGE)
        if not data:
            asyncio.get_running_loop().remove_reader(self._sock)
            self.ended.set()
            return
        match down.decode(data):
            case Join(leg) if leg.id in self._legs:
                self._legs[leg.id].follow(leg)
            case Join(leg):
                around = replace(self._around)
                self._legs[leg.id] = Leg(leg, around, self._certificate, _Caller(leg.id))
            case Prepare(seconds):
                self._prepare(seconds)
            case Pour():
                self._pour()

    def _report(self, report: Report) -> None:
        self._sock.send(encode_report(report))

    def _prepare(self, seconds: float) -> None:
        count = round(seconds / PACKET)
        self._lines = [self._line(number, leg, count) for number, leg in enumerate(self._legs.values())]
        for sock, _, _ in self._lines:
            _deafen(sock)
        self._sock.send(encode(Prepared({leg.id: cast("_Caller", leg.speech).heard for leg in self._legs.values()})))

    @staticmethod
    def _line(number: int, leg: Leg, count: int) -> tuple[socket.socket, Address, list[bytes]]:
        codec = leg.plan.codecs[0]
        speech = cast("_Caller", leg.speech)
        sender = RtpSender(random.getrandbits(32))
        packets = []
        for payload in payloads(codec.name, number, count):
            packet = bytes(sender.pack(payload, codec.payload_type, marker=not packets))
            packets.append(speech.srtp.protect(packet) if speech.srtp else packet)
            sender.advance(codec.clock_rate // 50)
        line, address = cast("tuple[_Line, Address]", leg._current.path._target)  # type: ignore[union-attr,attr-defined]
        return line.sock, address, packets

    def _pour(self) -> None:
        theirs, ours = os.pipe()
        if os.fork() == 0:
            _hurry()
            os.write(ours, encode(pour(self._lines, list(self._legs))))
            os._exit(0)
        os.close(ours)
        loop = asyncio.get_running_loop()
        told = bytearray()

        def done() -> None:
            if data := os.read(theirs, MAX_MESSAGE):
                told.extend(data)
                return
            loop.remove_reader(theirs)
            os.close(theirs)
            os.wait()
            self._sock.send(told)

        loop.add_reader(theirs, done)


def pour(lines: Sequence[tuple[socket.socket, Address, Sequence[bytes]]], names: Sequence[str]) -> Poured:
    """One packet of each line in 20 ms, the lines evenly apart."""
    schedule = [
        (sock, address, packets[k], n)
        for k in range(len(lines[0][2]))
        for n, (sock, address, packets) in enumerate(lines)
    ]
    gap = PACKET / len(lines)
    sent = [0] * len(lines)
    latest = 0.0
    begin = time.monotonic() + 0.05
    next_ = 0
    while next_ < len(schedule):
        elapsed = time.monotonic() - begin
        due = min(len(schedule), int(elapsed / gap) + 1) if elapsed >= 0 else 0
        if due > next_:
            latest = max(latest, elapsed - next_ * gap)
        for sock, address, packet, line in schedule[next_:due]:
            try:
                sock.sendto(packet, address)
            except OSError:
                continue
            sent[line] += 1
        next_ = max(next_, due)
        time.sleep(max(_STEP, begin + next_ * gap - time.monotonic()))
    return Poured(dict(zip(names, sent, strict=True)), latest * 1000)


def _hurry() -> None:
    """Before the media processes, where this user may: who is starved sends less than it says."""
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))


def _deafen(sock: socket.socket) -> None:
    """From now on the kernel keeps from this socket what nobody would listen to."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in _NO_MEDIA))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(_NO_MEDIA), ctypes.addressof(code)))


async def serve(sock: socket.socket) -> None:
    """Until the bench hangs up."""
    callers = Callers(sock)
    asyncio.get_running_loop().add_reader(sock, callers.readable)
    await callers.ended.wait()


if __name__ == "__main__":
    asyncio.run(serve(socket.socket(fileno=int(sys.argv[1]))))
