"""The virtual card as ALSA programs meet it: every sample at its time, xruns, other kinds of cards, cards pulled out.

Buffers here are half a second and more, and all times are the card's own, so that a busy machine changes nothing.
"""

from __future__ import annotations

import itertools
import stat
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import alsaaudio
import numpy as np
import pytest

from phone.drivers.vcard import RATE, Card, asound_conf, build
from phone.errors import HardwareError

PERIOD = 480
Open = Callable[..., Any]


@pytest.fixture(scope="session")
def plugin() -> Path:
    return build()


@pytest.fixture
def card_at(tmp_path: Path, plugin: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Card]:
    """A new card that ALSA knows as "handset"."""

    def make(seconds: float = 20.0, **kind: Any) -> Card:
        card = Card(tmp_path / "handset", seconds, **kind)
        for name, value in asound_conf(tmp_path / "asound.conf", [card], plugin, default=card).items():
            monkeypatch.setenv(name, value)
        return card

    return make


def pcm(direction: int, device: str = "handset", rate: int = RATE, channels: int = 1, periods: int = 50) -> Any:
    return alsaaudio.PCM(
        direction,
        device=device,
        rate=rate,
        channels=channels,
        format=alsaaudio.PCM_FORMAT_S16_LE,
        periodsize=PERIOD * rate // RATE,
        periods=periods,
    )


def record(capture: Any, frames: int) -> array[int]:
    heard = array("h")
    while len(heard) < frames:
        count, data = capture.read()
        assert count > 0, count
        heard.frombytes(data)
    return heard


def counter(count: int) -> array[int]:
    return array("h", (1 + i % 30_000 for i in range(count)))


def test_the_microphone_is_heard_sample_by_sample(card_at: Callable[..., Card]) -> None:
    card = card_at()
    card.mic[:] = memoryview(counter(card.length)).cast("B").cast("h")
    before = card.now()
    heard = record(pcm(alsaaudio.PCM_CAPTURE), RATE // 4)
    after = card.now()
    first = next(s for s in range(before, after) if card.mic[s] == heard[0])
    assert heard == array("h", card.mic[first : first + len(heard)]), "no sample missing, none twice"
    assert first + len(heard) <= after, "nothing is heard before it is said"


def test_the_speaker_says_sample_by_sample(card_at: Callable[..., Card]) -> None:
    card = card_at()
    said = counter(RATE // 4)
    playback = pcm(alsaaudio.PCM_PLAYBACK)
    playback.write(said.tobytes())
    start = card.stats(capture=False)
    playback.drain()
    first = next(s for s in range(card.now()) if card.speaker[s])
    assert array("h", card.hear(first, first + len(said))) == said
    assert first - card.sample_at(start.start_ns * 1e-9) in (0, 1, 2), "the first frame sounds as the stream starts"
    assert start.late == 0


def test_what_is_not_heard_yet_is_left_off(card_at: Callable[..., Card]) -> None:
    card = card_at()
    now = card.now()
    assert now <= now + len(card.hear(now, now + 10 * RATE)) // 2 <= card.now()
    assert card.monotonic_at(card.sample_at(card.monotonic_at(now))) == pytest.approx(card.monotonic_at(now), abs=1e-4)


def test_a_reader_that_sleeps_gets_an_overrun(card_at: Callable[..., Card]) -> None:
    card = card_at()
    capture = pcm(alsaaudio.PCM_CAPTURE, periods=4)
    capture.read()
    wait_samples(card, 8 * PERIOD)
    assert next(count for count in (capture.read()[0] for _ in range(20)) if count < 0) == -32
    assert card.stats(capture=True).xruns == 1
    assert capture.read()[0] == PERIOD, "it starts again"


def test_a_writer_that_sleeps_gets_an_underrun(card_at: Callable[..., Card]) -> None:
    card = card_at()
    playback = pcm(alsaaudio.PCM_PLAYBACK, periods=4)
    playback.write(counter(4 * PERIOD).tobytes())
    wait_samples(card, 8 * PERIOD)
    assert playback.write(bytes(2 * PERIOD)) == -32
    assert card.stats(capture=False).xruns == 1
    assert playback.write(bytes(2 * PERIOD)) == PERIOD


def wait_samples(card: Card, count: int) -> None:
    until = card.now() + count
    while card.now() <= until:
        time.sleep(0.01)


@pytest.mark.parametrize("direction", [alsaaudio.PCM_CAPTURE, alsaaudio.PCM_PLAYBACK])
def test_a_card_pulled_out_is_no_device_until_it_is_opened_again(card_at: Callable[..., Card], direction: int) -> None:
    card = card_at()
    stream = pcm(direction)

    def use() -> int:
        if direction == alsaaudio.PCM_CAPTURE:
            count: int = stream.read()[0]
            return count
        written: int = stream.write(bytes(2 * PERIOD))
        return written

    assert use() == PERIOD
    card.unplug()
    for _ in range(3):
        with pytest.raises(alsaaudio.ALSAAudioError, match="No such device"):
            use()
    with pytest.raises(alsaaudio.ALSAAudioError, match="No such device"):
        pcm(direction)
    card.plug()
    with pytest.raises(alsaaudio.ALSAAudioError, match="No such device"):
        use()
    stream.close()
    stream = pcm(direction)
    assert use() == PERIOD


def test_a_card_out_and_in_between_two_calls_is_noticed(card_at: Callable[..., Card]) -> None:
    card = card_at()
    capture = pcm(alsaaudio.PCM_CAPTURE)
    capture.read()
    card.unplug()
    card.plug()
    with pytest.raises(alsaaudio.ALSAAudioError, match="No such device"):
        capture.read()


def test_a_card_that_another_program_has(card_at: Callable[..., Card]) -> None:
    card = card_at()
    ours = pcm(alsaaudio.PCM_CAPTURE)
    card.occupy()
    with pytest.raises(alsaaudio.ALSAAudioError, match="busy"):
        pcm(alsaaudio.PCM_PLAYBACK)
    assert ours.read()[0] == PERIOD
    card.free()
    pcm(alsaaudio.PCM_PLAYBACK).close()


@pytest.mark.parametrize("rate", [24_000, 16_000, 8_000])
def test_a_card_without_48_khz(card_at: Callable[..., Card], rate: int) -> None:
    card = card_at(rates=(rate,))
    pcm(alsaaudio.PCM_CAPTURE, rate=rate).read()
    assert card.stats(capture=True).rate == rate
    capture = pcm(alsaaudio.PCM_CAPTURE)
    assert capture.info()["rate"] == rate, "48 kHz is refused, ALSA names what there is"
    capture.close()
    assert pcm(alsaaudio.PCM_CAPTURE, "phandset").info()["rate"] == RATE, "ALSA's plug converts"


def test_a_card_of_48_khz_alone(card_at: Callable[..., Card]) -> None:
    card_at(rates=(RATE,))
    assert pcm(alsaaudio.PCM_CAPTURE, rate=8_000).info()["rate"] == RATE


def test_a_stereo_card_says_the_mean_and_hears_twice(card_at: Callable[..., Card]) -> None:
    card = card_at(channels=(2, 2))
    card.mic[:] = memoryview(counter(card.length)).cast("B").cast("h")
    capture = pcm(alsaaudio.PCM_CAPTURE, channels=2)
    heard = record(capture, 2 * RATE // 10)
    assert heard[::2] == heard[1::2]
    playback = pcm(alsaaudio.PCM_PLAYBACK, channels=2)
    playback.write(array("h", itertools.chain(*([1000, 3000] for _ in range(PERIOD)))).tobytes())
    playback.drain()
    assert max(card.speaker) == 2000
    assert pcm(alsaaudio.PCM_CAPTURE, channels=1).info()["channels"] == 2


def test_lower_rates_keep_their_time(card_at: Callable[..., Card]) -> None:
    """At 8 kHz each frame is six samples of the card."""
    card = card_at()
    playback = pcm(alsaaudio.PCM_PLAYBACK, rate=8_000)
    playback.write(array("h", [6000] * 800).tobytes())
    playback.drain()
    loud = [s for s in range(card.now()) if card.speaker[s] == 6000]
    assert loud[-1] - loud[0] + 1 == 800 * 6 - 5, "the first frame is the way up from silence"


def test_the_pointer_steps(card_at: Callable[..., Card]) -> None:
    card_at(gran=96)
    capture = pcm(alsaaudio.PCM_CAPTURE)
    capture.read()
    assert {capture.avail() % 96 for _ in range(50)} == {0}


@pytest.mark.parametrize("ppm", [-200.0, 200.0])
def test_a_crystal_that_is_off(card_at: Callable[..., Card], ppm: float) -> None:
    card = card_at(ppm=ppm)
    hour = card.epoch_ns * 1e-9 + 3600
    assert card.sample_at(hour) == pytest.approx(3600 * RATE * (1 + ppm * 1e-6), abs=2)
    record(pcm(alsaaudio.PCM_CAPTURE), RATE // 10)


def test_a_ring_never_ends_and_says_nothing_twice(card_at: Callable[..., Card]) -> None:
    card = card_at(0.5, ring=True)
    capture, playback = pcm(alsaaudio.PCM_CAPTURE), pcm(alsaaudio.PCM_PLAYBACK)
    word = array("h", range(1, 1001))
    for _ in range(4):
        behind = card.say(word.tobytes())
        heard = record(capture, RATE // 3)
        assert behind - len(word) < card.now()
        assert [x for x in heard if x] == list(word), "once, and in order"
    playback.write(word.tobytes())
    start = card.sample_at(card.stats(capture=False).start_ns * 1e-9)
    playback.drain()
    playback.close()
    spoken = array("h", card.hear(start, card.now()))
    assert [x for x in spoken if x] == list(word)
    wait_samples(card, card.length)
    assert not any(card.hear(card.now() - card.length, card.now())), "forgotten after a round"


def test_a_ring_that_played_after_a_pause_is_silent_in_the_pause(card_at: Callable[..., Card]) -> None:
    card = card_at(1.0, ring=True)
    for _ in range(3):
        playback = pcm(alsaaudio.PCM_PLAYBACK)
        began = card.now()
        playback.write(array("h", [5] * PERIOD).tobytes())
        playback.drain()
        playback.close()
        wait_samples(card, RATE // 3)
        assert array("h", card.hear(began, card.now())).count(5) == PERIOD


def test_what_does_not_fit_on_a_linear_card_is_cut_off(card_at: Callable[..., Card]) -> None:
    card = card_at(0.1)
    assert card.say(counter(RATE).tobytes(), 1000) == card.length
    assert card.mic[999] == 0
    assert card.mic[1000] == 1
    card.say(counter(100).tobytes(), 10 * card.length)
    assert card.hear(0, 10) == bytes(20)


def test_saying_more_than_a_ring_holds_keeps_the_newest(card_at: Callable[..., Card]) -> None:
    card = card_at(0.1, ring=True)
    assert card.say(counter(6000).tobytes(), 0) == 6000
    assert array("h", card.mic[: 6000 - card.length]) == counter(6000)[card.length :]
    card.say(counter(10).tobytes(), 20_000)
    assert sum(x != 0 for x in card.mic) == 10


def test_another_process_may_attach(card_at: Callable[..., Card], tmp_path: Path) -> None:
    card = card_at()
    with Card.attach(card.path) as other:
        assert (other.length, other.epoch_ns, other.ring) == (card.length, card.epoch_ns, False)
        other.say(counter(5).tobytes(), 7)
    assert list(card.mic[7:12]) == [1, 2, 3, 4, 5]
    assert repr(card) == "Card(handset, 20 s, +0 ppm)"
    card.close()
    with pytest.raises(HardwareError, match="No virtual sound card"):
        Card.attach(card.path)
    (tmp_path / "junk").write_bytes(bytes(8192))
    with pytest.raises(HardwareError, match="not a card"):
        Card.attach(tmp_path / "junk")


def test_a_reader_may_outlive_the_card(card_at: Callable[..., Card]) -> None:
    card = card_at()
    card.say(counter(3).tobytes(), 0)
    samples = np.frombuffer(card.mic, dtype=np.int16)
    card.close()
    assert list(samples[:3]) == [1, 2, 3]


def test_default_is_a_name_too(card_at: Callable[..., Card]) -> None:
    card = card_at()
    pcm(alsaaudio.PCM_CAPTURE, "default").read()
    assert card.stats(capture=True).opens > 0


def test_the_configuration_takes_more_lines(card_at: Callable[..., Card], tmp_path: Path, plugin: Path) -> None:
    conf = tmp_path / "other.conf"
    environment = asound_conf(conf, [card_at()], plugin, extra='pcm.alias "handset"\n')
    assert environment == {"ALSA_CONFIG_PATH": str(conf)}
    assert conf.read_text().endswith('pcm.alias "handset"\n')
    assert "pcm.!default" not in conf.read_text()


def test_the_plugin_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = build()
    assert made.parent == tmp_path / "phone"
    changed = made.stat().st_mtime_ns
    assert build() == made
    assert made.stat().st_mtime_ns == changed
    assert list(made.parent.iterdir()) == [made]


def test_without_a_compiler_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HardwareError, match="apt install gcc libasound2-dev"):
        build(tmp_path / "cache")
    failing = tmp_path / "gcc"
    failing.write_text("#!/bin/sh\necho 'fatal error: alsa/asoundlib.h' >&2\nexit 1\n")
    failing.chmod(failing.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(HardwareError, match=r"libasound2-dev(.|\n)*alsa/asoundlib.h"):
        build(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HardwareError, match="cannot be made in"):
        build(tmp_path / "file" / "cache")
