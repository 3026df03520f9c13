"""From the key to the ear: mute, hold, call waiting, swap, the speaker, key tones. Three whole phones."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from rig.signals import first_sound

from bench.acts import PATHS, connect, part, ring, up
from bench.daemon import Daemon, phones
from bench.ears import comes, goes, heard, in_ms, seats, sing
from bench.model import Case, Options, Result, Say

Moments = dict[str, float | None]
"""Figure -> milliseconds; None: it never came."""

_TRIALS = 2
"""A round."""
_WAIT = 0.5
"""Seconds of listening after a key."""
_QUIET = 1.0
"""Seconds until the last note has died away."""
_LIFE = 0.3
"""Seconds that a note sounds before a key, to be everywhere."""


async def _key_tone(alice: Daemon, bob: Daemon) -> Moments:
    """Nobody speaks."""
    await asyncio.sleep(_QUIET)
    pressed = await alice.press("5", 0.12)
    await asyncio.sleep(_WAIT)
    return {
        "digit to its tone in the own ear": in_ms(first_sound(heard(alice.card, pressed, _WAIT))),
        "digit to its tone in the far ear": in_ms(first_sound(heard(bob.card, pressed, _WAIT))),
    }


async def _mute(alice: Daemon, bob: Daemon) -> Moments:
    sing(2.0, alice)
    await asyncio.sleep(_LIFE)
    off = await alice.press("MUTE")
    await asyncio.sleep(_WAIT)
    on = await alice.press("MUTE")
    await asyncio.sleep(_WAIT)
    return {
        "MUTE to silence in the far ear": goes(bob.card, alice, off, _WAIT),
        "MUTE to speech in the far ear": comes(bob.card, alice, on, _WAIT),
    }


async def _speaker(alice: Daemon, bob: Daemon) -> Moments:
    sing(2.0, bob)
    await asyncio.sleep(_LIFE)
    on = await alice.press("SPEAKER")
    await asyncio.sleep(_WAIT)
    off = await alice.press("SPEAKER")
    await asyncio.sleep(_WAIT)
    assert alice.speaker is not None
    return {
        "SPEAKER to sound at the speaker": comes(alice.speaker, bob, on, _WAIT),
        "SPEAKER to silence in the handset": goes(alice.card, bob, on, _WAIT),
        "SPEAKER to sound in the handset": comes(alice.card, bob, off, _WAIT),
    }


async def _hold(alice: Daemon, bob: Daemon) -> Moments:
    """She is silent when she holds him, so that what he hears next is the music."""
    sing(2.2, bob)
    await asyncio.sleep(_LIFE)
    held = await alice.press("HOLD")
    await asyncio.sleep(_WAIT)
    sing(1.5, alice)
    await asyncio.sleep(_LIFE)
    resumed = await alice.press("HOLD")
    await asyncio.sleep(_WAIT)
    return {
        "HOLD to silence in the own ear": goes(alice.card, bob, held, _WAIT),
        "HOLD to music in the far ear": in_ms(first_sound(heard(bob.card, held, _WAIT))),
        "HOLD again to speech in the far ear": comes(bob.card, alice, resumed, _WAIT),
        "HOLD again to speech in the own ear": comes(alice.card, bob, resumed, _WAIT),
    }


async def _waiting(alice: Daemon, bob: Daemon, carol: Daemon) -> Moments:
    """She talks with him; the third one knocks, and leaves again in the end."""
    await ring(carol, alice)
    await asyncio.sleep(PATHS)
    sing(2.2, alice, bob, carol)
    await asyncio.sleep(_LIFE)
    answered = await alice.press("HOLD")
    await alice.until(lambda status: up(status) == 2, "in two calls")
    await asyncio.sleep(_WAIT)
    swapped = await alice.press("HOLD")
    await asyncio.sleep(_WAIT)
    moments: Moments = {
        "HOLD to silence of the other in the own ear": goes(alice.card, bob, answered, _WAIT),
        "HOLD to who knocked in the own ear": comes(alice.card, carol, answered, _WAIT),
        "HOLD to speech in the ear of who knocked": comes(carol.card, alice, answered, _WAIT),
        "swap to the other in the own ear": comes(alice.card, bob, swapped, _WAIT),
        "swap to speech in the other's ear": comes(bob.card, alice, swapped, _WAIT),
    }
    await part(carol)
    await alice.until(lambda status: up(status) == 1, "back in one call")
    return moments


async def _all(options: Options, say: Say) -> Result:
    result, missing = Result("manners-keys", packet_ms=20), set[str]()
    with seats(options.folder / "keys", "alice", "bob", "carol", speakers=("alice",)) as places:
        async with phones(options.folder / "keys", places, options) as (alice, bob, carol):
            await connect(bob, alice)
            await asyncio.sleep(1.0)
            for number in range(_TRIALS * options.rounds):
                say(f"keys, {number + 1} of {_TRIALS * options.rounds}")
                for act in (_key_tone, _mute, _speaker, _hold):
                    missing |= keep(result, await act(alice, bob))
                missing |= keep(result, await _waiting(alice, bob, carol))
            await part(alice, bob)
    return told(result, missing)


def keep(result: Result, moments: Moments) -> set[str]:
    """Add them to the figures; returns those that never came."""
    for name, value in moments.items():
        if value is not None:
            result.figures.setdefault(f"{name}, ms", []).append(value)
    return {name for name, value in moments.items() if value is None}


def told(result: Result, missing: set[str]) -> Result:
    """The same, saying what was not heard."""
    if not missing:
        return result
    error = f"never came, once at least: {', '.join(sorted(missing))}"
    return replace(result, error=error)


def _run(options: Options, say: Say) -> Result:
    return asyncio.run(_all(options, say))


CASES = (Case("manners-keys", "from the key to the ear: mute, hold, waiting, swap, speaker, key tones", _run),)
