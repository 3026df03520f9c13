"""A room (the media process's inside) and far ends that call it over real sockets on loopback."""

from __future__ import annotations

import asyncio
from array import array
from typing import Self, TypeVar

import msgspec
from legs import EVENTS, FRAME, OPUS, PCMU, End, make_end, tone

from phone.media.plan import (
    AudioPlan,
    Candidate,
    Codec,
    Device,
    DigitHeard,
    LegCandidate,
    LegDescribed,
    LegFailed,
    LegPlan,
    LegStats,
    LegUp,
    Plan,
    Remote,
    Report,
    SendDigit,
    Setup,
)
from phone.media.room import Room

Told = TypeVar("Told", bound=Report)
PCMU_EVENTS = Codec("telephone-event", 102, 8_000)
SPEAKS = {"opus": (OPUS, EVENTS), "pcmu": (PCMU, PCMU_EVENTS)}


class House:
    """The room has no card unless the setup names one: a soft clock paces it."""

    def __init__(self, setup: Setup | None = None, **codecs: str) -> None:
        """`codecs`: a far end's name and what it speaks."""
        self.reports: list[Report] = []
        self.setup = setup or Setup(Device("", ""), Device(), addresses=("127.0.0.1",), opus_complexity=1)
        self.codecs = {name: SPEAKS[codec] for name, codec in codecs.items()}
        self.far: dict[str, End] = {}
        self.plans: dict[str, LegPlan] = {}
        self.candidates: dict[str, list[Candidate]] = {name: [] for name in codecs}
        self.audio = AudioPlan()

    async def __aenter__(self) -> Self:
        self.room = Room(self.setup, self)
        for name, codecs in self.codecs.items():
            self.plans[name] = LegPlan(name, controlling=False, dtls_role="client", codecs=codecs, receive=codecs)
            end = self.far[name] = make_end(controlling=True, codecs=codecs, receive=codecs)
            end.on_change = lambda end=end, name=name: self.change(name, remote=end.as_remote())  # type: ignore[misc]
        self.plan()
        for end in self.far.values():
            end.start()
        await asyncio.gather(*(end.until(LegUp) for end in self.far.values()))
        async with asyncio.timeout(20):
            while len(self.told(LegUp)) < len(self.far):
                await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.room.close()
        for end in self.far.values():
            await end.the_leg.close()

    def report(self, report: Report) -> None:
        self.reports.append(report)
        if isinstance(report, LegDescribed):
            self.candidates[report.leg] = list(report.candidates)
        elif isinstance(report, LegCandidate):
            self.candidates[report.leg].append(report.candidate)
        if isinstance(report, LegDescribed | LegCandidate):
            told = next(each for each in self.told(LegDescribed) if each.leg == report.leg)
            remote = Remote(told.ufrag, told.pwd, told.fingerprint, tuple(self.candidates[report.leg]))
            self.far[report.leg].follow(remote=remote)

    report_threadsafe = report

    def told(self, kind: type[Told]) -> list[Told]:
        return [report for report in self.reports if isinstance(report, kind)]

    def change(self, name: str, **changes: object) -> None:
        self.plans[name] = msgspec.structs.replace(self.plans[name], **changes)
        self.plan()

    def hear(self, **audio: object) -> None:
        self.audio = msgspec.structs.replace(self.audio, **audio)
        self.plan()

    def plan(self) -> None:
        self.room.follow(Plan(self.audio, tuple(self.plans.values())))

    def bridge(self, one: str, other: str) -> None:
        for leg, source in ((one, other), (other, one)):
            self.plans[leg] = msgspec.structs.replace(self.plans[leg], feed="bridge", bridge=source)
        self.plan()

    async def say(self, frames: int = 50, **hertz: int) -> dict[str, array[int]]:
        """Each far end says its tone in real time (none: silence); what each of them heard."""
        loop, heard = asyncio.get_running_loop(), {name: array("h") for name in self.far}
        begin = loop.time()
        for frame in range(frames):
            for name, end in self.far.items():
                said = tone(hertz[name], FRAME, frame * FRAME) if name in hertz else None
                end.the_leg.speech.speak(said, FRAME)
            await asyncio.sleep(begin + (frame + 1) * 0.02 - loop.time())
            for name, end in self.far.items():
                heard[name] += end.the_leg.speech.hear(FRAME)
        return heard

    def digit(self, leg: str, digit: str) -> None:
        self.room.digit(SendDigit(leg, digit))

    def digits(self) -> list[tuple[str, str]]:
        return [(report.leg, report.digit) for report in self.told(DigitHeard)]

    def stats(self, leg: str) -> LegStats:
        return self.room._legs[leg].speech.stats()

    def failures(self) -> list[Report]:
        return list(self.told(LegFailed))
