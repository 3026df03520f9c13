"""Mouths that sing a tone each, and when it comes to an ear or leaves it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rig.signals import FULL_SCALE, as_samples, onset, tone

from bench.daemon import Daemon, Seat
from phone.drivers.vcard import RATE, Card, asound_conf, build

Samples = npt.NDArray[np.int16]

VOICES = {"alice": 2100.0, "bob": 2500.0, "carol": 2900.0, "dave": 3300.0}
"""Hertz: above what the hold tune and the call progress tones have, inside a telephone codec's band."""
_KEEPS = 60.0
"""Seconds that a card remembers."""
_WINDOW = RATE // 100
_THERE = FULL_SCALE * 10 ** (-30 / 20)


@contextlib.contextmanager
def seats(
    folder: Path,
    *names: str,
    speakers: tuple[str, ...] = (),
    lacks: Mapping[str, tuple[str, ...]] | None = None,
    more: Mapping[str, str] | None = None,
) -> Iterator[list[Seat]]:
    """A card for each, and one of its own for each of `speakers`; all of one clock. `lacks`, `more`: as in `Seat`."""
    folder.mkdir(parents=True, exist_ok=True)
    plugin, epoch = build(), time.monotonic_ns()
    with contextlib.ExitStack() as stack:

        def card(name: str) -> Card:
            return stack.enter_context(Card(folder / name, _KEEPS, ring=True, epoch_ns=epoch))

        made = {name: (card(f"v{name}"), card(f"s{name}") if name in speakers else None) for name in names}
        both = [each for pair in made.values() for each in pair if each is not None]
        environment = asound_conf(folder / "cards.conf", both, plugin)
        yield [
            Seat(name, ear, environment, speaker, (lacks or {}).get(name, ()), (more or {}).get(name, ""))
            for name, (ear, speaker) in made.items()
        ]


def sing(seconds: float, *mouths: Daemon) -> None:
    """All of them from now on, each on its own note."""
    for mouth in mouths:
        start = mouth.card.now() + RATE // 100
        mouth.card.say(tone(VOICES[mouth.name], seconds).tobytes(), start)


def heard(card: Card, since: float, seconds: float) -> Samples:
    """What it played in the time after an instant; the time must be past."""
    start = card.sample_at(since)
    return as_samples(card.hear(start, start + int(seconds * RATE)))


def comes(card: Card, mouth: Daemon, since: float, seconds: float) -> float | None:
    """Milliseconds after `since` when that mouth's note begins to be heard; None: it is not."""
    return in_ms(onset(heard(card, since, seconds), VOICES[mouth.name]))


def goes(card: Card, mouth: Daemon, since: float, seconds: float) -> float | None:
    """Milliseconds after `since` when it was heard last; None: it was not there, or is there to the end."""
    return in_ms(ending(heard(card, since, seconds), VOICES[mouth.name]))


def ending(sound: Samples, hz: float) -> int | None:
    """Index behind the last of that tone; None: it is not there in the beginning, or still there in the end."""
    turned = np.cumsum(sound * np.exp(-2j * np.pi * hz * np.arange(len(sound)) / RATE))
    there = np.flatnonzero(2 * np.abs(turned[_WINDOW:] - turned[:-_WINDOW]) / _WINDOW > _THERE)
    if not len(there) or there[0] > _WINDOW or there[-1] > len(sound) - 3 * _WINDOW:
        return None
    return int(there[-1])


def in_ms(samples: int | None) -> float | None:
    """Card time as milliseconds."""
    return None if samples is None else samples / RATE * 1e3
