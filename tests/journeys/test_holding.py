"""The user's manual, HOLD: the other one hears music, and is back by the same key."""

from __future__ import annotations

import asyncio
import math
import wave
from array import array
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.listening import Ear, handsets, hears, music
from journeys.steps import all_idle, connected, does, put_through, talk_both_ways

from phone.demo.hearing import RATE
from phone.demo.stage import Desk, stage
from phone.media.hold import OWN_TUNE

pytestmark = [pytest.mark.servers, pytest.mark.slow]

BOTH = "alice>bob bob>alice"
OWN_HERTZ = 1800
"""Of the file that carol has in place of the tune."""
TONE_HERTZ = 440
"""Of the soft tone."""


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[tuple[Desk, ...]]:
    """alice has the phone's tune, bob chose the soft tone, carol a file of her own."""
    own = tmp_path / "own.wav"
    with wave.open(str(own), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        sine = [round(8000 * math.sin(2 * math.pi * OWN_HERTZ * i / 16_000)) for i in range(16_000)]
        file.writeframes(array("h", sine).tobytes())

    def edit(config: str) -> str:
        hold = "tone" if 'jid = "bob@' in config else str(own) if 'jid = "carol@' in config else "music"
        return f'{config}\n[calls]\nhold = "{hold}"\nreminder_seconds = 10\n'

    async with stage(tmp_path, "alice", "bob", "carol", edit=edit) as scene:
        yield tuple(scene.desks.values())


async def test_hold_and_resume(desks: tuple[Desk, ...]) -> None:
    """In one go, since a stage is slow to set."""
    alice, bob, carol = desks
    await put_through(alice, bob)
    await hears(BOTH, handsets(alice, bob))
    await the_tune_and_nothing_else(alice, bob)
    await both_hold(alice, bob)
    await both_hold(bob, alice)
    await the_cradle_keeps_the_call(alice, bob)
    await the_owner_s_file(carol, alice)


async def the_tune_and_nothing_else(alice: Desk, bob: Desk) -> None:
    ear = Ear(bob.handset)
    await alice.press("HOLD")
    await does(bob, lambda s: s.calls[0].held)
    assert (await alice.status()).calls[0].held_by_us
    await ear.sound(beginning_of_the_tune())
    await hears("", handsets(alice, bob))
    await music(bob.handset)
    await alice.press("HOLD")
    await does(bob, lambda s: not s.calls[0].held)
    await hears(BOTH, handsets(alice, bob))
    await talk_both_ways(alice, bob)


def beginning_of_the_tune() -> array[int]:
    with wave.open(str(OWN_TUNE)) as file:
        assert file.getframerate() == RATE
        return array("h", file.readframes(RATE))


async def both_hold(first: Desk, second: Desk) -> None:
    """Whoever resumes first waits for the other one's yes: until then he hears the other one's hold sound."""
    for each in (first, second):
        await each.press("HOLD")
        await does(each, lambda s: s.calls[0].held_by_us)
    await does(first, lambda s: s.calls[0].held)
    await hears("", handsets(first, second))
    await first.press("HOLD")
    await does(second, lambda s: not s.calls[0].held)
    ear = Ear(first.handset)
    if second.name == "bob":
        await ear.tone(TONE_HERTZ)
    else:
        await music(first.handset)
    await hears("", handsets(first, second))
    await second.press("HOLD")
    await does(first, lambda s: not s.calls[0].held)
    await hears(BOTH, handsets(first, second))


async def the_cradle_keeps_the_call(alice: Desk, bob: Desk) -> None:
    await alice.press("HOLD")
    await does(alice, lambda s: s.calls[0].held_by_us)
    await alice.hang_up()
    assert not (await alice.status()).ringer
    bell = Ear(alice.ringer)
    await does(alice, lambda s: s.ringer, 20)
    await bell.tone(800)
    assert "Bob" in " ".join((await alice.status()).screen), "the reminder does not say who waits"
    await music(bob.handset)
    await alice.lift()
    await does(alice, lambda s: connected(s) and not s.calls[0].held_by_us)
    assert not (await alice.status()).ringer
    await hears(BOTH, handsets(alice, bob))
    await alice.hang_up()
    await does(bob, lambda s: s.tone == "busy")
    await bob.hang_up()
    await all_idle(alice)


async def the_owner_s_file(carol: Desk, alice: Desk) -> None:
    await put_through(alice, carol)
    ear = Ear(alice.handset)
    await carol.press("HOLD")
    await ear.tone(OWN_HERTZ)
    await hears("", handsets(alice, carol))
    await asyncio.sleep(1.5)
    await Ear(alice.handset).tone(OWN_HERTZ)
    await carol.press("HOLD")
    await hears("alice>carol carol>alice", handsets(alice, carol))
