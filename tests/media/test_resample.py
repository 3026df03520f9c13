import math
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.media.resample import Downsampler, Upsampler


def sine(hz, rate, seconds, amplitude=12000):
    return array("h", [round(amplitude * math.sin(2 * math.pi * hz * i / rate)) for i in range(int(rate * seconds))])


def purity(samples, hz, rate):
    """dB of the sine against all else."""
    spectrum = np.abs(np.fft.rfft(np.array(samples) * np.hanning(len(samples)))) ** 2
    near = abs(np.arange(len(spectrum)) * rate / len(samples) - hz) < 20
    return 10 * np.log10(spectrum[near].sum() / spectrum[~near].sum())


@pytest.mark.parametrize("hz", [300, 1000, 2500, 3400])
def test_pass_band_both_ways(hz):
    down, up = Downsampler(), Upsampler()
    source = sine(hz, 48000, 1)
    narrow, wide = array("h"), array("h")
    for start in range(0, 48000, 960):
        block = down(source[start : start + 960])
        narrow += block
        wide += up(block)
    assert (len(narrow), len(wide)) == (8000, 48000)
    assert purity(narrow[400:], hz, 8000) > 45
    assert purity(wide[2400:], hz, 48000) > 45
    assert 20 * np.log10(np.std(wide[2400:]) / np.std(source)) == pytest.approx(0, abs=1.1)


@pytest.mark.parametrize("hz", [4700, 6000, 11000])
def test_stop_band(hz):
    assert np.std(Downsampler()(sine(hz, 48000, 0.5))[100:]) < 12000 / 200


@given(st.lists(st.integers(-32768, 32767), min_size=4, max_size=40), st.integers(1, 3))
def test_blocks_do_not_matter(values, cut):
    narrow = array("h", values)
    whole, parts = Upsampler()(narrow), Upsampler()
    wide = parts(narrow[:cut]) + parts(narrow[cut:])
    assert all(abs(a - b) <= 1 for a, b in zip(whole, wide, strict=True))
    down = Downsampler()
    again = down(wide[: 6 * cut]) + down(wide[6 * cut :])
    assert all(abs(a - b) <= 1 for a, b in zip(again, Downsampler()(wide), strict=True))


def test_loud_is_held_not_wrapped():
    square = array("h", ([32767] * 5 + [-32768] * 5) * 40)
    wide = np.array(Upsampler()(square), dtype=int)
    assert wide.max() == 32767
    assert wide.min() == -32768
    # A wrap would jump from one end to the other; the filter's own slope is far less.
    assert np.abs(np.diff(wide)).max() < 30000
    full = array("h", ([32767] * 30 + [-32768] * 30) * 16)
    narrow = np.array(Downsampler()(full), dtype=int)
    assert (narrow.max(), narrow.min()) == (32767, -32768)
