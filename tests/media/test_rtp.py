"""RTP on the wire: examples by hand, and every header that RFC 3550 allows by property."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.media.rtp import RtpError, RtpPacket, RtpSender, kind_of_datagram, parse_rtp, unwrap16, unwrap32


def wire(packet, *, csrcs=(), extension=None, padding=0):
    flags = 0x80 | len(csrcs) | (0x10 if extension is not None else 0) | (0x20 if padding else 0)
    data = struct.pack(
        ">BBHII",
        flags,
        packet.payload_type | (packet.marker << 7),
        packet.sequence,
        packet.timestamp,
        packet.ssrc,
    )
    data += b"".join(struct.pack(">I", c) for c in csrcs)
    if extension is not None:
        profile, words = extension
        data += struct.pack(">HH", profile, len(words) // 4) + words
    return data + packet.payload + (bytes(padding - 1) + bytes([padding]) if padding else b"")


u16, u32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
packets = st.builds(RtpPacket, st.integers(0, 63), st.booleans(), u16, u32, u32, st.binary(max_size=40))
extensions = st.none() | st.tuples(
    st.sampled_from([0xBEDE, 0x1000, 0x1234]),
    st.integers(0, 5).flatmap(lambda n: st.binary(min_size=4 * n, max_size=4 * n)),
)


@given(packets, st.lists(u32, max_size=15), extensions, st.integers(0, 255))
def test_any_header_is_skipped(packet, csrcs, extension, padding):
    data = wire(packet, csrcs=csrcs, extension=extension, padding=padding)
    assert parse_rtp(data) == packet
    assert parse_rtp(memoryview(bytearray(data))) == packet


@given(st.binary(max_size=60))
def test_nonsense_raises_only_rtp_error(data):
    try:
        packet = parse_rtp(data)
    except RtpError:
        return
    assert len(packet.payload) <= len(data) - 12


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x80" * 11, "shorter"),
        (b"\x40" + bytes(11), "version"),
        (b"\x90" + bytes(13), "extension is cut"),
        (b"\x90" + bytes(11) + b"\xbe\xde\x00\x02" + bytes(4), "need"),
        (b"\x82" + bytes(15), "need"),
        (b"\xa0" + bytes(11) + b"ab\x00", "padding of 0"),
        (b"\xa0" + bytes(11) + b"ab\x09", "need"),
    ],
)
def test_malformed(data, words):
    with pytest.raises(RtpError, match=words):
        parse_rtp(data)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "unknown"),
        (b"\x00\x01", "stun"),
        (b"\x03\x01", "stun"),
        (b"\x04", "unknown"),
        (b"\x14\xfe", "dtls"),
        (b"\x3f\xfe", "dtls"),
        (b"\x40\x00", "unknown"),
        (b"\x80", "rtp"),
        (b"\x80\x6f", "rtp"),
        (b"\x80\xef", "rtp"),  # marker set, payload type 111
        (b"\x80\xc8", "rtcp"),
        (b"\x81\xdf", "rtcp"),
        (b"\xbf\xe0", "rtp"),
        (b"\xc0\xc8", "unknown"),
    ],
)
def test_kind_of_datagram(data, kind):
    assert kind_of_datagram(data) == kind


@given(u32, u16, u32, st.lists(st.tuples(st.binary(max_size=30), st.integers(0, 63), st.booleans()), max_size=5))
def test_sender_numbers_and_wraps(ssrc, sequence, timestamp, sends):
    sender = RtpSender(ssrc, sequence=sequence, timestamp=timestamp)
    for n, (payload, kind, marker) in enumerate(sends):
        got = parse_rtp(sender.pack(payload, kind, marker=marker))
        assert got == RtpPacket(
            kind, marker, (sequence + n) & 0xFFFF, (timestamp + 960 * n) & 0xFFFFFFFF, ssrc, payload
        )
        sender.advance(960)
    assert (sender.packets, sender.octets) == (len(sends), sum(len(p) for p, _, _ in sends))


def test_event_keeps_its_own_timestamp():
    sender = RtpSender(1, sequence=0, timestamp=5)
    assert parse_rtp(sender.pack(b"x", 101, timestamp=2**32 + 3)).timestamp == 3
    assert sender.timestamp == 5


def test_start_is_random():
    assert len({(RtpSender(1).sequence, RtpSender(1).timestamp) for _ in range(4)}) == 4


@given(st.sampled_from([(16, unwrap16), (32, unwrap32)]), st.data())
def test_unwrap_follows_any_counter(kind, data):
    bits, make = kind
    unwrap, half = make(), (1 << (bits - 1)) - 1
    true = data.draw(st.integers(0, (1 << bits) - 1))
    assert unwrap(true) == true
    highest = true
    for _ in range(8):
        true = highest + data.draw(st.integers(-half, half))
        assert unwrap(true % (1 << bits)) == true
        highest = max(highest, true)


def test_unwrap_forgets():
    unwrap = unwrap16()
    assert [unwrap(65535), unwrap(0), unwrap(65534)] == [65535, 65536, 65534]
    unwrap.forget()
    assert unwrap(9) == 9
