"""Two virtual cards on one clock, and a conversation over whatever connects them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from rig.chirps import SEARCH_SECONDS, delays_ms, track
from rig.costs import Busy, Costs, costs
from rig.signals import as_samples

from bench.model import Load, Options, Talk
from phone.drivers.vcard import RATE, Card, asound_conf, build

Pids = Mapping[str, Sequence[int]]
"""Kind of process -> the pids of that kind, an end each."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The cards of the two ends, and ALSA configurations in which each is also "default"."""

    a: Card
    b: Card
    environment_a: Mapping[str, str]
    environment_b: Mapping[str, str]


@contextlib.contextmanager
def pair(folder: Path, seconds: float) -> Iterator[Pair]:
    """Two linear cards of that many seconds, from now."""
    folder.mkdir(parents=True, exist_ok=True)
    plugin = build()
    epoch = time.monotonic_ns()
    with Card(folder / "va", seconds, epoch_ns=epoch) as a, Card(folder / "vb", seconds, epoch_ns=epoch) as b:
        yield Pair(
            a,
            b,
            asound_conf(folder / "a.conf", (a, b), plugin, default=a),
            asound_conf(folder / "b.conf", (a, b), plugin, default=b),
        )


def converse(cards: Pair, pids: Callable[[], Pids], options: Options, seed: int = 1) -> Talk:
    """Chirps in both directions for `options.seconds`, and what the processes cost meanwhile."""
    said_a, chirps_a = track(options.seconds, seed)
    said_b, chirps_b = track(options.seconds, seed + 1)
    start = cards.a.now() + RATE // 2
    cards.a.say(said_a.tobytes(), start)
    cards.b.say(said_b.tobytes(), start)
    sleep_until(cards.a, start)
    before, busy, began = _snapshot(pids()), Busy.now(), time.monotonic()
    sleep_until(cards.a, start + len(said_a))
    loads = _loads(before, _snapshot(pids()), time.monotonic() - began)
    percent = Busy.now().percent_since(busy)
    sleep_until(cards.a, start + len(said_a) + int(SEARCH_SECONDS * RATE))
    stop = start + len(said_a) + int(SEARCH_SECONDS * RATE)
    return Talk(
        delays_ms(as_samples(cards.b.hear(start, stop)), chirps_a),
        delays_ms(as_samples(cards.a.hear(start, stop)), chirps_b),
        loads,
        sum(card.stats(capture=way).xruns for card in (cards.a, cards.b) for way in (False, True)),
        sum(card.stats(capture=False).late for card in (cards.a, cards.b)),
        round(percent, 1),
    )


def sleep_until(card: Card, sample: int) -> None:
    """Until that card time is past."""
    time.sleep(max(0.0, card.monotonic_at(sample) - time.monotonic() + 0.005))


def _snapshot(pids: Pids) -> dict[str, list[Costs]]:
    return {kind: [costs(pid) for pid in ends] for kind, ends in pids.items()}


def _loads(before: dict[str, list[Costs]], after: dict[str, list[Costs]], seconds: float) -> dict[str, Load]:
    return {
        kind: Load(
            round(
                fmean(y.cpu_seconds - x.cpu_seconds for x, y in zip(before[kind], ends, strict=True)) / seconds * 1e3, 2
            ),
            round(fmean(end.resident_mb for end in ends), 1),
            fmean(end.threads for end in ends),
        )
        for kind, ends in after.items()
    }
