"""Speech through a call over good and bad networks, scored against what was said; ours and the peers' alike."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import cache
from statistics import fmean, median

import numpy as np
from rig.lossy import LossyRelay, Road, Traffic
from rig.signals import as_samples, speech_delay

from bench.media import two_processes
from bench.model import Case, Options, Result, Say
from bench.peers import AS_SHIPPED, settle
from bench.programs import debian_version
from bench.siprelay import SIP_PORT, sip_through
from bench.stoi import Signal, resampled, stoi
from bench.talk import Pair, pair, sleep_until
from phone.demo.speech import speak
from phone.drivers.vcard import RATE

_LEARN = 8.0
"""Seconds of bad network before anything is scored: codecs and jitter buffers adapt to it."""
_SENTENCES = (
    "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background.",
    "It is easy to tell the depth of a well. These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls. The juice of lemons makes fine punch.",
    "The box was thrown beside the parked truck. The hogs were fed chopped corn and garbage.",
)
"""IEEE Harvard sentences, list 1 and 2."""
_VOICES = (("en-gb", 35), ("en-us", 65))
_LOUDNESS = 3000
_PHRASE = 4 * RATE
_LATEST = RATE
_PATTERN = 1009
"""Packets until the pattern of losses begins anew: prime, so that it falls on other words then."""


@dataclass(frozen=True, slots=True)
class Network:
    """A kind of network, the same for everyone."""

    name: str
    loss_percent: float
    jitter_ms: float
    """Each packet waits from 0 to so long; none overtakes another."""

    def road(self, seed: int) -> Road:
        """One direction of it."""
        chance = random.Random(seed)
        lost = tuple(chance.random() * 100 < self.loss_percent for _ in range(_PATTERN))
        delay = tuple(chance.uniform(0, self.jitter_ms) for _ in range(_PATTERN))
        return Road(lost, delay, in_order=True)


NETWORKS = (Network("clean", 0, 0), Network("5 % loss", 5, 0), Network("10 % loss, 30 ms jitter", 10, 30))


@cache
def spoken() -> np.ndarray:
    """Some 40 s of two voices, 48 kHz int16."""
    pause = np.zeros(RATE // 2)
    parts = [part for text in _SENTENCES for voice, pitch in _VOICES for part in (_normal(text, voice, pitch), pause)]
    return np.clip(np.concatenate(parts), -30_000, 30_000).astype(np.int16)


def _normal(text: str, voice: str, pitch: int) -> Signal:
    samples = np.array(speak(text, voice, pitch=pitch), float)
    return samples * (_LOUDNESS / np.sqrt((samples**2).mean()))


@dataclass(frozen=True, slots=True)
class Score:
    """One direction."""

    stoi: float
    pesq: float | None
    """Wide band, 1 to 4.6; None where the package `pesq` is not installed."""
    delays_ms: tuple[float, ...]
    """Mouth to ear of each phrase."""


def scored(said: np.ndarray, heard: np.ndarray) -> Score:
    """Phrase by phrase, each at its own delay: a jitter buffer may change it. `heard` is a second longer."""
    phrases, delays = [], []
    for start in range(0, len(said) - _PHRASE + 1, _PHRASE):
        phrase, ear = said[start : start + _PHRASE], heard[start : start + _PHRASE + _LATEST]
        match = speech_delay(phrase, ear)
        shift = round(match.delay_ms * RATE / 1000)
        phrases.append((phrase.astype(float), ear[shift : shift + _PHRASE].astype(float)))
        delays.append(match.delay_ms)
    return Score(fmean(stoi(x, y, RATE) for x, y in phrases), _pesq(phrases), tuple(delays))


def _pesq(phrases: list[tuple[Signal, Signal]]) -> float | None:
    # No wheels exist for it, so it is no dependency.
    if importlib.util.find_spec("pesq") is None:
        return None
    from pesq import NoUtterancesError, pesq  # type: ignore[import-not-found, import-untyped, unused-ignore]

    scores = []
    for x, y in phrases:
        with contextlib.suppress(NoUtterancesError):
            scores.append(float(pesq(16_000, resampled(x, RATE, 16_000), resampled(y, RATE, 16_000), "wb")))
    return fmean(scores) if scores else None


def _listen(cards: Pair) -> tuple[Score, Score]:
    """Both say the same; what each ear heard, scored."""
    said = spoken()
    start = cards.a.now() + int(_LEARN * RATE)
    for card in (cards.a, cards.b):
        card.say(said[: int((_LEARN - 1) * RATE)].tobytes(), start - int((_LEARN - 0.5) * RATE))
        card.say(said.tobytes(), start)
    stop = start + len(said) + _LATEST
    sleep_until(cards.a, stop)
    a, b = (scored(said, as_samples(card.hear(start, stop))) for card in (cards.b, cards.a))
    return a, b


Connect = Callable[[Pair, Options, Road, Road], contextlib.AbstractAsyncContextManager[LossyRelay]]


@contextlib.asynccontextmanager
async def _ours(cards: Pair, options: Options, a_to_b: Road, b_to_a: Road) -> AsyncIterator[LossyRelay]:
    os.environ.update(cards.environment_a)
    async with LossyRelay(a_to_b, b_to_a) as relay, two_processes(20, options.priority, relay):
        yield relay


def _theirs(name: str) -> Connect:
    @contextlib.asynccontextmanager
    async def connect(cards: Pair, options: Options, a_to_b: Road, b_to_a: Road) -> AsyncIterator[LossyRelay]:
        async with sip_through(a_to_b, b_to_a) as relay:
            # Popen's own waiting at the end may block the loop: nothing is measured then
            with AS_SHIPPED[name][1](cards, options, SIP_PORT) as processes:
                await asyncio.to_thread(settle, processes, cards.a.path.parent)
                yield relay

    return connect


async def _call(connect: Connect, network: Network, options: Options, seed: int) -> tuple[tuple[Score, Score], float]:
    seconds = len(spoken()) / RATE + _LEARN + 30
    folder = options.folder / f"{connect.__qualname__.strip('_')[:4]}-{NETWORKS.index(network)}-{seed}"
    if options.priority:  # the relay must not add jitter of its own
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(options.priority))
    with pair(folder, seconds) as cards:
        async with connect(cards, options, network.road(seed), network.road(seed + 1)) as relay:
            scores = await asyncio.to_thread(_listen, cards)
            return scores, _lost_percent(relay.traffic)


def _lost_percent(traffic: tuple[Traffic, Traffic]) -> float:
    return 100 * sum(way.lost for way in traffic) / max(1, sum(way.packets for way in traffic))


def _case(name: str, what: str, connect: Connect, package: str = "") -> Case:
    def run(options: Options, say: Say) -> Result:
        version = debian_version(package) if package else ""
        if package and not version:
            return Result(name, error=f"not installed: apt install {package}")
        result = Result(name, version, 20)
        for network in NETWORKS:
            for number in range(options.rounds):
                say(f"{name}, {network.name}, call {number + 1} of {options.rounds}")
                scores, lost = asyncio.run(_call(connect, network, options, 20 + 2 * number))
                _note(result.figures, network.name, scores, lost)
        return result

    return Case(name, what, run, ours=not package, private_network=bool(package))


def _note(figures: dict[str, list[float]], network: str, scores: tuple[Score, Score], lost: float) -> None:
    def add(what: str, *values: float | None) -> None:
        if found := [value for value in values if value is not None]:
            figures.setdefault(f"{network}: {what}", []).extend(found)

    add("STOI", *(score.stoi for score in scores))
    add("PESQ", *(score.pesq for score in scores))
    add("mouth to ear, ms", *(median(score.delays_ms) for score in scores))
    add("packets lost, %", lost)


CASES = (
    _case("quality", "speech through our media processes over bad networks", _ours),
    *(
        _case(f"quality-{name}", f"the same through {name}", _theirs(name), package)
        for name, (package, _) in AS_SHIPPED.items()
    ),
)
