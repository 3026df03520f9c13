"""A person at a desk of the demo: mouth and ears for the page in the browser (`panel.Headset`).

Nothing here touches the phone: samples are put in front of its microphones and read where its speakers play.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from array import array
from operator import add

from phone.demo.hearing import RATE, loudness, samples
from phone.demo.speech import SENTENCES, VOICES, speak
from phone.demo.stage import Desk
from phone.drivers.panel import Levels
from phone.drivers.vcard import Card

_FLOOR_DB = -60.0
_THIN = 8
"""A meter needs every eighth sample only."""
_LATEST = RATE // 3
"""Of a live microphone: more than this ahead of the present would be heard too late."""


class Person:
    """Sits at `desk`. Times are samples of the handset's card."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ear = desk.handset
        self._others = [(card, _offset(desk.handset, card)) for card in (desk.ringer, desk.speaker)]
        self._sentences = itertools.cycle(SENTENCES.get(desk.name, ("Hello.",)))
        self._said = 0
        self._speaking = asyncio.Lock()

    def now(self) -> int:
        """As `Headset.now`."""
        return self._ear.now()

    def sound(self, start: int, stop: int) -> bytes:
        """As `Headset.sound`."""
        heard = self._ear.hear(start, stop)
        for card, offset in self._others:
            heard = _mixed(heard, card.hear(start + offset, stop + offset))
        return heard

    def levels(self, start: int, stop: int) -> Levels:
        """As `Headset.levels`. A speaker that plays is at the ear, too."""
        (ringer, to_ringer), (speaker, to_speaker) = self._others
        ears = (self._ear.hear(start, stop), speaker.hear(start + to_speaker, stop + to_speaker))
        bell = ringer.hear(start + to_ringer, stop + to_ringer)
        mouth = _level(self._mouth(start, min(stop, self._said)))
        return Levels(max(_level(samples(heard)[::_THIN]) for heard in ears), _level(samples(bell)[::_THIN]), mouth)

    async def speak(self) -> None:
        """As `Headset.speak`; who speaks already is not interrupted. Raises SpeechError."""
        if self._speaking.locked() or self._said > self.now():
            return
        async with self._speaking:
            spoken = await asyncio.to_thread(speak, next(self._sentences), VOICES.get(self._desk.name, "en"))
            self._say(spoken.tobytes())

    def talk(self, spoken: bytes) -> None:
        """As `Headset.talk`."""
        if self._said < self.now() + _LATEST:
            self._say(spoken)

    def _say(self, spoken: bytes) -> None:
        self._said = self._ear.say(spoken)
        speaker, _ = self._others[1]
        speaker.say(spoken)  # hands-free, the other microphone is in front of the same mouth

    def _mouth(self, start: int, stop: int) -> array[int]:
        length = self._ear.length
        return array("h", (self._ear.mic[at % length] for at in range(start, stop, _THIN)))


def _offset(one: Card, other: Card) -> int:
    """What is to be added to a time of one card for the same instant on the other's."""
    now = one.now()
    return other.sample_at(one.monotonic_at(now)) - now


def _level(heard: array[int]) -> int:
    db = 20 * math.log10(max(loudness(heard), 1.0) / 32768)
    return max(0, min(100, round(100 * (1 - db / _FLOOR_DB))))


def _mixed(one: bytes, other: bytes) -> bytes:
    if not any(other):
        return one
    if not any(one):
        return other
    length = min(len(one), len(other))
    total = map(add, samples(one[:length]), samples(other[:length]))
    return array("h", (max(-32768, min(32767, x)) for x in total)).tobytes()
