"""Two legs in one process over real sockets on loopback, with a go-between in place of Jingle."""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import msgspec

from phone.media.coders import make_codec
from phone.media.dtls import Certificate
from phone.media.leg import Leg, Surroundings
from phone.media.plan import (
    Candidate,
    Codec,
    IceServer,
    LegCandidate,
    LegDescribed,
    LegFailed,
    LegPlan,
    LegUp,
    Remote,
    Report,
)
from phone.media.speech import Speech

OPUS = Codec("opus", 111, 48_000, 2)
PCMU = Codec("pcmu", 0, 8_000)
EVENTS = Codec("telephone-event", 101, 48_000)
RECEIVE = (OPUS, EVENTS, PCMU)
FRAME = 960


@dataclass
class End:
    """One side: its leg, what it reported, what it is told of the other side."""

    plan: LegPlan
    around: Surroundings
    reports: list[Report] = field(default_factory=list)
    digits: list[str] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    described: LegDescribed | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    on_change: Callable[[], None] = lambda: None
    leg: Leg | None = None

    def start(self) -> None:
        around = replace(self.around, report=self._report)
        speech = Speech(self.plan.id, lambda name: make_codec(name, bitrate=28_000, complexity=1), self.digits.append)
        self.leg = Leg(self.plan, around, Certificate(), speech)

    @property
    def the_leg(self) -> Leg:
        assert self.leg is not None
        return self.leg

    def _report(self, report: Report) -> None:
        self.reports.append(report)
        if isinstance(report, LegDescribed):
            self.described, self.candidates = report, list(report.candidates)
            self.on_change()
        elif isinstance(report, LegCandidate):
            self.candidates.append(report.candidate)
            self.on_change()
        self.changed.set()

    def follow(self, **changes: object) -> None:
        self.plan = msgspec.structs.replace(self.plan, **changes)
        self.the_leg.follow(self.plan)

    def as_remote(self) -> Remote:
        assert self.described is not None
        told = self.described
        return Remote(told.ufrag, told.pwd, told.fingerprint, tuple(self.candidates))

    async def until(self, kind: type[Report], count: int = 1, seconds: float = 20.0) -> Report:
        """The `count`th report of a kind, when it has come."""
        async with asyncio.timeout(seconds):
            while True:
                found = [report for report in self.reports if isinstance(report, kind)]
                if len(found) >= count:
                    return found[count - 1]
                self.changed.clear()
                await self.changed.wait()

    def told(self, kind: type[Report]) -> list[Report]:
        return [report for report in self.reports if isinstance(report, kind)]


def make_end(
    *,
    controlling: bool,
    addresses: tuple[str, ...] = ("127.0.0.1",),
    servers: tuple[IceServer, ...] = (),
    relay_only: bool = False,
    **plan: object,
) -> End:
    around = Surroundings(addresses, (0, 0), servers, relay_only, lambda _report: None)
    role = "either" if controlling else "client"
    fields: dict[str, object] = {"dtls_role": role, "receive": RECEIVE, **plan}
    return End(LegPlan("caller" if controlling else "callee", controlling, **fields), around)  # type: ignore[arg-type]


class Pair:
    """Caller and callee; `async with` starts them and tells each about the other as it becomes known."""

    def __init__(self, caller: End, callee: End, *, tell: bool = True) -> None:
        self.caller, self.callee = caller, callee
        if tell:
            caller.on_change = lambda: callee.follow(remote=caller.as_remote())
            callee.on_change = lambda: caller.follow(remote=callee.as_remote())

    async def __aenter__(self) -> Self:
        self.caller.start()
        self.callee.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for end in (self.caller, self.callee):
            await end.the_leg.close()

    async def up(self) -> None:
        await asyncio.gather(self.caller.until(LegUp), self.callee.until(LegUp))

    def answer(self, codecs: tuple[Codec, ...] = (OPUS, EVENTS)) -> None:
        for end in (self.caller, self.callee):
            end.follow(codecs=codecs)

    def failures(self) -> list[str]:
        return [report.fault for end in (self.caller, self.callee) for report in end.told(LegFailed)]  # type: ignore[attr-defined]


def tone(frequency: int, samples: int, start: int = 0) -> array[int]:
    step = 2 * math.pi * frequency / 48_000
    return array("h", [round(8000 * math.sin(step * (start + i))) for i in range(samples)])


def share_of(samples: Sequence[int], frequency: int) -> float:
    """How much of the energy is at one frequency, 0 to 1: 20 ms at a time, since speech may be stretched."""
    blocks = [samples[i : i + FRAME] for i in range(0, len(samples) - FRAME + 1, FRAME)]
    energy = sum(x * x for block in blocks for x in block)
    return sum(_power_at(block, frequency) for block in blocks) / energy if energy else 0.0


def _power_at(block: Sequence[int], frequency: int) -> float:
    step = 2 * math.pi * frequency / 48_000
    real = sum(x * math.cos(step * i) for i, x in enumerate(block))
    imaginary = sum(x * math.sin(step * i) for i, x in enumerate(block))
    return 2 * (real * real + imaginary * imaginary) / len(block)


async def converse(speaker: End, listener: End, frequency: int | None, frames: int = 50) -> array[int]:
    """Both speak frame by frame in real time (the speaker a tone, or nothing at all); what the listener heard."""
    heard = array("h")
    loop = asyncio.get_running_loop()
    begin = loop.time()
    for frame in range(frames):
        samples = None if frequency is None else tone(frequency, FRAME, frame * FRAME)
        speaker.the_leg.speech.speak(samples, FRAME)
        listener.the_leg.speech.speak(None, FRAME)
        await asyncio.sleep(begin + (frame + 1) * 0.02 - loop.time())
        heard += listener.the_leg.speech.hear(FRAME)
        speaker.the_leg.speech.hear(FRAME)
    return heard
