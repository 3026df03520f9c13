"""Gaps add up to the time that passed, whatever was lost; nonsense never makes one negative or endless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.media.timeline import LONGEST, Timeline

FRAME = 960


@given(
    st.sampled_from([8_000, 48_000]), st.integers(0, 2**32 - 1), st.lists(st.booleans(), min_size=2), st.floats(0, 0.9)
)
def test_gaps_and_packets_add_up(rate, first, came, jitter):
    timeline, heard, gaps = Timeline(), 0, 0
    kept = [n for n, each in enumerate(came) if each]
    for n in kept:
        arrival = n * 0.02 + (jitter if n % 3 else 0.0)
        gaps += timeline.gap((first + n * FRAME * rate // 48_000) % 2**32, rate, arrival, fresh=n == kept[0])
        timeline.lasts(FRAME)
        heard += FRAME
    if kept:
        assert heard + gaps == (kept[-1] - kept[0] + 1) * FRAME


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.booleans(), st.integers(0, 5760), st.floats(0, 5))))
def test_nonsense_makes_no_gap_longer_than_the_clock_allows(packets):
    timeline, now, begun = Timeline(), 100.0, False
    for timestamp, fresh, samples, later in packets:
        now += later
        gap = timeline.gap(timestamp, 48_000, now, fresh=fresh)
        assert 0 <= gap <= (later + 1.0) * 48_000 + 1 if begun else gap == 0
        timeline.lasts(samples)
        begun = True


def at(timeline: Timeline, timestamp: int, arrival: float, rate: int = 48_000, *, fresh: bool = False) -> int:
    gap = timeline.gap(timestamp % 2**32, rate, arrival, fresh=fresh)
    timeline.lasts(FRAME)
    return gap


@pytest.mark.parametrize("jump", [2**31 - 5, 10 * 48_000, -10 * 48_000])
def test_where_timestamps_jump_the_clock_tells(jump):
    timeline = Timeline()
    at(timeline, 0, 50.0, fresh=True)
    assert at(timeline, FRAME + jump, 50.02) == 0
    assert at(timeline, 2 * FRAME + jump, 50.04) == 0
    assert at(timeline, 3 * FRAME + 2 * jump, 51.06) == 48_000


def test_a_pause_of_minutes_is_one_gap_and_ten_are_the_most():
    timeline = Timeline()
    at(timeline, 0, 50.0, fresh=True)
    assert at(timeline, FRAME + 120 * 48_000, 170.02) == 120 * 48_000
    assert at(timeline, 0, 9000.0, fresh=True) == LONGEST


def test_what_a_stalled_network_lets_go_at_once_has_no_gaps():
    timeline = Timeline()
    at(timeline, 0, 50.0, fresh=True)
    assert [at(timeline, n * FRAME, 53.0) for n in range(1, 5)] == [0, 0, 0, 0]


def test_overlapping_packets_and_another_clock_rate_have_no_negative_gap():
    timeline = Timeline()
    at(timeline, 0, 50.0, fresh=True)
    assert at(timeline, FRAME // 2, 50.01) == 0
    assert at(timeline, 7, 50.53, rate=8_000) == 24_000
