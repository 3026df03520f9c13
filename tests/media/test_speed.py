"""Speech at another speed: the pitch stays, the length is as asked, and no joint clicks."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from legs import tone
from soundroom import steepest

from phone.media.speed import Speed


def at(percent: int, samples: array[int], block: int = 960) -> array[int]:
    speed, out = Speed(), array("h")
    for start in range(0, len(samples), block):
        speed.put(samples[start : start + block])
        out += speed.take(percent)
    assert speed.waiting < 2 * 3840
    return out + speed.rest()


def pitch(samples: array[int]) -> float:
    """Hertz of the loudest part."""
    spectrum = np.abs(np.fft.rfft(np.array(samples) * np.hanning(len(samples))))
    return float(spectrum.argmax()) * 48_000 / len(samples)


@pytest.mark.parametrize("percent", [50, 75, 90, 110, 125, 150, 200])
@pytest.mark.parametrize("hertz", [120, 440, 1000])
def test_pitch_length_and_smoothness(percent: int, hertz: int) -> None:
    said = tone(hertz, 4 * 48_000)
    heard = at(percent, said)
    assert len(heard) == pytest.approx(len(said) * 100 / percent, rel=0.02)
    assert pitch(heard) == pytest.approx(hertz, rel=0.01)
    assert steepest(heard) < 1.3 * steepest(said) + 5


def test_as_it_is_nothing_changes() -> None:
    said = tone(440, 48_000)
    assert at(100, said) == said


def test_the_speed_may_change_on_the_way() -> None:
    said, speed, heard = tone(440, 5 * 48_000), Speed(), array("h")
    for n, start in enumerate(range(0, len(said), 960)):
        speed.put(said[start : start + 960])
        heard += speed.take((100, 150, 100, 50, 200)[n // 50])
    heard += speed.rest()
    assert steepest(heard) < 3 * steepest(said)
    seconds = 1 + 1 / 1.5 + 1 + 2 + 0.5
    assert len(heard) == pytest.approx(seconds * 48_000, rel=0.05)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 300)), max_size=12))
def test_no_block_is_too_short_or_too_long(blocks: list[tuple[int, int]]) -> None:
    speed, heard, put = Speed(), 0, 0
    for samples, percent in blocks:
        speed.put(array("h", bytes(2 * samples)))
        put += samples
        heard += len(speed.take(percent))
        assert speed.waiting <= put
    heard += len(speed.rest())
    assert speed.waiting == 0
    assert put / 2 - 3840 <= heard <= 2 * put + 3840
    assert len(speed.rest()) == 0
