"""Packets numbered anew: gaps and jumps stay, nothing is used twice, a new stream goes on in ours."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from phone.media.relay import WINDOW, Relay
from phone.media.rtp import RtpPacket, RtpSender

M16, M32 = 1 << 16, 1 << 32


def packet(sequence: int, timestamp: int | None = None, ssrc: int = 5, *, marker: bool = False) -> RtpPacket:
    return RtpPacket(
        111, marker, sequence % M16, (960 * sequence if timestamp is None else timestamp) % M32, ssrc, b"x"
    )


def fresh(sequence: int = 0, timestamp: int = 0) -> tuple[RtpSender, Relay]:
    sender = RtpSender(9, sequence=sequence, timestamp=timestamp)
    return sender, Relay(sender)


@given(
    st.integers(0, M16 - 1),
    st.integers(0, M32 - 1),
    st.integers(0, M16 - 1),
    st.lists(st.integers(-40, 60), min_size=1, max_size=80),
)
def test_under_loss_reorder_copies_and_wraps(begin, timestamp, ours, steps):
    """Whatever comes, places differ from each other as the packets did; no place is given twice."""
    sender, relay = fresh(ours, timestamp)
    at, newest, given_out = begin, begin, {}
    for step in steps:
        place = relay.place(packet(at), 48_000, 0.0)
        if place is None:
            assert at in given_out or at < begin
        else:
            assert at not in given_out
            given_out[at] = place
            newest = max(newest, at)
        at = newest + step
    for number, place in given_out.items():
        assert place.sequence == (ours + number - begin) % M16
        assert place.timestamp == (timestamp + 960 * (number - begin)) % M32
        assert place.fresh is (number == begin)
    assert len({place.sequence for place in given_out.values()}) == len(given_out)
    assert sender.sequence == (ours + newest - begin + 1) % M16
    assert sender.timestamp == (timestamp + 960 * (newest - begin)) % M32


@given(st.lists(st.tuples(st.integers(0, M16 - 1), st.integers(1, 2)), min_size=1, max_size=100))
def test_no_number_is_used_twice_whatever_comes(packets):
    """Numbers without their wraps: SRTP counts wraps, and takes each one only once."""
    sender, relay = fresh(65_530)
    used, top = set(), 65_529
    for sequence, ssrc in packets:
        place = relay.place(packet(sequence, ssrc=ssrc), 48_000, 0.0)
        if place is not None:
            step = ((place.sequence - top + M16 // 2) % M16) - M16 // 2
            number = top + step
            top = max(top, number)
            assert number not in used
            assert top - WINDOW < number
            used.add(number)
    assert sender.sequence == (top + 1) % M16


def test_a_pause_and_a_jump_in_time_stay():
    _, relay = fresh(10, 1000)
    stamps = [relay.place(packet(n, t), 48_000, 0.0).timestamp for n, t in [(1, 0), (2, 960), (3, 96_960), (4, 50)]]
    assert stamps == [1000, 1960, 97_960, 1050]


def test_a_far_end_that_begins_a_new_stream_goes_on_without_a_gap():
    _, relay = fresh(10, 1000)
    relay.place(packet(100, 500), 8000, 1.0)
    place = relay.place(packet(7, 9_000_000, ssrc=6), 8000, 1.5)
    assert (place.sequence, place.timestamp, place.fresh) == (11, 1000 + 4000, True)
    place = relay.place(packet(30_000, 77, ssrc=6), 8000, 1.7)
    assert (place.sequence, place.timestamp, place.fresh) == (12, 1000 + 4000 + 1600, True)
    assert relay.place(packet(29_999, 77, ssrc=6), 8000, 1.7) is None


def test_what_is_older_than_the_window_is_left_out():
    _, relay = fresh()
    for n in range(0, 2 * WINDOW, 64):
        relay.place(packet(n), 48_000, 0.0)
    newest = 2 * WINDOW - 64
    assert relay.place(packet(newest - WINDOW), 48_000, 0.0) is None
    assert relay.place(packet(newest - WINDOW + 1), 48_000, 0.0) is not None
    assert relay.place(packet(newest - WINDOW + 1), 48_000, 0.0) is None
