"""A bad network between two UDP ends: which packets are lost, doubled, late or overtaken is data, not chance."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Road:
    """One direction. Each pattern is repeated for ever: packet n meets entry n modulo its length."""

    lost: Sequence[bool] = (False,)
    delay_ms: Sequence[float] = (0.0,)
    """Added to each packet; a later packet with less of it overtakes."""
    doubled: Sequence[bool] = (False,)
    in_order: bool = False
    """Jitter without overtaking: nobody leaves before the one ahead."""


@dataclass(slots=True)
class Traffic:
    """What one direction saw."""

    packets: int = 0
    lost: int = 0


class _Side(asyncio.DatagramProtocol):
    """The relay's own end towards one of the two: what arrives here leaves by the other side."""

    def __init__(self, road: Road) -> None:
        self._road = road
        self._last_exit = 0.0
        self.traffic = Traffic()
        self.transport: asyncio.DatagramTransport
        self.far: _Side
        self.peer: Address | None = None
        """Where the other side's packets are sent: fixed, or learnt from what arrives."""

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self.peer is None:
            self.peer = addr
        number = self.traffic.packets
        self.traffic.packets += 1
        road, loop = self._road, asyncio.get_running_loop()
        if road.lost[number % len(road.lost)]:
            self.traffic.lost += 1
            return
        exit_at = loop.time() + road.delay_ms[number % len(road.delay_ms)] / 1000
        if road.in_order:
            exit_at = self._last_exit = max(self._last_exit, exit_at)
        for _ in range(2 if road.doubled[number % len(road.doubled)] else 1):
            loop.call_at(exit_at, self.far.leave, data)

    def leave(self, data: bytes) -> None:
        if self.peer is not None and not self.transport.is_closing():
            self.transport.sendto(data, self.peer)


@dataclass(slots=True)
class LossyRelay:
    """`async with LossyRelay(...) as relay`: A sends to `relay.for_a`, B to `relay.for_b`.

    Addresses that are not given are learnt from the first packet that arrives from there.
    """

    a_to_b: Road = field(default_factory=Road)
    b_to_a: Road = field(default_factory=Road)
    a: Address | None = None
    b: Address | None = None
    host: str = "127.0.0.1"
    ports: tuple[int, int] = (0, 0)
    """To bind for A and for B; 0: any."""
    _sides: list[_Side] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        ways = (self.a_to_b, self.a, self.ports[0]), (self.b_to_a, self.b, self.ports[1])
        for road, peer, port in ways:
            transport, side = await loop.create_datagram_endpoint(
                lambda road=road: _Side(road), local_addr=(self.host, port)
            )
            side.transport, side.peer = transport, peer
            self._sides.append(side)
        self._sides[0].far, self._sides[1].far = self._sides[1], self._sides[0]
        return self

    async def __aexit__(self, *_: object) -> None:
        for side in self._sides:
            side.transport.close()

    @property
    def for_a(self) -> Address:
        """Where A sends what is for B."""
        address: Address = self._sides[0].transport.get_extra_info("sockname")[:2]
        return address

    @property
    def for_b(self) -> Address:
        """Where B sends what is for A."""
        address: Address = self._sides[1].transport.get_extra_info("sockname")[:2]
        return address

    @property
    def traffic(self) -> tuple[Traffic, Traffic]:
        """What came from A, what came from B."""
        return self._sides[0].traffic, self._sides[1].traffic
