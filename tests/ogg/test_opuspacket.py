from __future__ import annotations

import ctypes

import opuslib.api
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig.spoken import well_formed

from phone.media.codecs import opus
from phone.ogg.opuspacket import MAX_SAMPLES, SHORTEST, concealing, frame_samples, samples_in

_parse = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_char_p,
    ctypes.c_int,
    ctypes.POINTER(ctypes.c_ubyte),
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.POINTER(ctypes.c_int16),
    ctypes.POINTER(ctypes.c_int),
)(("opus_packet_parse", opuslib.api.libopus))


def by_libopus(packet: bytes) -> int:
    """48 kHz samples if libopus finds the framing in order, else 0."""
    toc, payload, frames, sizes = ctypes.c_ubyte(), ctypes.c_int(), (ctypes.c_void_p * 48)(), (ctypes.c_int16 * 48)()
    count = _parse(packet, len(packet), toc, frames, sizes, payload)
    samples = max(0, count) * frame_samples(packet[0]) if packet else 0
    return samples if samples <= MAX_SAMPLES else 0


SHAPES = [
    b"",
    bytes(1276),
    bytes(1277),
    b"\x01" + bytes(2550),
    b"\x01" + bytes(2552),
    b"\x01" + bytes(3),
    b"\x02",
    b"\x02\xfc",
    b"\x02\xff\xff" + bytes(1275),
    b"\x02\xff\xff" + bytes(1274),
    b"\x02\x00" + bytes(1276),
    b"\x03",
    b"\x03\x00",
    b"\x03\x42",
    b"\x03\x42\xff",
    b"\x03\x42\x05",
    b"\x03\x42\xff\x01" + bytes(255),
    b"\x03\x42\xff\x01" + bytes(254),
    b"\x03\x01" + bytes(1276),
    b"\x03\x03" + bytes(10),
    b"\x83\x82\x05" + bytes(10),
    b"\x83\x82\x05" + bytes(4),
    b"\x83\x82\xfd",
    b"\x83\x82\x00" + bytes(1276),
    b"\xfb\x07" + bytes(7),
    b"\x19" + bytes(2),
    b"\x1b\x03",
]


@pytest.mark.parametrize("packet", SHAPES)
def test_shapes_agree_with_libopus(packet):
    assert samples_in(packet) == by_libopus(packet)


@given(st.binary(max_size=60) | well_formed())
def test_packets_agree_with_libopus(packet):
    assert samples_in(packet) == by_libopus(packet)


@given(st.integers(0, 255), st.integers(0, 60), st.lists(st.integers(0, 255), max_size=6), st.integers(0, 700))
def test_many_frames_agree_with_libopus(toc, count, lengths, rest):
    packet = bytes([toc | 3, count | 0x80, *lengths]) + bytes(rest)
    assert samples_in(packet) == by_libopus(packet)
    padded = bytes([toc | 3, count | 0x40, *lengths]) + bytes(rest)
    assert samples_in(padded) == by_libopus(padded)


@given(well_formed())
def test_what_is_well_formed_lasts_as_long_as_the_media_room_says(packet):
    assert samples_in(packet) == opus.samples_in(packet) > 0 or not opus.samples_in(packet)


@given(st.integers(0, 255), st.integers(0, 2000))
def test_concealment_lasts_exactly_as_long_as_what_is_lost(toc, steps):
    fillers = list(concealing(toc, steps * SHORTEST))
    assert sum(map(by_libopus, fillers)) == steps * SHORTEST
    assert all(len(filler) <= 2 for filler in fillers)
    assert len(fillers) <= steps * SHORTEST // 2880 + 6


def test_concealment_glides_on_in_the_same_mode():
    assert list(concealing(0x08, 960)) == [b"\x08"]
    assert list(concealing(0x0D, 7 * 960)) == [b"\x0f\x06", b"\x0c"]
    # 45 ms after 20 ms packets: what is left over by CELT of the same band, stereo as it was
    assert list(concealing(0x4C, 2160)) == [b"\x4f\x02", bytes([21 << 3 | 4])]
    assert [packet[0] >> 3 for toc in (0x28, 0x60, 0x70, 0xE0) for packet in concealing(toc, 120)] == [20, 24, 28, 28]
