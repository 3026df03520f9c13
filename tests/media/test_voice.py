"""Volume, mixing and fades: exact to half a step, and never a click."""

import math
from array import array

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from phone.media.voice import LOUDEST, UNITY, Volume, cross_fade, gain_of_percent, mix, ramp, saturate, scale, total

sample = st.integers(-32768, 32767)
blocks = st.lists(sample, min_size=1, max_size=100).map(lambda v: array("h", v))


def sine(hz, samples, amplitude=10000, start=0):
    return array("h", [round(amplitude * math.sin(2 * math.pi * hz * (start + i) / 48000)) for i in range(samples)])


@given(st.lists(st.tuples(sample, sample), max_size=50))
def test_mix_saturates(pairs):
    got = mix(array("h", [a for a, _ in pairs]), array("h", [b for _, b in pairs]))
    assert list(got) == [max(-32768, min(32767, a + b)) for a, b in pairs]


@given(st.lists(st.integers(-(10**6), 10**6)))
def test_saturate(values):
    assert list(saturate(values)) == [max(-32768, min(32767, v)) for v in values]


@given(st.just(array("h")) | blocks, st.integers(-5, LOUDEST + 5))
def test_scale_saturates(block, gain):
    got = scale(block, gain)
    wanted = max(0, min(LOUDEST, gain)) / UNITY
    assert len(got) == len(block)
    assert all(abs(g - max(-32768, min(32767, s * wanted))) <= 0.51 for g, s in zip(got, block, strict=True))


def test_gains_rise_with_the_setting():
    gains = [gain_of_percent(p) for p in range(101)]
    assert gains == sorted(set(gains))
    assert (gains[0], gains[80], gain_of_percent(-3), gain_of_percent(130)) == (0, UNITY, 0, gains[100])
    assert abs(gains[100] / UNITY - 10 ** (6 / 20)) < 1e-4
    assert abs(gains[60] / UNITY - 10 ** (-6 / 20)) < 1e-4


def test_the_default_volume_costs_nothing():
    block = sine(200, 240)
    assert Volume(80).apply(block) is block


@given(blocks, st.integers(0, LOUDEST), st.integers(0, LOUDEST), st.integers(0, 120))
def test_ramp_stays_between_its_ends(block, begin, end, length):
    got = ramp(block, begin, end, length)
    assert len(got) == len(block)
    for n, (g, s) in enumerate(zip(got, block, strict=True)):
        gains = (end, end) if n >= length else (begin, end)
        assert min(abs(s) * min(gains) / UNITY - 1.01, 32767) <= abs(g) <= abs(s) * max(gains) / UNITY + 1.01
        assert g * s >= -abs(s)


def test_cross_fade_begins_old_and_ends_new():
    got = cross_fade(array("h", [100] * 10), array("h", [200] * 10))
    assert list(got) == [100, 110, 120, 130, 140, 150, 160, 170, 180, 190]


def test_volume_turns_without_a_click():
    volume, heard = Volume(80), array("h")
    for n, percent in enumerate([80, 80, 20, 20, 0, 0, 80, 80]):
        volume.turn(percent)
        heard += volume.apply(sine(200, 960, start=960 * n))
    steps = np.abs(np.diff(np.array(heard, dtype=int)))
    assert steps.max() <= 10000 * 2 * math.pi * 200 / 48000 + 10000 / 480 + 2
    assert not any(heard[4 * 960 + 480 : 6 * 960])
    assert heard[7 * 960 :] == sine(200, 960, start=960 * 7)


def test_a_rising_ramp_saturates():
    assert list(ramp(array("h", [30_000, -30_000, 100]), UNITY, LOUDEST, 2)) == [32_767, -32_768, 200]


@given(st.lists(blocks, min_size=1, max_size=1) | st.lists(st.lists(sample, min_size=5, max_size=5), min_size=1))
def test_a_total_is_the_saturated_sum(several):
    wanted = [max(-32768, min(32767, sum(column))) for column in zip(*several, strict=True)]
    assert list(total([array("h", block) for block in several])) == wanted
