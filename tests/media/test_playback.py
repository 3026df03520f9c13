"""Files at the ear: without a gap, from anywhere, at any speed, and without a click whatever is done to them."""

from __future__ import annotations

import os
from array import array
from pathlib import Path

import pytest
from legs import share_of
from rig import spoken
from soundroom import steepest

from phone.media.ahead import ReadAhead, Reel
from phone.media.planrecordings import Play
from phone.media.playback import Playback
from phone.ogg.opusfile import Head, OpusWriter, Tags

PERIOD = 240
SECOND = 48_000
CLICK = 1500
"""A step from one sample to the next that a tone of 1000 Hz at this level (700) never makes."""


class AtOnce(ReadAhead):
    """The reading thread, whenever the test wants it."""

    def __init__(self) -> None:
        super().__init__()
        self.reels: list[Reel] = []

    def add(self, reel: Reel) -> None:
        self.reels.append(reel)

    def read(self) -> None:
        self.reels = [reel for reel in self.reels if reel.fill()]


class Ears:
    """Who listens to one playback."""

    def __init__(self, *files: Path, **play: int) -> None:
        self.play = Play(7, tuple(map(str, files)), **play)
        self.ahead = AtOnce()
        self.done: list[str] = []
        self.heard = array("h")
        self.playback = Playback(self.play, self.ahead, self.done.append)

    def listen(self, seconds: float) -> array[int]:
        begin = len(self.heard)
        for _ in range(round(seconds * 200)):
            self.ahead.read()
            block = self.playback.read(PERIOD)
            assert block is None or len(block) == PERIOD
            self.heard += block or array("h", bytes(2 * PERIOD))
        return self.heard[begin:]

    def to_the_end(self) -> array[int]:
        while not self.done:
            self.listen(0.1)
            assert len(self.heard) < 100 * SECOND
        return self.heard

    def follow(self, **changes: object) -> None:
        fields = {"start_ms": self.play.start_ms, "speed": self.play.speed, "paused": self.play.paused, **changes}
        self.play = Play(self.play.token, self.play.files, **fields)
        self.playback.follow(self.play)


def write(path: Path, seconds: float, hertz: float) -> Path:
    """A file of one tone."""
    writer = OpusWriter(1, Head(pre_skip=312), Tags())
    pages = [writer.begin(), *(writer.add(each) for each in spoken.tone(seconds, hertz)), writer.finish()]
    path.write_bytes(b"".join(pages))
    return path


@pytest.fixture
def low(tmp_path: Path) -> Path:
    return write(tmp_path / "low.opus", 2.0, 440)


@pytest.fixture
def high(tmp_path: Path) -> Path:
    return write(tmp_path / "high.opus", 3.0, 1000)


def silent(samples: array[int]) -> bool:
    return max(map(abs, samples), default=0) == 0


def length(samples: array[int]) -> float:
    """Seconds until the last sound."""
    return next((n for n in range(len(samples), 0, -1) if samples[n - 1]), 0) / SECOND


def test_one_after_the_other_without_a_gap(low: Path, high: Path) -> None:
    ears = Ears(low, high)
    heard = ears.to_the_end()
    assert ears.done == [""]
    assert length(heard) == pytest.approx(5.0 - 2 * 312 / SECOND, abs=0.002)
    assert share_of(heard[: 2 * SECOND - 2000], 440) > 0.98
    assert share_of(heard[2 * SECOND + 2000 : 4 * SECOND], 1000) > 0.98
    loudness = [max(heard[n : n + 240]) for n in range(4800, 4 * SECOND, 240)]
    assert min(loudness) > 4000, "no gap"
    for part in (heard[: 2 * SECOND - 800], heard[2 * SECOND :]):  # the tones themselves do not fit together
        assert steepest(part) < CLICK
    assert silent(ears.listen(0.5))
    assert ears.done == [""]


def test_the_first_sample_comes_with_the_first_period(low: Path) -> None:
    assert not silent(Ears(low).listen(0.005 * 3))


def test_it_begins_where_it_is_told_to(low: Path, high: Path) -> None:
    ears = Ears(low, high, start_ms=2000)
    assert ears.playback.ms == 0
    heard = ears.to_the_end()
    assert length(heard) == pytest.approx(3.0, abs=0.02)
    alone = Ears(high, start_ms=1500)
    assert alone.playback.ms == 1500
    assert length(alone.to_the_end()) == pytest.approx(1.5, abs=0.02)
    assert steepest(alone.heard) < CLICK


@pytest.mark.parametrize("start_ms", [3000, 50_000])
def test_past_the_end_is_the_end(high: Path, start_ms: int) -> None:
    ears = Ears(high, start_ms=start_ms)
    ears.listen(0.2)
    assert ears.done == [""]


@pytest.mark.parametrize("speed", [50, 80, 130, 200])
def test_speed(high: Path, speed: int) -> None:
    ears = Ears(high, speed=speed)
    heard = ears.to_the_end()
    assert length(heard) == pytest.approx(3.0 * 100 / speed, rel=0.02)
    assert share_of(heard[4800 : round(SECOND * 250 / speed)], 1000) > 0.95
    assert steepest(heard) < CLICK


def test_where_it_is_follows_what_is_heard_at_any_speed(low: Path, high: Path) -> None:
    ears = Ears(low, high, speed=200)
    ears.listen(0.9)
    assert ears.playback.ms == 0
    ears.listen(0.6)
    assert ears.playback.ms == pytest.approx(1000, abs=120)
    ears.follow(speed=50)
    ears.listen(0.25)
    before = ears.playback.ms
    ears.listen(1.0)
    assert ears.playback.ms - before == pytest.approx(500, abs=120)
    assert steepest(ears.heard) < CLICK


def test_pause_and_go_on(high: Path) -> None:
    ears = Ears(high)
    ears.listen(1.0)
    ears.follow(paused=True)
    assert not ears.playback.moving
    paused = ears.listen(5.0)
    assert silent(paused[240:])
    at = ears.playback.ms
    assert at == pytest.approx(1000, abs=40)
    ears.follow(paused=False)
    assert ears.playback.moving
    heard = ears.listen(2.5)
    assert length(heard) == pytest.approx(2.0, abs=0.04)
    assert ears.done == [""]
    assert not ears.playback.moving
    assert steepest(ears.heard) < CLICK


def test_skipping_to_and_fro_does_not_click(low: Path, high: Path) -> None:
    ears = Ears(low, high)
    ears.listen(0.5)
    ears.playback.skip(1000)  # from the prompt: into the message
    assert share_of(ears.listen(0.5)[2400:], 1000) > 0.95
    assert ears.playback.ms == pytest.approx(1500, abs=40)
    ears.playback.skip(-5000)
    assert share_of(ears.listen(0.5)[2400:], 1000) > 0.95
    assert ears.playback.ms == pytest.approx(500, abs=40)
    ears.playback.skip(200)
    ears.playback.skip(300)
    ears.listen(0.2)
    assert ears.playback.ms == pytest.approx(1200, abs=40)
    assert steepest(ears.heard) < CLICK
    ears.playback.skip(60_000)
    assert silent(ears.listen(0.5)[480:])
    assert ears.done == [""]
    assert len(ears.ahead.reels) == 0, "nothing is left open"


def test_back_from_the_end(high: Path) -> None:
    ears = Ears(high, start_ms=2500)
    ears.to_the_end()
    ears.playback.skip(-1000)
    assert ears.playback.moving
    heard = ears.listen(2.0)
    assert length(heard) == pytest.approx(1.0, abs=0.04)
    assert ears.done == ["", ""]


def test_a_broken_file_is_told_of_and_the_next_one_is_heard(tmp_path: Path, high: Path) -> None:
    missing, nonsense, folder = tmp_path / "none.opus", tmp_path / "bad.opus", tmp_path
    nonsense.write_bytes(b"OggS but not really" * 20)
    os.mkfifo(tmp_path / "pipe")
    for bad in (missing, nonsense, folder, tmp_path / "pipe"):
        ears = Ears(bad, high)
        assert length(ears.to_the_end()) == pytest.approx(3.0, abs=0.02)
        (trouble,) = ears.done
        assert trouble.startswith(str(bad))
    only = Ears(missing)
    only.to_the_end()
    assert "No such file" in only.done[0]


def test_no_files_at_all_are_over_at_once() -> None:
    ears = Ears()
    assert silent(ears.listen(0.1))
    ears.playback.skip(5)
    ears.listen(0.1)
    assert ears.done == ["", ""]


def test_a_recording_cut_short_is_heard_up_to_there(high: Path) -> None:
    high.write_bytes(high.read_bytes()[:-3000])
    ears = Ears(high)
    assert 1.0 < length(ears.to_the_end()) < 3.0
    assert ears.done == [""]
    assert steepest(ears.heard) < CLICK


def test_a_slow_disk_is_silence_and_nothing_is_skipped(high: Path) -> None:
    ears = Ears(high)
    ears.listen(0.5)
    stalled = array("h")
    for _ in range(200):
        stalled += ears.playback.read(PERIOD) or array("h", bytes(2 * PERIOD))
    assert silent(stalled[-SECOND // 2 :])
    heard = length(stalled)
    assert length(ears.listen(4.0)) == pytest.approx(3.0 - 0.5 - heard, abs=0.02)


def test_another_one_takes_over_without_a_click(low: Path, high: Path) -> None:
    one, other = Ears(low), Ears(high)
    one.listen(0.5)
    other.ahead.read()
    last, first = one.playback.fade_out(PERIOD), other.playback.read(PERIOD)
    assert last is not None
    assert first is not None
    assert last[-1] == 0
    assert abs(first[0]) < 200
    assert one.playback.fade_out(PERIOD) is None
    one.playback.stop()
    one.ahead.read()
    assert one.ahead.reels == []


def test_gain_and_trimming_of_the_file_are_respected(tmp_path: Path) -> None:
    def written(name: str, gain: int) -> Path:
        writer = OpusWriter(1, Head(pre_skip=12_000, gain=gain), Tags())
        pages = [writer.begin(), *(writer.add(each) for each in spoken.tone(1.0, 440)), writer.finish()]
        (tmp_path / name).write_bytes(b"".join(pages))
        return tmp_path / name

    plain, soft = Ears(written("plain", 0)), Ears(written("soft", -6 * 256))
    assert length(plain.to_the_end()) == pytest.approx(0.75, abs=0.002)
    assert max(soft.to_the_end()) == pytest.approx(max(plain.heard) / 2, rel=0.1)
