"""The service's media processes under load, one a core and without sound cards, and the callers' process."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import msgspec

from bench.recordings_callers import MAX_MESSAGE, Join, Pour, Poured, Prepare, Prepared, encode, up
from bench.recordings_store import Store
from phone.media.host import MediaHost
from phone.media.plan import (
    AudioPlan,
    Codec,
    Device,
    LegDescribed,
    LegFailed,
    LegPlan,
    LegSaid,
    LegUp,
    Plan,
    Remote,
    Report,
    Setup,
)
from phone.media.planrecordings import Recorded, RecordedAll

_PATIENCE = 60.0
_AT_ONCE = 10
"""Callers who ring in the same moment."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How the calls come."""

    name: str
    plan: LegPlan
    """Of the service's side, without an id."""


KINDS = (
    Kind(
        "gice PCMU",
        LegPlan("", controlling=False, transport="gice", security="plain", receive=(Codec("pcmu", 0, 8000),)),
    ),
    Kind("ICE DTLS Opus", LegPlan("", controlling=False, dtls_role="client", receive=(Codec("opus", 111, 48_000, 2),))),
)


@dataclass(slots=True)
class Call:
    """One of them."""

    host: int
    """Of which media process."""
    plan: LegPlan
    caller: LegPlan
    up: int = 0
    """Ends that are."""
    said: bool = False
    begun: bool = False
    """Being recorded."""
    over: bool = False
    """All of the recording has come."""
    lost: int = 0
    """48 kHz samples that are missing, by the recorder's own account, after the first packet."""
    packets: int = 0


class Service:
    """The media processes and the callers' process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.calls: dict[str, Call] = {}
        self.hosts = [MediaHost(partial(self._from_media, number), self._died) for number in range(os.cpu_count() or 1)]
        self._alive: set[int] = set()
        self.fault = ""
        self._changed = asyncio.Event()
        self._dirty: set[int] = set()
        self._callers: socket.socket
        self.prepared: Prepared | None = None
        self.poured: Poured | None = None

    @property
    def pids(self) -> list[int]:
        """Of the media processes."""
        return [host.pid for host in self.hosts if host.pid is not None]

    async def start(self, callers: socket.socket) -> None:
        """Start the processes; `callers`: the socket to theirs."""
        self._callers = callers
        callers.settimeout(0)
        asyncio.get_running_loop().add_reader(callers, self._from_callers)
        for host in self.hosts:
            await host.start(Setup(Device(), Device(), addresses=("127.0.0.1",), log_level="WARNING"))
        await self.until(lambda: len(self._alive) == len(self.hosts), "media processes came up")

    async def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._callers)
        await asyncio.gather(*(host.close() for host in self.hosts))

    async def ring(self, kind: Kind, count: int) -> None:
        """So many callers call, and all are put through: a few at a time, as a service is called."""
        for number in range(count):
            name = f"call{number}"
            caller = msgspec.structs.replace(kind.plan, id=name, controlling=True, dtls_role="either")
            plan = msgspec.structs.replace(kind.plan, id=name, codecs=kind.plan.receive, feed="silence")
            self.calls[name] = Call(number % len(self.hosts), plan, caller)
            self._callers.send(encode(Join(caller)))
            if number % _AT_ONCE == _AT_ONCE - 1:
                await self.all(lambda call: call.up == 2, "came up")
        await self.all(lambda call: call.up == 2, "came up")

    def change(self, **plan: object) -> None:
        """Of all calls at once."""
        for call in self.calls.values():
            call.plan = msgspec.structs.replace(call.plan, **plan)
            self._plan_soon(call.host)

    def tell(self, message: Prepare | Pour) -> None:
        """To the callers."""
        self._callers.send(encode(message))

    async def until(self, fact: Callable[[], object], what: str) -> None:
        """Raises RuntimeError when it does not come true."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while not fact():
                    if self.fault:
                        raise RuntimeError(self.fault)
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise RuntimeError(f"within {_PATIENCE:.0f} s not all {what}") from None

    async def all(self, fact: Callable[[Call], object], what: str) -> None:
        """The same of each call."""
        await self.until(lambda: all(fact(call) for call in self.calls.values()), what)

    def _plan_soon(self, host: int) -> None:
        if not self._dirty:
            asyncio.get_running_loop().call_later(0.005, self._plan)
        self._dirty.add(host)

    def _plan(self) -> None:
        for number in self._dirty:
            legs = tuple(call.plan for call in self.calls.values() if call.host == number and call.plan.remote)
            self.hosts[number].send(Plan(AudioPlan(), legs))
        self._dirty.clear()

    def _from_callers(self) -> None:
        data = self._callers.recv(MAX_MESSAGE)
        match message := up.decode(data) if data else None:
            case None:
                self._died()
            case LegDescribed():
                call = self.calls[message.leg]
                remote = Remote(message.ufrag, message.pwd, message.fingerprint, message.candidates)
                call.plan = msgspec.structs.replace(call.plan, remote=remote)
                self._plan_soon(call.host)
            case Prepared():
                self.prepared = message
            case Poured():
                self.poured = message
            case _:
                self._common(message)
        self._changed.set()

    def _from_media(self, host: int, report: Report) -> None:
        self._alive.add(host)
        self._report(report)

    def _report(self, report: Report) -> None:
        match report:
            case LegDescribed() if report.leg in self.calls:
                call = self.calls[report.leg]
                remote = Remote(report.ufrag, report.pwd, report.fingerprint, report.candidates)
                role = "server" if call.caller.security == "dtls" else "either"
                call.caller = msgspec.structs.replace(
                    call.caller, remote=remote, codecs=call.plan.codecs, dtls_role=role
                )
                self._callers.send(encode(Join(call.caller)))
            case LegSaid() if report.leg in self.calls:
                self.calls[report.leg].said = True
            case Recorded() if report.source in self.calls:
                call = self.calls[report.source]
                call.begun = True
                call.lost += sum(sound.lost for sound in report.packets[0 if call.packets else 1 :])
                call.packets += len(report.packets)
                self._store.put(report.source, report.packets)
            case RecordedAll() if report.source in self.calls:
                self.calls[report.source].over = True
            case _:
                self._common(report)
        self._changed.set()

    def _common(self, report: Report) -> None:
        match report:
            case LegUp() if report.leg in self.calls:
                self.calls[report.leg].up += 1
            case LegFailed():
                self.fault = f"{report.leg}: {report.fault}: {report.detail}"
            case _:
                pass

    def _died(self) -> None:
        self.fault = "a process died"
        self._changed.set()


@asynccontextmanager
async def service(store: Store) -> AsyncIterator[Service]:
    """All processes, running."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    made = Service(store)
    callers = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.recordings_callers",
        str(theirs.fileno()),
        pass_fds=(theirs.fileno(),),
        env=_environment(),
    )
    theirs.close()
    try:
        await made.start(ours)
        yield made
    finally:
        await made.close()
        ours.close()
        await callers.wait()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
