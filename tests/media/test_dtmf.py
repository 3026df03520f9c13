# ruff: noqa: FBT003 - the marker is a field of the wire
"""RFC 4733 events: what one end queues the other hears, once each, whatever the wire does."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.media.dtmf import DIGITS, FREQUENCIES, DtmfReceiver, DtmfSender, parse_event
from phone.media.rtp import RtpPacket


def event(timestamp, code, *, end=False, duration=160):
    return RtpPacket(101, False, 0, timestamp & 0xFFFFFFFF, 1, struct.pack(">BBH", code, end << 7 | 10, duration))


def sent(sender, start, units, ticks):
    return [sender.tick((start + n * units) & 0xFFFFFFFF, units) for n in range(ticks)]


@given(
    st.text(DIGITS, min_size=1, max_size=5),
    st.sampled_from([(8000, 160), (48000, 960), (48000, 480), (8000, 480)]),
    st.sampled_from([0, 2**32 - 3000]),
    st.data(),
)
def test_each_digit_is_heard_once_whatever_is_lost(digits, clock, start, data):
    rate, units = clock
    sender, receiver = DtmfSender(rate), DtmfReceiver()
    for digit in digits:
        sender.push(digit)
    ticks = sent(sender, start, units, 30 * len(digits))
    assert not sender.busy
    heard, alive = "", {}
    for packet in filter(None, ticks):
        # Losses, but never of a whole event; each packet perhaps twice.
        kept = alive.setdefault(packet.timestamp, data.draw(st.integers(0, 3)))
        if kept > 0:
            alive[packet.timestamp] = kept - 1
            continue
        for _ in range(data.draw(st.integers(1, 2))):
            heard += receiver.put(RtpPacket(101, packet.marker, 0, packet.timestamp, 1, packet.payload)) or ""
    assert heard == digits


def test_shape_of_an_event():
    sender = DtmfSender(8000)
    assert not sender.busy
    sender.push("5")
    assert sender.busy
    ticks = sent(sender, 1000, 160, 20)
    event_ticks = [t for t in ticks if t]
    assert [t.marker for t in event_ticks] == [True] + [False] * 6
    assert {t.timestamp for t in event_ticks} == {1000}
    durations = [160, 320, 480, 640, 800, 800, 800]
    assert [parse_event(t.payload) for t in event_ticks] == [(5, d == 800, d) for d in durations]
    assert ticks[7:] == [None] * 13


def test_pause_between_events():
    sender = DtmfSender(48000)
    sender.push("1")
    sender.push("2", 40)
    starts = [n for n, t in enumerate(sent(sender, 0, 960, 40)) if t and t.marker]
    assert starts == [0, 8]  # 100 ms and 60 ms of pause
    assert not sender.busy


@pytest.mark.parametrize("digit", ["", "12", "x", "a"])
def test_only_digits(digit):
    with pytest.raises(ValueError, match="no DTMF digit"):
        DtmfSender(8000).push(digit)


def test_long_event_in_segments_is_one():
    receiver = DtmfReceiver()
    assert receiver.put(event(100, 3, duration=0xFFFF)) == "3"
    assert receiver.put(event(100 + 0xFFFF, 3, duration=500)) is None
    assert receiver.put(event(100 + 0xFFFF, 3, duration=900, end=True)) is None
    # The same key again, at that very instant: a new press, since the one before has ended.
    assert receiver.put(event(100 + 0xFFFF + 900, 3)) == "3"


def test_same_key_twice_and_overtaken_copies():
    receiver = DtmfReceiver()
    assert receiver.put(event(0, 1, end=True)) == "1"
    assert receiver.put(event(1000, 1)) == "1"
    assert receiver.put(event(0, 1, end=True)) is None
    assert receiver.put(event(1000, 1, end=True)) is None
    assert receiver.put(event(2000, 2)) == "2"


@given(st.binary(max_size=8), st.integers(0, 2**32 - 1))
def test_nonsense_is_ignored(payload, timestamp):
    heard = DtmfReceiver().put(RtpPacket(101, False, 0, timestamp, 1, payload))
    assert heard is None or (len(payload) >= 4 and heard == DIGITS[payload[0]])


def test_frequencies():
    assert FREQUENCIES["1"] == (697, 1209)
    assert FREQUENCIES["0"] == (941, 1336)
    assert FREQUENCIES["#"] == (941, 1477)
    assert set(FREQUENCIES) == set(DIGITS)
