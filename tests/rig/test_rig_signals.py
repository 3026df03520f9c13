from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from rig.costs import Busy, children, costs
from rig.signals import as_samples, first_sound, level, onset, speech_delay, tone, tone_level

from phone.drivers.vcard import RATE


def speechlike(seconds: float, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    noise = np.convolve(random.normal(0, 1, int(seconds * RATE)), np.ones(12) / 12, "same")
    syllables = np.repeat(random.uniform(0, 1, int(seconds * 8) + 1), RATE // 8)[: len(noise)]
    return (noise * syllables * 8000).astype(np.int16)


def test_levels() -> None:
    assert level(tone(425, 1.0, -20)) == pytest.approx(-20, abs=0.1)
    assert level(np.zeros(100, np.int16)) == level(np.zeros(0, np.int16)) == float("-inf")


def test_one_tone_among_others() -> None:
    both = tone(425, 0.5, -20) + tone(1000, 0.5, -40)
    assert tone_level(both, 425) == pytest.approx(-20, abs=0.2)
    assert tone_level(both, 1000) == pytest.approx(-40, abs=0.5)
    assert tone_level(both, 700) < -60
    assert tone_level(np.zeros(0, np.int16), 425) == tone_level(np.zeros(9, np.int16), 425) == float("-inf")


def test_speech_is_found_where_it_is() -> None:
    said = speechlike(1.0)
    heard = np.random.default_rng(9).integers(-50, 50, 3 * RATE).astype(np.int16)
    heard[31_200 : 31_200 + len(said)] += said // 3
    match = speech_delay(said, heard)
    assert match.delay_ms == pytest.approx(650)
    assert match.likeness > 0.95


def test_other_speech_is_not_taken_for_it() -> None:
    assert speech_delay(speechlike(1.0, 1), speechlike(3.0, 2)).likeness < 0.2
    assert speech_delay(speechlike(1.0, 1), np.zeros(2 * RATE, np.int16)).likeness == pytest.approx(0)
    with pytest.raises(ValueError, match="longer"):
        speech_delay(speechlike(2.0), speechlike(1.0))


def test_first_sound() -> None:
    assert first_sound(as_samples(bytes(200))) is None
    assert first_sound(np.array([0, -20, -32768, 9], np.int16)) == 2


def test_costs_of_a_process() -> None:
    mine = costs(os.getpid())
    assert mine.resident_mb > 5
    assert mine.threads >= 1
    assert mine.descriptors >= 3
    assert mine.cpu_seconds > 0
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in children(os.getpid())
        child.communicate(b"\n")
    with pytest.raises((FileNotFoundError, ProcessLookupError)):
        costs(child.pid)


def test_the_machine_is_busy_between_none_and_all() -> None:
    then = Busy.now()
    sum(range(2_000_000))
    assert 0 <= Busy.now().percent_since(then) <= 100
    assert then.percent_since(then) == 0


def test_the_onset_of_a_tone_behind_another() -> None:
    heard = np.concatenate([tone(425, 0.2, -10), tone(1000, 0.2, -20)])
    assert onset(heard, 1000) == pytest.approx(0.2 * RATE, abs=RATE // 100)
    assert onset(heard, 425) == RATE // 100
    assert onset(heard, 1400) is None
    assert onset(heard[:100], 425) is None
