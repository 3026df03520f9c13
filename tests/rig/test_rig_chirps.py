"""The ruler itself: known delays are measured as they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rig.chirps import Summary, delays_ms, track

from phone.drivers.vcard import RATE


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 30_000), st.floats(0.1, 1.0), st.integers(0, 2**31))
def test_a_known_delay_is_measured_to_the_sample(delay: int, gain: float, seed: int) -> None:
    said, chirps = track(6.0, seed)
    heard = np.zeros(len(said) + delay, np.int16)
    heard[delay:] = (said * gain).astype(np.int16)
    delays = delays_ms(heard, chirps)
    assert len(delays) > 5
    assert all(d == pytest.approx(delay / RATE * 1e3, abs=0.05) for d in delays)


def test_silence_and_noise_are_not_chirps() -> None:
    said, chirps = track(4.0, 1)
    assert delays_ms(np.zeros_like(said), chirps) == [None] * len(chirps)
    noise = np.random.default_rng(2).integers(-9000, 9000, len(said)).astype(np.int16)
    assert delays_ms(noise, chirps) == [None] * len(chirps)
    assert delays_ms(said[:100], chirps) == [None] * len(chirps)


def test_a_chirp_that_was_lost_is_not_taken_for_the_next() -> None:
    said, chirps = track(6.0, 3)
    heard = said.copy()
    heard[chirps[2].at - 500 : chirps[2].at + 2000] = 0
    delays = delays_ms(heard, chirps)
    assert delays[2] is None
    assert Summary.of(delays) == Summary(len(chirps) - 1, 1, 0.0, 0.0, 0.0, 0.0)


def test_nothing_heard_is_not_a_number() -> None:
    summary = Summary.of([None, None])
    assert (summary.count, summary.lost) == (0, 2)
    assert math.isnan(summary.median)
