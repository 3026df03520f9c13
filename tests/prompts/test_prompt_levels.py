"""Samples: silence cut off, one loudness, another rate."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.prompts.levels import RATE, levelled, loudness, resampled, silence, tone, trimmed

ESPEAK = 22_050


def sine(hertz, seconds=0.5, level=3000, rate=ESPEAK):
    times = np.arange(int(seconds * rate)) / rate
    return array("h", (level * np.sin(2 * np.pi * hertz * times)).astype(np.int16).tobytes())


def decibels(value):
    return 20 * np.log10(value / 32768)


def test_silence_is_cut_off_on_both_sides():
    speech = sine(440, 0.2)
    cut = trimmed(array("h", bytes(20_000)) + speech + array("h", bytes(30_000)), ESPEAK)
    assert 0 <= len(cut) - len(speech) <= 0.05 * ESPEAK
    assert max(map(abs, cut[: ESPEAK // 50])) > 1000, "it begins within 20 ms"
    assert trimmed(array("h", bytes(2000)), ESPEAK) == array("h")
    assert trimmed(array("h"), ESPEAK) == array("h")


@pytest.mark.parametrize("level", [200, 3000, 32_000])
def test_speech_is_made_as_loud_as_any_other(level):
    assert decibels(loudness(levelled(sine(440, level=level), ESPEAK), ESPEAK)) == pytest.approx(-20.5, abs=0.5)


def test_pauses_do_not_count():
    speech = sine(440) + array("h", bytes(2 * ESPEAK)) + sine(440)
    assert decibels(loudness(levelled(speech, ESPEAK), ESPEAK)) == pytest.approx(-20.5, abs=0.5)


def test_peaks_are_held_down():
    crackle = sine(440, level=300)
    crackle[5000] = 30_000
    assert max(map(abs, levelled(crackle, ESPEAK))) <= 32_768 * 10 ** (-5.4 / 20)
    assert levelled(array("h"), ESPEAK) == array("h")
    assert loudness(array("h"), ESPEAK) == 0.0


@pytest.mark.parametrize("hertz", [300, 1000, 3400, 8000])
def test_the_pitch_stays_and_nothing_is_added(hertz):
    out = np.array(resampled(sine(hertz, level=10_000), ESPEAK), dtype=float)
    assert len(out) == pytest.approx(RATE / 2, abs=2)
    middle = out[2000:10_000] * np.hanning(8000)
    power = np.abs(np.fft.rfft(middle)) ** 2
    peak = int(power.argmax())
    assert peak * RATE / 8000 == pytest.approx(hertz, abs=3)
    assert power[peak - 8 : peak + 9].sum() / power.sum() > 0.999, "30 dB below it, nothing"
    assert np.abs(out[2000:10_000]).max() == pytest.approx(10_000, rel=0.15)


@given(st.lists(st.integers(-32_768, 32_767), max_size=300))
def test_any_samples_stay_samples(values):
    samples = array("h", values)
    assert len(resampled(samples, ESPEAK)) == len(samples) * 160 // 147
    assert len(resampled(samples, RATE)) == len(samples)
    assert len(levelled(samples, ESPEAK)) == len(samples)


def test_the_same_rate_is_no_change():
    samples = sine(440, rate=RATE)
    assert max(abs(a - b) for a, b in zip(samples, resampled(samples, RATE), strict=True)) <= 1


def test_the_beep():
    beep = np.array(tone(0.4, 1000.0), dtype=float)
    assert len(beep) == 0.4 * RATE
    assert abs(beep[0]) < 100
    assert decibels(np.sqrt((beep**2).mean())) == pytest.approx(-20.5, abs=0.3)
    assert len(silence(0.25)) == RATE // 4
