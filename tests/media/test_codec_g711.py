"""G.711 against the standard's own formula, and as a codec of the phone."""

import math
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.media.codecs.g711 import G711Codec, alaw_level, compressed, ulaw_level

LEVELS = {"pcmu": ulaw_level, "pcma": alaw_level}


def sine(hz, samples, start=0):
    return array("h", [round(9000 * math.sin(2 * math.pi * hz * (start + i) / 48000)) for i in range(samples)])


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("pcmu", {0x00: -32124, 0x80: 32124, 0xFF: 0, 0x7F: 0, 0xFE: 8, 0x70: -120, 0xF0: 120}),
        ("pcma", {0xD5: 8, 0x55: -8, 0xAA: 32256, 0x2A: -32256, 0xC5: 264, 0x00: -5504}),
    ],
)
def test_known_levels(name, levels):
    assert {code: LEVELS[name](code) for code in levels} == levels


@given(st.sampled_from(["pcmu", "pcma"]), st.integers(-32768, 32767))
def test_the_nearest_level_is_chosen(name, value):
    (code,) = compressed(name, [value])
    distance = abs(LEVELS[name](code) - value)
    assert distance == min(abs(LEVELS[name](c) - value) for c in range(256))


@pytest.mark.parametrize("name", ["pcmu", "pcma"])
@pytest.mark.parametrize("ms", [10, 20, 40, 60])
def test_speech_band_there_and_back(name, ms):
    near, far = G711Codec(name), G711Codec(name)
    heard, size = array("h"), 48 * ms
    for n in range(1200 // ms):
        payload = bytes(near.encode(sine(440, size, n * size)))
        assert len(payload) == 8 * ms
        assert far.samples_in(payload) == size
        heard += array("h", far.decode(payload))
    spectrum = np.abs(np.fft.rfft(np.array(heard[4800:]) * np.hanning(len(heard) - 4800))) ** 2
    near_tone = abs(np.arange(len(spectrum)) * 48000 / (len(heard) - 4800) - 440) < 20
    assert 10 * np.log10(spectrum[near_tone].sum() / spectrum[~near_tone].sum()) > 34
    assert np.std(heard[4800:]) == pytest.approx(9000 / math.sqrt(2), rel=0.02)


def test_losses():
    codec = G711Codec("pcma")
    assert (codec.name, codec.clock_rate) == ("pcma", 8000)
    coder = G711Codec("pcma")
    for n in range(5):
        codec.decode(bytes(coder.encode(sine(200, 960, 960 * n))))
    assert np.std(codec.conceal(480)) > 4000
    assert len(codec.conceal(240)) == 240
    assert len(codec.decode_fec(b"x" * 160, 960)) == 0
    assert not codec.is_silence(b"")
    codec.expect_loss(10)


@pytest.mark.parametrize("payload", [b"", b"x" * 961])
def test_nonsense(payload):
    codec = G711Codec("pcmu")
    assert codec.samples_in(payload) == 0
    assert len(codec.decode(payload)) == 0
