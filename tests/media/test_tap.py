"""Whatever the network does to packets, they come out in order and once, and none that came in time is missing."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.media import plan
from phone.media.rtp import RtpPacket
from phone.media.tap import PATIENCE, WINDOW, Tap

OPUS = plan.Codec("opus", 111, 48_000, 2)


def packet(number: int, ssrc: int = 1) -> RtpPacket:
    return RtpPacket(
        payload_type=111,
        marker=False,
        sequence=number & 0xFFFF,
        timestamp=number * 960 & 0xFFFFFFFF,
        ssrc=ssrc,
        payload=b"x",
    )


def numbers(taken) -> list[int]:
    return [each.packet.sequence for each in taken]


def through(tap: Tap, sent: list[int], at: float = 0.0) -> list[int]:
    return [number for each in sent for number in numbers(tap.put(packet(each), OPUS, at))]


def in_order(heard: list[int]) -> bool:
    return all(0 < (b - a) & 0xFFFF < 0x8000 for a, b in itertools.pairwise(heard))


@given(st.integers(0, 0xFFFF), st.lists(st.integers(0, 60), max_size=120))
def test_any_order_comes_out_in_order_and_once(first, offsets):
    tap = Tap()
    heard = through(tap, [first, *(first + each for each in offsets)]) + numbers(tap.flush())
    assert in_order(heard)
    assert set(heard) <= {(first + each) & 0xFFFF for each in (0, *offsets)}


@given(st.integers(0, 0xFFFF), st.integers(1, 80), st.data())
def test_nothing_is_missing_that_came_within_the_window(first, count, data):
    displaced = sorted(range(1, count), key=lambda n: n + data.draw(st.floats(0, 6)))
    lost = data.draw(st.sets(st.integers(1, count)))
    sent = [first, *(first + n for n in displaced if n not in lost)]
    doubled = [each for n in sent for each in [n] * data.draw(st.integers(1, 2))]
    tap = Tap()
    heard = through(tap, doubled) + numbers(tap.flush())
    # who waits may give up on one that is still to come only if more than the window wait
    if len(lost) == 0:
        assert heard == [(first + n) & 0xFFFF for n in range(count)]
    assert in_order(heard)


def test_what_is_in_order_waits_for_nothing():
    tap = Tap()
    for number in range(65_530, 65_550):
        assert through(tap, [number]) == [number & 0xFFFF]


def test_a_missing_one_is_waited_for_and_then_given_up():
    tap = Tap()
    assert through(tap, [5]) == [5]
    behind = list(range(7, 7 + WINDOW))
    assert through(tap, behind) == []
    assert through(tap, [7 + WINDOW]) == [*behind, 7 + WINDOW]
    assert through(tap, [6]) == [], "too late"
    assert through(tap, [8 + WINDOW]) == [8 + WINDOW]


def test_several_gaps_are_given_up_one_by_one():
    tap = Tap()
    through(tap, [0])
    assert through(tap, [2, 4]) == []
    assert numbers(tap.waited(PATIENCE / 2)) == []
    assert numbers(tap.waited(PATIENCE)) == [2]
    assert numbers(tap.waited(PATIENCE)) == [4]
    assert numbers(tap.waited(9.0)) == []


def test_the_missing_one_lets_go_those_behind_it():
    tap = Tap()
    assert through(tap, [0, 2, 3, 5, 1]) == [0, 1, 2, 3]
    assert numbers(tap.flush()) == [5]
    assert numbers(tap.flush()) == []


@pytest.mark.parametrize("other", [packet(7, ssrc=2), packet(20_000)], ids=["source", "sequence"])
def test_another_stream_begins_after_all_of_the_one_before(other):
    tap = Tap()
    (first,) = tap.put(packet(5), OPUS, 0.0)
    assert first.fresh
    assert through(tap, [7]) == []
    taken = tap.put(other, None, 1.0)
    assert [(each.packet, each.form, each.fresh) for each in taken] == [(packet(7), OPUS, False), (other, None, True)]
