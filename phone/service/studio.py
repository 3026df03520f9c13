"""The media processes: each leg lives in one of them, the one with the fewest; plans go out once for each turn of the
loop, however many legs changed in it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from phone.media.host import MediaHost
from phone.media.plan import AudioPlan, LegPlan, Plan, Report, Setup
from phone.media.planprobes import IceServer
from phone.media.soundcard import Device
from phone.service.values import MediaConfig

log = logging.getLogger(__name__)

_NO_CARD = Device()


def setup(config: MediaConfig, log_level: str, *, relay_only: bool = False) -> Setup:
    """Of a process without sound cards."""
    return Setup(
        handset=_NO_CARD,
        ringer=_NO_CARD,
        addresses=config.addresses,
        port_range=(config.first_port, config.last_port),
        relay_only=relay_only,
        log_level=log_level,
    )


@dataclass(slots=True)
class Room:
    """One process, and the legs that live in it."""

    host: MediaHost
    legs: dict[str, LegPlan] = field(default_factory=dict)
    stale: bool = False


class Studio:
    """`told`: each report of any process; `lost`: legs that died with theirs."""

    def __init__(self, told: Callable[[Report], None], lost: Callable[[tuple[str, ...]], None]) -> None:
        self._told = told
        self._lost = lost
        self.servers: Callable[[], tuple[IceServer, ...]] = tuple
        """What legs that begin now ask for ways through NAT."""
        self.rooms: list[Room] = []
        self._where: dict[str, Room] = {}

    async def start(self, setup: Setup, processes: int) -> None:
        """`processes` 0: one for each core."""
        for number in range(processes or os.cpu_count() or 1):
            room = Room(MediaHost(self._told, partial(self._restarted, number)))
            self.rooms.append(room)
            await room.host.start(setup)

    async def close(self) -> None:
        """End all processes."""
        await asyncio.gather(*(room.host.close() for room in self.rooms))
        self.rooms.clear()
        self._where.clear()

    def set(self, leg: LegPlan) -> None:
        """How a leg should be now."""
        room = self._where.get(leg.id)
        if room is None:
            room = self._where[leg.id] = min(self.rooms, key=lambda each: len(each.legs))
        if room.legs.get(leg.id) != leg:
            room.legs[leg.id] = leg
            self._tell(room)

    def drop(self, id: str) -> None:
        """The leg is no more."""
        room = self._where.pop(id, None)
        if room is not None and room.legs.pop(id, None) is not None:
            self._tell(room)

    def _tell(self, room: Room) -> None:
        if not room.stale:
            room.stale = True
            asyncio.get_running_loop().call_soon(self._send, room)

    def _send(self, room: Room) -> None:
        room.stale = False
        if room in self.rooms:
            room.host.send(Plan(AudioPlan(), tuple(room.legs.values()), self.servers()))

    def _restarted(self, number: int) -> None:
        room = self.rooms[number]
        lost = tuple(room.legs)
        log.error("a media process died: %d calls end", len(lost))
        for each in lost:
            self.drop(each)
        self._lost(lost)
