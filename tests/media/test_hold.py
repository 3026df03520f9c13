"""What those on hold hear: the project's own tune as its generator makes it, a soft tone, the owner's file."""

from __future__ import annotations

import math
import os
import wave
from array import array
from pathlib import Path

import pytest
from legs import share_of
from soundroom import steepest

from phone.media import hold as hold_module
from phone.media.codecs.g711 import G711Codec
from phone.media.compose import compose, wav
from phone.media.hold import OWN_TUNE, HoldSound, TonePlayback

RATE = 48_000


def rms(samples: array[int]) -> float:
    return math.sqrt(sum(x * x for x in samples) / len(samples))


def own() -> array[int]:
    with wave.open(str(OWN_TUNE)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        samples = array("h")
        samples.frombytes(file.readframes(file.getnframes()))
    return samples


class Told(list[str]):
    def hold(self, wanted: str) -> HoldSound:
        return HoldSound(wanted, "de", self.append)


def test_the_file_is_what_its_generator_makes() -> None:
    made, kept = compose(), own()
    assert len(made) == len(kept)
    assert max(abs(a - b) for a, b in zip(made, kept, strict=True)) <= 1
    assert wav(kept) == OWN_TUNE.read_bytes()
    assert OWN_TUNE.stat().st_size < 1_000_000


def test_the_tune_is_soft_heard_at_once_and_has_no_seam() -> None:
    tune = own()
    assert len(tune) >= 10 * RATE
    assert 20 * math.log10(rms(tune) / 32768) == pytest.approx(-20, abs=0.5)
    assert max(map(abs, tune)) < 16_384
    assert rms(tune[: RATE // 20]) > 1000
    around = tune[-2400:] + tune[:2400]
    assert steepest(around) <= steepest(tune)
    for at in range(0, len(tune), RATE // 2):
        assert rms(tune[at : at + RATE // 2]) > 1000, "it never falls silent"


def test_the_tune_survives_g711() -> None:
    codec, tune, heard = G711Codec("pcma"), own()[: 4 * RATE], array("h")
    for at in range(0, len(tune), 960):
        heard.frombytes(codec.decode(bytes(codec.encode(tune[at : at + 960]))).cast("B"))
    delay = 114
    wrong = array("h", [max(-32768, min(32767, a - b)) for a, b in zip(heard[delay:], tune, strict=False)])
    assert rms(wrong) < rms(tune) / 8


def test_music_is_the_own_tune_from_its_beginning_round_and_round() -> None:
    told, tune = Told(), own()
    hold = told.hold("music")
    heard = array("h")
    while len(heard) < len(tune) + 4800:
        heard += hold.read(960)
    assert heard[: len(tune) + 4800] == tune + tune[:4800]
    hold.rewind()
    assert hold.read(960) == tune[:960]
    assert told == []


def test_a_soft_beep_every_few_seconds() -> None:
    hold = Told().hold("tone")
    heard = hold.read(8 * RATE)
    assert any(heard[:4800])
    assert share_of(heard[480:7200], 440) > 0.9
    assert max(map(abs, heard)) < 3000
    assert not any(heard[RATE : 3 * RATE])
    assert any(heard[4 * RATE : 5 * RATE])
    hold.rewind()
    assert hold.read(4800) == heard[:4800]


def a_file(path: Path, rate: int = 8000, seconds: float = 0.5) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        samples = [round(8000 * math.sin(2 * math.pi * 500 * i / rate)) for i in range(round(rate * seconds))]
        file.writeframes(array("h", samples).tobytes())
    return path


@pytest.mark.parametrize("rate", [8000, 48_000])
def test_the_owners_file(tmp_path: Path, rate: int) -> None:
    told = Told()
    hold = told.hold(str(a_file(tmp_path / "mine.wav", rate)))
    heard = hold.read(2 * RATE)
    assert share_of(heard, 500) > 0.95
    hold.rewind()
    assert hold.read(960) == heard[:960]
    hold.rewind()
    hold.rewind()
    assert told == []


@pytest.mark.parametrize("kind", ["missing", "folder", "fifo", "text", "nul"])
def test_a_file_that_cannot_be_played_is_named_and_the_own_tune_is_heard(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("mine\0.wav" if kind == "nul" else "mine.wav")
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "text":
        path.write_text("no sound at all")
    told = Told()
    hold = told.hold(str(path))
    assert len(told) == 1
    assert "mine" in told[0]
    assert told[0].endswith("the phone's own is played")
    assert hold.read(960) == own()[:960]


def test_a_file_that_is_cut_off_while_it_is_played(tmp_path: Path) -> None:
    told, path = Told(), a_file(tmp_path / "mine.wav", seconds=2)
    hold = told.hold(str(path))
    hold.read(9600)
    assert told == []
    os.truncate(path, 100)
    assert len(hold.read(RATE * 2)) == RATE * 2
    assert "shorter" in told[0]
    assert "mine.wav" in told[0]
    hold.rewind()
    assert hold.read(960) == own()[:960]


def test_without_any_tune_there_is_still_the_tone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hold_module, "OWN_TUNE", tmp_path / "gone.wav")
    told = Told()
    assert share_of(told.hold("music").read(4800), 440) > 0.9
    assert len(told) == 1


def test_playing_a_long_file_holds_little_of_it(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    a_file(path, seconds=1)
    with path.open("r+b") as file:
        file.truncate(64 << 20)
        file.seek(40)
        file.write(b"\xff\xff\xff\x7f")
    hold = Told().hold(str(path))
    for _ in range(200):
        assert len(hold.read(RATE // 10)) == RATE // 10


def test_ringback_for_whom_was_handed_over() -> None:
    ringback = TonePlayback("ringback", "gb")
    heard = ringback.read(RATE)
    assert any(heard[:4800])
    ringback.rewind()
    assert ringback.read(RATE) == heard
