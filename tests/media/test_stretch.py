"""Time-stretching of sines: the asked length, no step greater than the sine's own slope, and a pure spectrum."""

import math
from array import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone.media.stretch import best_lag, lengthen, shorten


def sine(hz, samples, start=0):
    return array("h", [round(10000 * math.sin(2 * math.pi * hz * (start + i) / 48000)) for i in range(samples)])


def steepest(samples):
    return int(np.abs(np.diff(np.array(samples, dtype=int))).max())


frames = st.sampled_from([480, 960, 1920, 2880])


@settings(deadline=None)
@given(st.integers(100, 1500), frames, st.integers(96, 700))
def test_shorten_a_voiced_frame(hz, size, most):
    before, frame, after = sine(hz, 960), sine(hz, size, 960), sine(hz, 200, 960 + size)
    got = shorten(frame, most)
    assert size - most <= len(got) <= size
    assert steepest(before[-50:] + got) <= 1.6 * steepest(before) + 4
    assert steepest(got + after) <= 1.6 * steepest(before) + 4


@settings(deadline=None)
@given(st.integers(100, 1500), frames, st.integers(0, 480))
def test_lengthen_a_voiced_frame(hz, size, least):
    before, frame = sine(hz, 1440), sine(hz, size, 1440)
    got = lengthen(before, frame, least)
    assert size + least <= len(got) <= size + 720
    assert steepest(before[-50:] + got) <= 1.6 * steepest(before) + 4
    assert got[-size // 2 :] == frame[-size // 2 :]


@pytest.mark.parametrize("hz", [120, 333, 1000])
@pytest.mark.parametrize("change", [shorten, lambda f, n: lengthen(sine(0, 0) or f, f, n)])
def test_spectrum_stays_pure(hz, change):
    whole, at = array("h"), 0
    for n in range(100):
        frame = sine(hz, 960, at)
        at += 960
        if n % 10 == 5:
            frame = shorten(frame, 300) if change is shorten else lengthen(whole[-1440:], frame, 240)
        whole += frame
    window = np.hanning(len(whole))
    spectrum = np.abs(np.fft.rfft(np.array(whole) * window)) ** 2
    near = abs(np.arange(len(spectrum)) * 48000 / len(whole) - hz) < 30
    assert spectrum[near].sum() > 300 * spectrum[~near].sum()  # 25 dB with ten seams a second


def test_nothing_is_cut_from_a_loud_low_voice_that_does_not_fit():
    assert shorten(sine(100, 960), 250) == sine(100, 960)
    quiet = array("h", [s // 100 for s in sine(100, 960)])
    assert len(shorten(quiet, 250)) <= 960 - 125
    assert len(shorten(sine(100, 960), 480)) <= 960 - 240


def test_too_short_to_change():
    frame = sine(300, 100)
    assert shorten(frame, 90) is frame
    assert shorten(sine(300, 960), 50) == sine(300, 960)
    assert lengthen(sine(300, 50), frame, 96) is frame
    assert len(lengthen(sine(300, 960), array("h"), 96)) == 0


def test_best_lag_finds_the_very_place():
    noise = array("h", np.random.default_rng(1).normal(0, 3000, 2000).clip(-32768, 32767).astype(np.int16).tolist())
    smooth = array("h", np.convolve(np.array(noise), np.ones(12) / 12, "same").astype(np.int16).tolist())
    assert best_lag(smooth, smooth[777:1017], 96, 1500) == 777
