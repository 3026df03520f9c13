"""Our media processes alone: two of them, plans handed across by hand, DTLS-SRTP over ICE on loopback."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from rig.lossy import LossyRelay

from bench.model import Case, Options, Result, Say, Talk
from bench.talk import Pair, converse, pair
from phone.media.host import MediaHost
from phone.media.plan import (
    AudioPlan,
    Candidate,
    Codec,
    Device,
    LegCandidate,
    LegDescribed,
    LegFailed,
    LegPlan,
    LegStats,
    LegUp,
    Plan,
    Remote,
    Report,
    Setup,
)

_OPUS = (Codec("opus", 111, 48_000, 2, {"useinbandfec": "1"}),)
_PATIENCE = 30.0
_SETTLE = 3.0
"""Seconds for the jitter buffer to find its depth."""


@dataclass(slots=True)
class End:
    """One media process and what it reported."""

    card: str
    caller: bool
    packet_ms: int
    host: MediaHost = field(init=False)
    far: End = field(init=False)
    up: asyncio.Event = field(default_factory=asyncio.Event)
    described: LegDescribed | None = None
    stats: LegStats | None = None
    fault: str = ""
    towards: Candidate | None = None
    """Where to send, instead of to what the far end describes: a relay."""

    def __post_init__(self) -> None:
        self.host = MediaHost(self.report, self.restarted)

    async def start(self, priority: int) -> None:
        """Start the process and its leg; the far end must be known."""
        await self.host.start(Setup(Device(self.card, self.card), Device(), addresses=("127.0.0.1",)))
        if priority and self.host.pid:
            os.sched_setscheduler(self.host.pid, os.SCHED_FIFO, os.sched_param(priority))
        self.plan()

    def report(self, report: Report) -> None:
        match report:
            case LegDescribed():
                self.described = report
                self.far.plan()
            case LegCandidate() if self.described is not None:
                d = self.described
                more = (*d.candidates, report.candidate)
                self.described = LegDescribed(d.leg, d.ufrag, d.pwd, d.fingerprint, more, d.restart)
                self.far.plan()
            case LegUp():
                self.up.set()
            case LegStats():
                self.stats = report
            case LegFailed():
                self.fault = f"{report.fault}: {report.detail}"
                self.up.set()
            case _:
                pass

    def restarted(self) -> None:
        self.fault = "the media process died"
        self.up.set()

    def plan(self) -> None:
        """Say what is known now."""
        far = self.far.described
        remote = None
        if far is not None:
            candidates = (self.towards,) if self.towards is not None else far.candidates
            remote = Remote(far.ufrag, far.pwd, far.fingerprint, candidates)
        leg = LegPlan(
            "leg",
            controlling=self.caller,
            dtls_role="client" if not self.caller else "server" if far else "either",
            codecs=_OPUS if far else (),
            receive=_OPUS,
            ptime=self.packet_ms,
            remote=remote,
        )
        self.host.send(Plan(AudioPlan(handset=True, talk=("leg",), send=True), (leg,)))


@asynccontextmanager
async def two_processes(
    packet_ms: int, priority: int, through: LossyRelay | None = None
) -> AsyncIterator[tuple[End, End]]:
    """A call that is up. Raises RuntimeError when it does not come up."""
    a, b = End("va", caller=True, packet_ms=packet_ms), End("vb", caller=False, packet_ms=packet_ms)
    a.far, b.far = b, a
    if through is not None:
        a.towards, b.towards = (Candidate(1, "relay", *address, 1) for address in (through.for_a, through.for_b))
    try:
        # both have a socket before either can report
        await asyncio.gather(a.start(priority), b.start(priority))
        async with asyncio.timeout(_PATIENCE):
            await asyncio.gather(a.up.wait(), b.up.wait())
        if fault := a.fault or b.fault:
            raise RuntimeError(fault)
        yield a, b
    finally:
        await asyncio.gather(a.host.close(), b.host.close())


async def _measure(cards: Pair, packet_ms: int, options: Options, seed: int) -> tuple[Talk, list[LegStats]]:
    os.environ.update(cards.environment_a)
    async with two_processes(packet_ms, options.priority) as (a, b):
        await asyncio.sleep(_SETTLE)
        pids = {"media": [end.host.pid or 0 for end in (a, b)]}
        talk = await asyncio.to_thread(converse, cards, lambda: pids, options, seed)
        return talk, [end.stats for end in (a, b) if end.stats is not None]


def _case(name: str, what: str, packet_ms: int) -> Case:
    def run(options: Options, say: Say) -> Result:
        result = Result(name, packet_ms=packet_ms)
        for number in range(options.rounds):
            say(f"{name}, call {number + 1} of {options.rounds}")
            with pair(options.folder / f"{name}-{number}", options.seconds + _PATIENCE + _SETTLE) as cards:
                talk, stats = asyncio.run(_measure(cards, packet_ms, options, 10 + number))
            result.talks.append(talk)
            for figure, read in _STATS.items():
                result.figures.setdefault(figure, []).extend(read(s) for s in stats)
        return result

    return Case(name, what, run)


_STATS = {
    "jitter buffer, ms": lambda s: s.jitter_buffer_ms,
    "concealed, ms": lambda s: float(s.concealed_ms),
}

CASES = (
    _case("media", "our media processes alone, 20 ms packets, DTLS-SRTP", 20),
    _case("media-10", "the same with 10 ms packets", 10),
)
