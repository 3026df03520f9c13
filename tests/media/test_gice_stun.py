"""STUN as Google's p2p transport speaks it: its bytes, both headers, and any nonsense."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.media.gice_stun import MAX_LENGTH, Kind, Stun, decode, encode, sort

ID = bytes(range(16))
COOKIE = bytes.fromhex("2112a442") + bytes(12)

# --- the bytes -----------------------------------------------------------


def test_a_check_as_asterisk_and_libjingle_read_it() -> None:
    assert encode(Stun(Kind.REQUEST, ID, b"aliceAliceAlice16fbd7237437ce259")) == (
        b"\x00\x01" + b"\x00\x24" + ID + b"\x00\x06\x00\x20" + b"aliceAliceAlice16fbd7237437ce259"
    )


def test_an_answer_has_mapped_address_and_username() -> None:
    data = encode(Stun(Kind.RESPONSE, ID, b"x" * 32, mapped=("192.0.2.1", 0x1234)))
    assert data[:20] == b"\x01\x01" + b"\x00\x30" + ID
    assert data[20:32] == b"\x00\x01\x00\x08\x00\x01\x12\x34" + bytes((192, 0, 2, 1))
    assert data[32:36] == b"\x00\x06\x00\x20"


@pytest.mark.parametrize("error", [400, 401, 430])
def test_error_codes_are_divided_by_256_on_purpose(error: int) -> None:
    data = encode(Stun(Kind.ERROR, ID, error=error))
    assert data[20:] == b"\x00\x09\x00\x04\x00\x00" + bytes((1, error - 256))
    assert decode(data) == Stun(Kind.ERROR, ID, error=error)


def test_error_codes_by_the_rfc_are_read_too() -> None:
    data = bytes.fromhex("01110008") + ID + bytes.fromhex("000900040000041e")
    assert decode(data) == Stun(Kind.ERROR, ID, error=430)


@pytest.mark.parametrize(
    "message",
    [
        Stun(Kind.REQUEST, ID, b"x" * 32),
        Stun(Kind.REQUEST, COOKIE, b"odd"),
        Stun(Kind.RESPONSE, ID, b"u" * 32, mapped=("192.0.2.1", 65535)),
        Stun(Kind.RESPONSE, ID, mapped=("2001:db8::1", 1)),
        Stun(Kind.ERROR, ID, b"u", error=400),
        Stun(Kind.REQUEST, ID),
        Stun(Kind.REQUEST, ID, b""),
    ],
)
def test_there_and_back(message: Stun) -> None:
    assert decode(encode(message)) == message


def test_attributes_are_padded_and_say_their_own_length() -> None:
    assert encode(Stun(Kind.REQUEST, ID, b"odd"))[2:] == b"\x00\x08" + ID + b"\x00\x06\x00\x03odd\x00"


def test_a_scope_is_not_written() -> None:
    data = encode(Stun(Kind.RESPONSE, ID, mapped=("fe80::1%eth0", 7)))
    assert decode(data) == Stun(Kind.RESPONSE, ID, mapped=("fe80::1", 7))


def test_a_username_packed_without_padding_is_read() -> None:
    body = b"\x00\x06\x00\x03abc" + b"\x00\x09\x00\x04\x00\x00\x01\x91"
    assert decode(b"\x01\x11" + struct.pack("!H", len(body)) + ID + body) == Stun(Kind.ERROR, ID, b"abc", error=401)


def test_unknown_attributes_and_trailing_bytes_are_passed_over() -> None:
    body = b"\x80\x22\x00\x04abcd" + b"\x00\x06\x00\x04name" + b"\x00\x06\x00\x04more"
    data = b"\x00\x01" + struct.pack("!H", len(body)) + COOKIE + body + b"trailing"
    assert decode(data) == Stun(Kind.REQUEST, COOKIE, b"name")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01\x00\x00" + bytes(15),
        b"\x00\x03\x00\x00" + ID,  # allocate, of TURN
        b"\x00\x11\x00\x00" + ID,  # an indication
        b"\x00\x01\x00\x04" + ID,  # longer than it is
        b"\x00\x01\x00\x04" + ID + b"\x00\x06\x00\x04",  # so is its attribute
        b"\x00\x01\x00\x03" + ID + b"\x00\x06\x00",
        b"\x00\x01\x00\x00" + ID + bytes(MAX_LENGTH),
    ],
)
def test_what_is_no_message(data: bytes) -> None:
    assert decode(data) is None


@pytest.mark.parametrize("value", [b"", b"\x00\x01\x00", b"\x00\x03\x00\x01abcd", b"\x00\x02\x00\x01abcd"])
def test_a_mapped_address_that_is_none(value: bytes) -> None:
    body = struct.pack("!HH", 1, len(value)) + value + bytes(-len(value) % 4)
    assert decode(b"\x01\x01" + struct.pack("!H", len(body)) + ID + body) == Stun(Kind.RESPONSE, ID)


def test_an_error_code_that_is_none() -> None:
    assert decode(b"\x01\x11\x00\x08" + ID + b"\x00\x09\x00\x02\x00\x00\x00\x00") == Stun(Kind.ERROR, ID)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", ""),
        (b"\x00\x01", "stun"),
        (b"\x3f", "stun"),
        (b"\x80\x00", "rtp"),
        (b"\xbf", "rtp"),
        (b"\x40", ""),
        (b"\xff", ""),
    ],
)
def test_datagrams_are_sorted_by_two_bits(data: bytes, kind: str) -> None:
    assert sort(data) == kind


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_none(data: bytes) -> None:
    for prefix in (
        b"",
        b"\x00\x01" + struct.pack("!H", len(data)) + ID,
        b"\x01\x11" + struct.pack("!H", len(data)) + ID,
    ):
        message = decode(prefix + data)
        if message is not None:
            assert len(message.transaction) == 16
            assert decode(encode(message)) is not None
