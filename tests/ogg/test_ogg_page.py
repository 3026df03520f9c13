from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.ogg import OggPage

from phone.ogg.page import NO_GRANULE, OggError, Page, checksum, decode, encode, segments, size_of

PACKETS = st.lists(st.binary(max_size=600), max_size=60).map(tuple)
PAGES = st.builds(
    Page,
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(-1, 2**62),
    PACKETS,
    first=st.booleans(),
    last=st.booleans(),
    continued=st.booleans(),
)


def test_the_checksum_is_the_one_of_the_specification():
    assert checksum(b"") == 0
    assert checksum(b"123456789") == 0x89A1897F


@given(PAGES)
def test_another_reader_reads_our_pages(page):
    theirs = OggPage(BytesIO(encode(page)))
    assert (theirs.serial, theirs.sequence, theirs.position) == (page.serial, page.sequence, page.granule)
    assert tuple(theirs.packets) == page.packets
    assert (theirs.first, theirs.last, theirs.continued) == (page.first, page.last, page.continued)
    assert theirs.write() == encode(page)  # the checksum too


@given(PAGES)
def test_pages_come_back(page):
    data = encode(page)
    assert decode(data) == page
    assert size_of(data) == len(data)


def test_a_packet_goes_over_pages():
    page = Page(1, 2, NO_GRANULE, (b"whole", bytes(510)), open=True)
    assert decode(encode(page)) == page
    assert OggPage(BytesIO(encode(page))).complete is False
    assert decode(encode(replace(page, packets=(bytes(255),), continued=True))) is not None


@pytest.mark.parametrize(
    "page",
    [
        Page(1, 2, 0, (bytes(255 * 255),)),
        Page(1, 2, 0, (bytes(254),) * 256),
        Page(1, 2, 0, (), open=True),
        Page(1, 2, 0, (bytes(254),), open=True),
        Page(1, 2, 0, (b"",), open=True),
    ],
)
def test_what_does_not_go_on_a_page_is_an_error(page):
    with pytest.raises(OggError):
        encode(page)


def test_the_largest_packet_of_one_page():
    largest = bytes(255 * 255 - 1)
    assert segments(len(largest)) == 255
    assert decode(encode(Page(1, 2, 0, (largest,)))) == Page(1, 2, 0, (largest,))


@given(PAGES, st.data())
def test_one_wrong_bit_is_seen(page, data):
    raw = bytearray(encode(page))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    assert decode(bytes(raw)) is None


@given(PAGES, st.data())
def test_a_page_cut_short_is_none(page, data):
    raw = encode(page)
    assert decode(raw[: data.draw(st.integers(0, len(raw) - 1))]) is None


@given(st.binary(max_size=300))
def test_nonsense_is_no_page(data):
    assert decode(data) is None
    assert size_of(data) == 0 or data.startswith(b"OggS")
    assert decode(b"OggS\0" + data) is None
