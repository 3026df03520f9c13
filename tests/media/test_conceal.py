import math
from array import array

import numpy as np
import pytest

from phone.media.conceal import Concealer, pitch_period


def sine(hz, samples, start=0):
    return array("h", [round(10000 * math.sin(2 * math.pi * hz * (start + i) / 8000)) for i in range(samples)])


@pytest.mark.parametrize("hz", [80, 100, 160, 200])
def test_pitch_period(hz):
    assert pitch_period(sine(hz, 390)) == pytest.approx(8000 / hz, abs=1)


@pytest.mark.parametrize("hz", [80, 125, 200, 333])
@pytest.mark.parametrize("lost", [40, 80, 160, 240])
def test_gap_in_a_vowel_is_not_heard_as_a_click(hz, lost):
    concealer, heard, at = Concealer(), array("h"), 0
    for _ in range(5):
        heard += concealer.heard(sine(hz, 160, at))
        at += 160
    before = np.abs(np.diff(np.array(heard, dtype=int))).max()
    for start in range(0, lost, 40):
        heard += concealer.conceal(min(40, lost - start))
        at += 40
    heard += concealer.heard(sine(hz, 160, at))
    assert len(heard) == at + 160
    assert np.abs(np.diff(np.array(heard, dtype=int))).max() <= 1.7 * before
    # The first 10 ms go on as they were.
    assert np.std(heard[800:840]) > 0.6 * np.std(sine(hz, 40, 800))


def test_fades_to_silence_within_60_ms():
    concealer = Concealer()
    concealer.heard(sine(150, 400))
    levels = [np.abs(np.array(concealer.conceal(80), dtype=int)).max() for _ in range(7)]
    assert levels[0] > 9000
    assert levels == sorted(levels, reverse=True)
    assert levels[6] == 0


def test_of_silence_is_silence():
    assert not any(Concealer().conceal(160))


def test_goes_back_to_speech_exactly():
    concealer = Concealer()
    concealer.heard(sine(150, 400))
    concealer.conceal(80)
    assert concealer.heard(sine(150, 160))[80:] == sine(150, 160)[80:]
    assert concealer.heard(sine(150, 160)) == sine(150, 160)
