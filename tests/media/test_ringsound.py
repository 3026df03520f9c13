"""What the ringer plays: tunes, and the owner's files with a pause after each time."""

from __future__ import annotations

import asyncio
import math
import os
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legs import share_of
from soundroom import Bench, Silent, until

from phone.media.plan import AudioPlan, AudioTrouble, Plan, Setup
from phone.media.ringsound import PAUSE, RingFile, RingSound
from phone.media.room import Room
from phone.media.soundcard import Device
from phone.media.tones import ToneSource, cadence
from phone.media.voice import gain_of_percent, scale

RATE = 48_000


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    bench = Bench(tmp_path, monkeypatch)
    yield bench
    bench.close()


def a_file(path: Path, rate: int = RATE, seconds: float = 0.3, hertz: int = 500, channels: int = 1) -> array[int]:
    """Its samples; never zero, so that a pause can be told."""
    samples = array("h")
    for i in range(round(rate * seconds)):
        samples.extend([round(8000 * math.sin(2 * math.pi * hertz * i / rate)) or 1] * channels)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return samples[::channels]


def ringing(samples: int, country: str = "de") -> array[int]:
    return ToneSource(cadence("ring", country)).read(samples)


def test_the_file_a_pause_and_again(tmp_path: Path) -> None:
    path, told = tmp_path / "ring.wav", list[str]()
    once = a_file(path, channels=2) + array("h", bytes(2 * PAUSE))
    sound = RingSound("de", told.append)
    heard = array("h")
    while len(heard) < 2 * len(once) + RATE // 10:
        sound.play(str(path))
        heard += sound.read(960)
    assert heard == (once + once + once)[: len(heard)]
    assert told == []
    sound.stop()
    sound.play(str(path))
    assert sound.read(960) == once[:960], "the next call hears it from its beginning"


@given(st.lists(st.integers(1, 30_000), min_size=1, max_size=20))
def test_in_whatever_pieces_it_is_read(tmp_path_factory: pytest.TempPathFactory, pieces: list[int]) -> None:
    path = tmp_path_factory.getbasetemp() / "pieces.wav"
    once = a_file(path, seconds=0.1) + array("h", bytes(2 * PAUSE))
    file, heard = RingFile(path), array("h")
    for samples in pieces:
        heard += file.read(samples)
    file.close()
    assert heard == (once * (1 + len(heard) // len(once)))[: len(heard)]


def test_another_rate(tmp_path: Path) -> None:
    path = tmp_path / "ring.wav"
    a_file(path, rate=8000, seconds=0.5)
    sound = RingSound("de", lambda _: None)
    sound.play(str(path))
    heard = sound.read(RATE // 2 + PAUSE + RATE // 2)
    assert share_of(heard[: RATE // 2], 500) > 0.95
    assert not any(heard[RATE // 2 : RATE // 2 + PAUSE])
    assert share_of(heard[RATE // 2 + PAUSE :], 500) > 0.95


@pytest.mark.parametrize("kind", ["missing", "folder", "fifo", "text", "nul"])
def test_a_file_that_cannot_be_played_is_named_and_the_countrys_ringing_is_heard(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("mine\0.wav" if kind == "nul" else "mine.wav")
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "text":
        path.write_text("no sound at all")
    told = list[str]()
    sound = RingSound("gb", told.append)
    sound.play(str(path))
    assert sound.read(RATE) == ringing(RATE, "gb")
    (sentence,) = told
    assert "mine" in sentence
    assert sentence.endswith("the country's ringing is heard in its place")


def test_a_file_that_is_cut_off_while_it_is_played(tmp_path: Path) -> None:
    path, told = tmp_path / "mine.wav", list[str]()
    a_file(path, seconds=2)
    sound = RingSound("de", told.append)
    sound.play(str(path))
    sound.read(9600)
    os.truncate(path, 100)
    assert any(sound.read(4800))
    assert "shorter" in told[0]
    heard = array("h")
    while len(heard) < RATE:
        sound.play(str(path))
        heard += sound.read(960)
    assert heard == ringing(4800 + RATE)[4800:], "it is not tried again before the next call"


def test_troubles_of_several_files_are_told_until_they_are_mended(tmp_path: Path) -> None:
    one, other, told = tmp_path / "one.wav", tmp_path / "other.wav", list[str]()
    sound = RingSound("de", told.append)
    for path in (one, other):
        sound.play(str(path))
    assert "one.wav" in told[1]
    assert "other.wav" in told[1]
    a_file(one)
    sound.play(str(one))
    assert "one.wav" not in told[2]
    assert "other.wav" in told[2]
    a_file(other)
    sound.play(str(other))
    assert told[3:] == [""]
    sound.play(3)
    sound.play(str(other))
    assert len(told) == 4


def test_a_tune_that_gives_way_to_a_file_fades(tmp_path: Path) -> None:
    path = tmp_path / "ring.wav"
    mine = a_file(path)
    sound = RingSound("de", lambda _: None)
    sound.play(3)
    sound.read(4800)
    sound.play(str(path))
    assert sound.read(960)[:240] != mine[:240], "the tune's end is still in it"
    assert sound.read(960) == mine[960:1920]


def test_the_card_hears_the_file_at_the_ringers_volume(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "ring.wav"
    loud = scale(a_file(path), gain_of_percent(70))
    bench.ringer.ring(on=True, volume=70, ring=str(path))
    until(lambda: loud[:240].tobytes() in bench.heard("ringer").tobytes())  # a pause of the machine may leave gaps
    bench.ringer.ring(on=False, volume=70)
    assert bench.troubles == []


async def test_the_plan_names_the_file_and_its_trouble_is_reported(bench: Bench, tmp_path: Path) -> None:
    path, reporter = tmp_path / "ring.wav", Silent()
    a_file(path, seconds=2, hertz=1300)
    room = Room(Setup(Device("handset", "handset"), Device(playback="ringer")), reporter)
    card = bench.cards["ringer"]

    def recent() -> array[int]:
        return array("h", card.hear(card.now() - RATE // 10, card.now()))

    room.follow(Plan(AudioPlan(ringer=True, ring=str(path))))
    await asyncio.to_thread(until, lambda: share_of(recent(), 1300) > 0.8)
    gone = str(tmp_path / "gone.wav")
    room.follow(Plan(AudioPlan(ringer=True, ring=gone)))
    await asyncio.to_thread(until, lambda: any(isinstance(r, AudioTrouble) for r in reporter.reports))
    await asyncio.to_thread(until, lambda: any(recent()) and share_of(recent(), 1300) < 0.1)
    room.follow(Plan(AudioPlan()))
    await room.close()
    (trouble,) = (r for r in reporter.reports if isinstance(r, AudioTrouble))
    assert trouble.device == "ring"
    assert gone in trouble.sentence
