"""Ears of journeys: who hears whom, told by tones, since a tone that everybody has of his own tells it of all at once.

A voice is a tone of its own for each person, above what the hold tune and the phones' own tones have; an ear or mouth
is a card, for one may sit at the handset and another at the speaker.
"""

from __future__ import annotations

import asyncio
import math
import time
from array import array
from collections.abc import Callable, Collection, Iterable, Mapping

import pytest

from phone.demo.hearing import RATE, find, loudness, tone_share
from phone.demo.stage import Desk
from phone.drivers.vcard import Card
from phone.media.dtmf import FREQUENCIES

VOICES = {"alice": 2100, "bob": 2500, "carol": 2900, "dave": 3300}
"""Hertz; each fits into a part as a whole number of periods, so that none is taken for another."""
KNOCK = 425
"""Hertz of Germany's call waiting tone, and of its dial and busy tones."""
_LOUD = 6000
_HEARD, _UNHEARD = 800.0, 60.0
"""Of a voice at an ear (RMS): above the one it is heard, below the other it is not; in between, nobody knows."""
_PART = RATE // 20
_TRIES = 10


def handsets(*desks: Desk) -> dict[str, Card]:
    """All with the handset at their ear."""
    return {each.name: each.handset for each in desks}


async def hears(expected: str, cards: Mapping[str, Card], mouths: Collection[str] = (), *, torn: bool = False) -> None:
    """All of `cards` (or those `mouths` alone, for a speakerphone) speak at once, and each hears whom he should and
    nobody else: "alice>bob bob>alice", in any order. What is not so at first may become so. `torn`: sound has gaps all
    the time, and what crackles there is nobody's voice.
    """
    wanted, found = frozenset(expected.split()), frozenset[str]()
    for _ in range(_TRIES):
        found = await _who_hears_whom(cards, mouths or cards)
        if torn:
            found = frozenset(each for each in found if not each.endswith("?"))
        if found == wanted:
            return
    pytest.fail(f"wanted {sorted(wanted)}, but there is {sorted(found)} (? is neither heard nor unheard)")


async def _who_hears_whom(cards: Mapping[str, Card], mouths: Collection[str]) -> frozenset[str]:
    for name in mouths:
        cards[name].say(_voice(VOICES[name]), cards[name].now() + RATE // 20)
    listened = time.monotonic() + 0.4, time.monotonic() + 1.0
    await asyncio.sleep(1.2)
    return frozenset(
        f"{mouth}>{ear}{mark}"
        for ear, card in cards.items()
        for mouth in cards
        if (mark := _mark(_levels(_between(card, *listened), VOICES[mouth]))) is not None
    )


def _voice(hertz: int) -> bytes:
    step = 2 * math.pi * hertz / RATE
    return array("h", [round(_LOUD * math.sin(step * i)) for i in range(RATE * 11 // 10)]).tobytes()


def _mark(levels: list[float]) -> str | None:
    """ "": heard, None: not; gaps and crackles of a machine with too much to do are in neither's way."""
    ordered = sorted(levels)
    if ordered[len(ordered) // 2] > _HEARD:
        return ""
    return None if ordered[len(ordered) * 3 // 4] < _UNHEARD else "?"


def _levels(heard: array[int], hertz: float) -> list[float]:
    """Of that tone, part by part."""
    parts = [heard[at : at + _PART] for at in range(0, len(heard) - _PART + 1, _PART)]
    return [loudness(part) * math.sqrt(tone_share(part, hertz)) for part in parts]


def _between(card: Card, start: float, stop: float) -> array[int]:
    return array("h", card.hear(card.sample_at(start), card.sample_at(stop)))


# --- one ear ----------------------------------------------------------------------------------------------------


class Ear:
    """What a card plays from the moment this is made: `with` nothing, just ask it."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.began = card.now()

    def heard(self) -> array[int]:
        """All of it until now; a card forgets what is older than half a minute."""
        return array("h", self.card.hear(self.began, self.card.now()))

    async def tone(self, *hertz: float, seconds: float = 10) -> None:
        """Return as soon as those tones together have been heard."""
        await self._until(lambda sound: _sounds(sound, hertz), seconds, f"no tone of {hertz} Hz")

    async def digit(self, digit: str, seconds: float = 10) -> None:
        """The same for a key's two tones (ITU-T Q.23)."""
        await self.tone(*FREQUENCIES[digit], seconds=seconds)

    async def sound(self, reference: array[int], seconds: float = 10) -> None:
        """The same for a known sound."""
        await self._until(lambda sound: find(reference, sound).correlation > 0.6, seconds, "not that sound", again=1.0)

    async def _until(
        self, true: Callable[[array[int]], bool], seconds: float, otherwise: str, again: float = 0.1
    ) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            await asyncio.sleep(again)
            if await asyncio.to_thread(true, self.heard()):
                return
        heard = self.heard()
        pytest.fail(f"{self.card.name}: {otherwise} within {len(heard) / RATE:.1f} s, loudness {loudness(heard):.0f}")


def _sounds(sound: array[int], hertz: Iterable[float]) -> bool:
    """In some part each of them has its share of what is there beside voices."""
    parts = (sound[at : at + _PART] for at in range(0, len(sound) - _PART + 1, _PART // 2))
    return any(loudness(part) > 300 and all(_level(part, each) > 300 for each in hertz) for part in parts)


def _level(part: array[int], hertz: float) -> float:
    return loudness(part) * math.sqrt(tone_share(part, hertz))


async def music(card: Card) -> None:
    """Sound all the time, that is no voice."""
    for _ in range(_TRIES):
        start = time.monotonic()
        await asyncio.sleep(1.0)
        heard = _between(card, start, start + 1.0)
        parts = [loudness(heard[at : at + RATE // 4]) for at in range(0, len(heard) - RATE // 4 + 1, RATE // 4)]
        if min(parts, default=0.0) > 200 and max(tone_share(heard, hz) for hz in VOICES.values()) < 0.05:
            return
    pytest.fail(f"{card.name}: no music, loudness {[round(p) for p in parts]}")
