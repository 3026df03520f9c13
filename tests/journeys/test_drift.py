"""Sound cards whose crystals disagree: one end speaks faster than the other plays, for a minute."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from journeys.steps import put_through
from rig.chirps import Chirp, Samples, delay_ms, waveform

from phone.demo.prosody import PrivateProsody
from phone.demo.stage import Desk, desk, registered
from phone.drivers.vcard import RATE

pytestmark = [pytest.mark.servers, pytest.mark.slow]

PASSWORDS = {"alice": "a secret", "bob": "another"}
PPM = 200.0
ROUNDS = 15
ROUND = 4 * RATE
"""Each round: a chirp that tells the delay, and then a tone in which a click would show."""
TONE = slice(RATE // 2, ROUND)
HZ = 440.0
LOUDNESS = 8_000


def one_round(number: int) -> tuple[Samples, Chirp]:
    chirp = Chirp(RATE // 10, up=number % 2 == 0)
    samples = np.zeros(ROUND)
    wave = 12_000 * waveform(up=chirp.up)
    samples[chirp.at : chirp.at + len(wave)] = wave
    t = np.arange(TONE.stop - TONE.start) / RATE
    samples[TONE] = LOUDNESS * np.sin(2 * np.pi * HZ * t)
    return samples.astype(np.int16), chirp


def breaks(tone: Samples) -> int:
    """How often a steady tone's phase jumps by more than a sixth of a turn within 10 ms, or the tone is not there."""
    step = RATE // 100
    turned = tone * np.exp(-2j * np.pi * HZ * np.arange(len(tone)) / RATE)
    windows = turned[: len(tone) - len(tone) % step].reshape(-1, step).mean(axis=1)
    jumps = np.abs(np.angle(windows[1:] * windows[:-1].conj())) > np.pi / 3
    return int(np.count_nonzero(jumps | (np.abs(windows[1:]) < LOUDNESS / 10)))


@dataclass(frozen=True, slots=True)
class Heard:
    """One round at the ear."""

    delay_ms: float | None
    breaks: int


async def speak(mouth: Desk, begin: int) -> None:
    """All rounds from card time `begin`, each handed over while the one before it is spoken."""
    for number in range(ROUNDS):
        await until(mouth.handset.monotonic_at(begin + (number - 1) * ROUND))
        mouth.handset.say(one_round(number)[0].tobytes(), begin + number * ROUND)


async def listen(mouth: Desk, ear: Desk, begin: int) -> list[Heard]:
    """What of each round came."""
    found = []
    for number in range(ROUNDS):
        start = ear.handset.sample_at(mouth.handset.monotonic_at(begin + number * ROUND))
        await until(ear.handset.monotonic_at(start + ROUND + RATE))
        samples = np.frombuffer(ear.heard(start, start + ROUND), dtype=np.int16)
        found.append(Heard(delay_ms(samples, one_round(number)[1]), breaks(samples[TONE.start + RATE // 5 :])))
    return found


async def until(monotonic: float) -> None:
    await asyncio.sleep(max(0.0, monotonic - time.monotonic()))


async def minute(mouth: Desk, ear: Desk) -> list[Heard]:
    begin = mouth.handset.now() + RATE // 2
    _, heard = await asyncio.gather(speak(mouth, begin), listen(mouth, ear, begin))
    return heard


async def test_clock_drift_is_absorbed(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(PrivateProsody(tmp_path / "server", PASSWORDS))
        alice, bob = [
            await stack.enter_async_context(desk(tmp_path / name, name, PASSWORDS[name], server, ppm=ppm))
            for name, ppm in (("alice", PPM), ("bob", -PPM))
        ]
        await asyncio.gather(registered(alice), registered(bob))
        await put_through(alice, bob)
        at_bob, at_alice = await asyncio.gather(minute(alice, bob), minute(bob, alice))
        for heard in at_bob, at_alice:
            delays = [each.delay_ms for each in heard if each.delay_ms is not None]
            assert len(delays) == ROUNDS, "a chirp was not heard"
            # Unabsorbed, first and last third would be 16 ms apart. A busy machine adds delay, but not for long.
            assert abs(min(delays[-5:]) - min(delays[:5])) < 12, heard
            # A machine that stalls tears one round to pieces; drift that is not absorbed, a little of each.
            assert sum(each.breaks > 0 for each in heard) < ROUNDS / 2, [each.breaks for each in heard]
        for each in alice, bob:
            (call,) = (await each.status()).calls
            assert call.loss_percent == 0
            assert call.concealed_ms is not None
            assert call.concealed_ms < 1200, "more than 2 %"


def test_breaks_are_counted() -> None:
    """The gate of the test above: in three seconds of tone, what 24 ms cut out or repeated, and a gap, look like."""
    tone = one_round(0)[0][TONE]
    gap = np.concatenate([tone[:40_000], np.zeros(2_000, np.int16), tone[40_000:]])
    assert breaks(tone) == 0
    assert breaks(np.concatenate([tone[:50_000], tone[51_152:]])) == 1
    assert breaks(np.concatenate([tone[:50_000], tone[48_848:]])) == 1
    assert 3 <= breaks(gap) <= 6
