"""Who speaks is told from who is silent, from noise and from clicks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.media.loudness import SpeechMeter

FRAME = 960


def square(dbfs: float) -> float:
    return 32768.0**2 * 10 ** (dbfs / 10)


def heard(meter: SpeechMeter, levels, begin: float = 0.0) -> None:
    for n, level in enumerate(levels, 1):
        meter.add(square(level), FRAME, begin + n * 0.02)


@pytest.mark.parametrize(("level", "speech"), [(-20, 1000), (-44, 1000), (-46, 0), (-90, 0)])
def test_the_threshold(level, speech):
    meter = SpeechMeter(0.0)
    heard(meter, [level] * 50)
    assert meter.speech_ms == speech
    assert meter.silent_ms(1.0) == (0 if speech else 1000)


def test_silence_is_counted_by_the_clock_though_nothing_comes():
    meter = SpeechMeter(5.0)
    assert meter.silent_ms(4.9) == 0
    assert meter.silent_ms(7.5) == 2500
    heard(meter, [-20] * 10, begin=10.0)
    assert meter.silent_ms(10.2 + 3.0) == 3000
    assert meter.speech_ms == 200


def test_a_click_is_not_speech_and_a_dying_word_is():
    meter = SpeechMeter(0.0)
    heard(meter, [-70, -10, -70, -10] * 10)
    assert meter.speech_ms == 0
    heard(meter, [-70, -20, -20, -47, -47, -49], begin=1.0)
    assert meter.speech_ms == 80


def test_speech_is_found_in_loud_noise_once_the_noise_is_known():
    meter = SpeechMeter(0.0)
    heard(meter, [-40] * 1000)
    before = meter.speech_ms
    assert before < 10_000
    heard(meter, [-40] * 50, begin=20.0)
    assert meter.speech_ms == before
    heard(meter, ([-20] * 10 + [-40] * 5) * 10, begin=21.0)
    assert meter.speech_ms == before + 2000
    assert meter.silent_ms(24.0) == 100


def test_a_tone_that_never_ends_is_noise_after_a_while():
    meter = SpeechMeter(0.0)
    heard(meter, [-12] * 3000)
    assert 20_000 < meter.speech_ms < 40_000
    assert meter.silent_ms(60.0) > 10_000


@given(st.lists(st.tuples(st.floats(-120, 0), st.sampled_from([120, 480, 960, 2880]))))
def test_speech_is_never_more_than_all(levels):
    meter, now, total = SpeechMeter(0.0), 0.0, 0
    for level, samples in levels:
        now += samples / 48_000
        total += samples
        before = meter.speech_ms
        meter.add(square(level), samples, now)
        assert before <= meter.speech_ms <= total * 1000 // 48_000
        assert 0 <= meter.silent_ms(now) <= round(now * 1000)
