"""People at the demo's desks: what goes into a mouth is at the microphone, what a card plays is at the ear."""

from __future__ import annotations

import math
import time
from array import array
from dataclasses import dataclass
from pathlib import Path

import pytest

from phone.demo.persons import Person
from phone.drivers.vcard import RATE, Card


@dataclass
class Seat:
    """The part of a desk that a person touches."""

    name: str
    handset: Card
    ringer: Card
    speaker: Card


@pytest.fixture
def seat(tmp_path: Path):
    with (
        Card(tmp_path / "ear", ring=True) as ear,
        Card(tmp_path / "bell", ring=True) as bell,
        Card(tmp_path / "speaker", ring=True) as speaker,
    ):
        yield Seat("alice", ear, bell, speaker)


def tone(seconds: float, amplitude: int) -> bytes:
    wave = (round(amplitude * math.sin(math.tau * 440 * i / RATE)) for i in range(round(seconds * RATE)))
    return array("h", wave).tobytes()


class Playing:
    """A card that plays these samples over and over."""

    def __init__(self, card: Card, samples: bytes) -> None:
        self._card, self._samples = card, samples

    def __getattr__(self, name: str):
        return getattr(self._card, name)

    def hear(self, start: int, stop: int) -> bytes:
        return (self._samples * 2)[: 2 * (stop - start)]


def test_silence_has_no_level(seat: Seat) -> None:
    person = Person(seat)
    assert person.levels(0, RATE // 10) == (0, 0, 0)
    assert not any(person.sound(0, RATE // 10))


def test_each_level_is_of_its_own_card(seat: Seat) -> None:
    loud, soft = tone(0.1, 20_000), tone(0.1, 200)
    person = Person(Seat("bob", Playing(seat.handset, soft), Playing(seat.ringer, loud), seat.speaker))
    ear, bell, mouth = person.levels(0, RATE // 10)
    assert 0 < ear < 40
    assert 80 < bell < 100
    assert mouth == 0


def test_ear_and_bell_are_heard_together_and_never_wrap_around(seat: Seat) -> None:
    loud = tone(0.1, 30_000)
    person = Person(Seat("bob", Playing(seat.handset, loud), Playing(seat.ringer, loud), Playing(seat.speaker, loud)))
    heard = array("h", person.sound(0, RATE // 10))
    assert len(heard) == RATE // 10
    assert (max(heard), min(heard)) == (32767, -32768)
    alone = Person(Seat("bob", seat.handset, seat.ringer, Playing(seat.speaker, loud)))
    assert alone.sound(0, RATE // 10) == loud


async def test_a_sentence_goes_to_both_microphones_and_is_not_interrupted(seat: Seat) -> None:
    person = Person(seat)
    begin = person.now()
    await person.speak()
    said = person._said
    await person.speak()
    assert person._said == said > begin + RATE
    assert any(seat.handset.mic)
    assert any(seat.speaker.mic)
    assert person.levels(said - RATE, said).mouth > 30


def test_a_live_microphone_that_runs_ahead_is_cut(seat: Seat) -> None:
    person = Person(seat)
    for _ in range(200):
        person.talk(tone(0.02, 1000))
    assert person._said < seat.handset.sample_at(time.monotonic()) + RATE // 2
