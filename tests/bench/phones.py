"""Our whole phone: two daemons and a private Prosody, from lifting the handset on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from statistics import median

import numpy as np
from rig.costs import costs
from rig.signals import as_samples, first_sound, onset, tone

from bench.acts import connect, part
from bench.daemon import NUMBERS, Daemon, is_ringing, two_phones
from bench.model import Case, Options, Result, Say, Talk
from bench.talk import Pair, Pids, converse, pair, sleep_until
from phone.control import Sim, ask
from phone.drivers.vcard import RATE

_SETTLE = 3.0
_START = 40.0
"""Seconds of card time for starting, dialling and answering."""
_TRIALS = 5
"""Of the moments of a call, a round."""
_TRIAL_SECONDS = 14.0
_A_HZ, _B_HZ = 1000.0, 1400.0
"""What each mouth says while the handset is lifted: far from the call progress tones' 425 Hz."""
_STANZA = 250
"""Bytes: a propose is longer, an acknowledgement or a ping shorter, TLS included."""
_CHUNK = 30.0
"""Seconds between two looks at the long call."""


def _pids(alice: Daemon, bob: Daemon) -> Pids:
    ends = (alice, bob)
    return {"media": [end.media_pid() for end in ends], "control": [end.process.pid for end in ends]}


@contextlib.asynccontextmanager
async def _kept_busy(*ends: Daemon) -> AsyncIterator[None]:
    """The control process draws, compresses and answers ten times a second meanwhile."""

    async def keep(end: Daemon) -> None:
        while True:
            await asyncio.to_thread(ask, end.control, Sim("screen"))
            await end.status()
            await asyncio.sleep(0.1)

    tasks = [asyncio.create_task(keep(end)) for end in ends]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _call(cards: Pair, packet_ms: int, options: Options, seed: int) -> Talk:
    async with two_phones(cards, options, packet_ms) as (alice, bob):
        await connect(alice, bob)
        await asyncio.sleep(_SETTLE)
        async with _kept_busy(alice, bob):
            talk = await asyncio.to_thread(converse, cards, lambda: _pids(alice, bob), options, seed)
        await part(alice, bob)
        return talk


def _calls(name: str, packet_ms: int, options: Options, say: Say) -> Result:
    talks = []
    for number in range(options.rounds):
        say(f"{name}, call {number + 1} of {options.rounds}")
        with pair(options.folder / f"{name}-{number}", options.seconds + _START) as cards:
            talks.append(asyncio.run(_call(cards, packet_ms, options, 10 + number)))
    return Result(name, packet_ms=packet_ms, talks=talks)


async def _moment(cards: Pair, alice: Daemon, bob: Daemon) -> dict[str, float | None]:
    """One call, and its moments in milliseconds."""
    lifted = await alice.lift()
    await asyncio.sleep(0.4)
    dial_tone = first_sound(_heard(cards, alice, lifted, 0.4))  # the room is silent: no sidetone
    cards.a.say(tone(_A_HZ, _TRIAL_SECONDS - 3).tobytes())
    cards.b.say(tone(_B_HZ, _TRIAL_SECONDS - 3).tobytes())
    await alice.dial(NUMBERS["bob"])
    await asyncio.sleep(0.2)
    pressed = await alice.press("#")
    await bob.until(is_ringing, "ringing")
    stanza = alice.tap.first_after(pressed, _STANZA)
    await asyncio.sleep(1.5)  # ICE and DTLS are finished while it rings
    answered = await bob.lift()
    await asyncio.sleep(1.0)
    far = onset(_heard(cards, bob, answered, 1.0), _A_HZ)
    own = onset(_heard(cards, alice, answered, 1.0), _B_HZ)
    await part(alice, bob)
    return {
        "lift to dial tone, ms": None if dial_tone is None else dial_tone / RATE * 1e3,
        "# to stanza, ms": None if stanza is None else (stanza - pressed) * 1e3,
        "lift to far speech, ms": None if far is None else far / RATE * 1e3,
        "lift to own speech, ms": None if own is None else own / RATE * 1e3,
    }


def _heard(cards: Pair, end: Daemon, since: float, seconds: float) -> np.ndarray:
    card = cards.a if end.name == "alice" else cards.b
    start = card.sample_at(since)
    return as_samples(card.hear(start, start + int(seconds * RATE)))


async def _moments(cards: Pair, options: Options, say: Say, figures: dict[str, list[float]]) -> str:
    """Fill `figures`; returns what was not heard."""
    missing = []
    async with two_phones(cards, options) as (alice, bob):
        figures.setdefault("start to registered, s", []).extend(end.registered_after for end in (alice, bob))
        for number in range(_TRIALS):
            say(f"moments, call {number + 1} of {_TRIALS}")
            next_trial = cards.a.now() + int(_TRIAL_SECONDS * RATE)
            for name, value in (await _moment(cards, alice, bob)).items():
                if value is None:
                    missing.append(name)
                else:
                    figures.setdefault(name, []).append(value)
            await asyncio.to_thread(sleep_until, cards.a, next_trial)
    return f"never came: {', '.join(missing)}" if missing else ""


def _phone_moments(options: Options, say: Say) -> Result:
    figures: dict[str, list[float]] = {}
    errors = []
    for number in range(options.rounds):
        with pair(options.folder / f"moments-{number}", _TRIALS * (_TRIAL_SECONDS + 2) + _START) as cards:
            errors.append(asyncio.run(_moments(cards, options, say, figures)))
    return Result("phone-moments", packet_ms=20, figures=figures, error="; ".join(filter(None, errors)))


async def _endure(cards: Pair, options: Options, say: Say) -> Result:
    chunk = Options(options.folder, _CHUNK, 1, options.priority)
    talks: list[Talk] = []
    looks: list[tuple[float, float, float, int]] = []
    async with two_phones(cards, options) as (alice, bob):
        await connect(alice, bob)
        await asyncio.sleep(_SETTLE)
        while len(talks) * (_CHUNK + 1.5) < options.endurance:
            say(f"endurance, {len(talks) * (_CHUNK + 1.5):.0f} s of {options.endurance:.0f}")
            talks.append(await asyncio.to_thread(converse, cards, lambda: _pids(alice, bob), chunk, len(talks)))
            media, control = ([costs(pid) for pid in pids] for pids in _pids(alice, bob).values())
            resident = [sum(end.resident_mb for end in ends) / 2 for ends in (media, control)]
            files = sum(end.descriptors for end in (*media, *control))
            looks.append((cards.a.now() / RATE, resident[0], resident[1], files))
        await part(alice, bob)
    return Result("endurance", packet_ms=20, talks=talks, figures=_growth(talks, looks))


def _growth(talks: list[Talk], looks: list[tuple[float, float, float, int]]) -> dict[str, list[float]]:
    """From the second look on: the first call fills caches."""
    medians = [talk.both.median for talk in talks]
    if len(talks) < 3:
        return {}
    third = max(1, len(medians) // 3)
    at = np.array([look[0] for look in looks[1:]])
    slopes = [float(np.polyfit(at, [look[column] for look in looks[1:]], 1)[0]) * 3600 for column in (1, 2)]
    return {
        "growth of delay, ms": [median(medians[-third:]) - median(medians[:third])],
        "growth of media, MB an hour": [slopes[0]],
        "growth of control, MB an hour": [slopes[1]],
        "growth of descriptors": [float(looks[-1][3] - looks[1][3])],
    }


def _endurance(options: Options, say: Say) -> Result:
    with pair(options.folder / "endurance", options.endurance + _CHUNK + _START) as cards:
        return asyncio.run(_endure(cards, options, say))


CASES = (
    Case("phone", "our whole phone, 20 ms packets", lambda options, say: _calls("phone", 20, options, say)),
    Case("phone-10", "our whole phone, 10 ms packets", lambda options, say: _calls("phone-10", 10, options, say)),
    Case("phone-moments", "lifting, dialling, answering, starting", _phone_moments),
    Case("endurance", "one long call: memory, delay, file descriptors", _endurance),
)
