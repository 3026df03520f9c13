"""Networks of one's own for whole daemons: a server that everybody reaches, and between the phones whatever the test
says, down to the packet.

Each phone sits in a network namespace. A veth pair leads to this machine, which has the address `HUB` there and
forwards nothing. `Wire` is a second way, straight from one phone to the other: two TUN devices whose packets go through
this process, where a `Road` says what becomes of each.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from rig.lossy import Road, Traffic

HUB = "10.66.0.1"
_TUN = Path("/dev/net/tun")
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_UDP_HEADERS = 28
"""IPv4 without options, and UDP."""


def why_not() -> str:
    """What this machine lacks for it; "" when it lacks nothing."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        return "network namespaces need root and iproute2"
    if not _TUN.exists():
        return f"network namespaces need {_TUN}"
    name = _name("try")
    try:
        _ip("netns", "add", name)
        _ip("netns", "exec", name, "true")  # fails in a bare chroot, whose root is no mount point
    except AssertionError as error:
        return f"this machine lets nobody use network namespaces: {error}"
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return ""


@dataclass(frozen=True, slots=True)
class Room:
    """One phone's namespace."""

    name: str
    address: str

    @property
    def launcher(self) -> Sequence[str]:
        """What a command is started by to run in it."""
        return ("ip", "netns", "exec", self.name)


@contextlib.contextmanager
def room(number: int, *, routed: bool = True) -> Iterator[Room]:
    """A namespace from which only `HUB` is reached. What else it sends is lost on the way, or refused by its own kernel
    at once where it is not `routed`. `number` is 1 to 254, one for each room.
    """
    made = Room(_name(f"r{number}"), f"10.66.1.{number}")
    outside, inside = _name(f"o{number}"), "eth0"
    _ip("netns", "add", made.name)
    try:
        _ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", made.name)
        _ip("address", "add", f"{HUB}/32", "dev", outside)
        _ip("link", "set", outside, "up")
        _ip("route", "add", f"{made.address}/32", "dev", outside, "src", HUB)
        Path(f"/proc/sys/net/ipv4/conf/{outside}/forwarding").write_text("0")
        _ip("-n", made.name, "link", "set", "lo", "up")
        _ip("-n", made.name, "address", "add", f"{made.address}/32", "dev", inside)
        _ip("-n", made.name, "link", "set", inside, "up")
        _ip("-n", made.name, "route", "add", f"{HUB}/32", "dev", inside)
        if routed:
            _ip("-n", made.name, "route", "add", "default", "via", HUB, "dev", inside)
        yield made
    finally:
        # The namespace goes some time later, and would keep the pair until then.
        subprocess.run(["ip", "link", "del", outside], capture_output=True, check=False)
        _ip("netns", "del", made.name)


@dataclass(slots=True)
class Wire:
    """`with Wire(a, b, ...)`: a's `ADDRESSES[0]` and b's `ADDRESSES[1]` reach each other, packet by packet."""

    ADDRESSES = ("10.67.0.1", "10.67.0.2")

    a: Room
    b: Room
    a_to_b: Road = field(default_factory=Road)
    b_to_a: Road = field(default_factory=Road)
    voice: tuple[Traffic, Traffic] = field(default_factory=lambda: (Traffic(), Traffic()))
    """RTP packets that came from a, and from b."""
    _descriptors: list[int] = field(default_factory=list)

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for room, own, far in zip((self.a, self.b), self.ADDRESSES, reversed(self.ADDRESSES), strict=True):
            self._descriptors.append(_tun(room, own, far))
        (from_a, from_b), (voice_a, voice_b) = self._descriptors, self.voice
        loop.add_reader(from_a, _Lane(from_a, from_b, self.a_to_b, voice_a).carry)
        loop.add_reader(from_b, _Lane(from_b, from_a, self.b_to_a, voice_b).carry)
        return self

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for descriptor in self._descriptors:
            loop.remove_reader(descriptor)
            os.close(descriptor)  # the device goes with it


@dataclass(slots=True)
class _Lane:
    """One direction."""

    source: int
    sink: int
    road: Road
    voice: Traffic
    number: int = 0
    last_exit: float = 0.0

    def carry(self) -> None:
        """One IP packet. Only RTP meets the road's troubles, so that loss can be told exactly."""
        packet = os.read(self.source, 65536)
        if not _is_rtp(packet):
            os.write(self.sink, packet)
            return
        n, road, loop = self.voice.packets, self.road, asyncio.get_running_loop()
        self.voice.packets += 1
        if road.lost[n % len(road.lost)]:
            self.voice.lost += 1
            return
        exit_at = loop.time() + road.delay_ms[n % len(road.delay_ms)] / 1000
        if road.in_order:
            exit_at = self.last_exit = max(self.last_exit, exit_at)
        for _ in range(2 if road.doubled[n % len(road.doubled)] else 1):
            loop.call_at(exit_at, self._leave, packet)

    def _leave(self, packet: bytes) -> None:
        with contextlib.suppress(OSError):  # the wire has been taken away meanwhile
            os.write(self.sink, packet)


def _is_rtp(packet: bytes) -> bool:
    """UDP over IPv4, version 2 of RTP, and no RTCP (RFC 5761 4)."""
    if len(packet) < _UDP_HEADERS + 12 or packet[0] != 0x45 or packet[9] != 17:
        return False
    first, second = packet[_UDP_HEADERS], packet[_UDP_HEADERS + 1]
    return first >> 6 == 2 and not 64 <= second & 0x7F <= 95


def _tun(room: Room, own: str, far: str) -> int:
    """A TUN device in the room, held by this process."""
    descriptor = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK)
    name = _name("w")
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    _ip("link", "set", name, "netns", room.name)
    _ip("-n", room.name, "address", "add", own, "peer", far, "dev", name)
    _ip("-n", room.name, "link", "set", name, "up")
    return descriptor


def _name(what: str) -> str:
    """Of this process alone, and short enough for an interface."""
    return f"ph{os.getpid() % 1_000_000}{what}"


def _ip(*arguments: str) -> None:
    run = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"ip {' '.join(arguments)}: {run.stderr}"
