# ruff: noqa: FBT003 - the marker is a field of the wire
"""Reception statistics against a plain model of RFC 3550 appendix A."""

import random

from hypothesis import given
from hypothesis import strategies as st

from phone.media.reception import Reception
from phone.media.rtcp import SenderReport
from phone.media.rtp import RtpPacket


def packet(sequence, timestamp=0):
    return RtpPacket(0, False, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 9, b"")


@given(st.integers(0, 0xFFFF), st.lists(st.booleans(), min_size=1, max_size=300))
def test_loss_over_the_wrap(start, pattern):
    pattern = [True, *pattern, True]
    reception = Reception(9)
    for n, came in enumerate(pattern):
        if came:
            reception.packet(packet(start + n), n * 0.02, 8000)
    lost = pattern.count(False)
    assert reception.lost == lost
    assert reception.lost == lost  # reading changes nothing
    block = reception.next_report(1.0)
    assert (block.lost, block.fraction_lost) == (lost, 256 * lost // len(pattern))
    assert block.highest_sequence == start + len(pattern) - 1
    assert reception.interval_loss == lost / len(pattern)
    assert reception.next_report(2.0).fraction_lost == 0


@given(st.integers(0, 0xFFFF), st.randoms(use_true_random=False), st.integers(2, 60))
def test_order_and_duplicates(start, rng, count):
    numbers = list(range(count))
    rng.shuffle(numbers)
    reception = Reception(9)
    for n in [*numbers, numbers[0]]:
        reception.packet(packet(start + n), 0.0, 8000)
    assert reception.lost == -1
    assert reception.next_report(0).fraction_lost == 0


def test_jitter_is_zero_on_a_steady_stream_through_the_timestamp_wrap():
    reception = Reception(9)
    for n in range(100):
        reception.packet(packet(n, 2**32 - 8000 + 160 * n), 1000 + 0.02 * n, 8000)
    assert reception.jitter < 1e-9


def test_jitter_approaches_the_mean_step():
    reception, rng = Reception(9), random.Random(1)
    for n in range(2000):
        reception.packet(packet(n, 960 * n), 0.02 * n + rng.choice([0, 0.004]), 48000)
    assert 0.001 < reception.jitter < 0.003


def test_another_clock_rate_is_no_jitter():
    reception = Reception(9)
    assert reception.jitter == 0
    assert reception.lost == 0
    reception.packet(packet(0, 0), 0.0, 48000)
    reception.packet(packet(1, 960), 0.02, 8000)
    assert reception.jitter == 0


def test_a_restarted_source_keeps_what_was_lost():
    reception = Reception(9)
    for n in (0, 1, 3, 30_000, 30_001, 30_003):
        reception.packet(packet(n), 0, 8000)
    assert (reception.lost, reception.received) == (2, 6)
    assert reception.next_report(0).highest_sequence == 30_003


def test_names_the_last_sender_report():
    reception = Reception(9)
    assert reception.next_report(1.0).delay == 0
    reception.sender_report(SenderReport(9, 0x0001_0002_0003_0004, 0, 0, 0), 2.0)
    block = reception.next_report(2.5)
    assert (block.last_report, block.delay) == (0x0002_0003, 32768)
