"""RTCP on the wire: there and back, and nothing but RtpError for nonsense."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.media.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    build_rtcp,
    middle_of_ntp,
    parse_rtcp,
)
from phone.media.rtp import RtpError

u32 = st.integers(0, 0xFFFFFFFF)
blocks = st.builds(ReportBlock, u32, st.integers(0, 255), st.integers(-0x800000, 0x7FFFFF), u32, u32, u32, u32)
some_blocks = st.lists(blocks, max_size=31).map(tuple)
packets = st.one_of(
    st.builds(SenderReport, u32, st.integers(0, 2**64 - 1), u32, u32, u32, some_blocks),
    st.builds(ReceiverReport, u32, some_blocks),
    st.builds(SourceDescription, u32, st.text(max_size=60)),
    st.builds(Goodbye, st.lists(u32, max_size=31).map(tuple)),
)


@given(st.lists(packets, max_size=4).map(tuple))
def test_there_and_back(compound):
    assert parse_rtcp(build_rtcp(compound)) == compound


@given(st.lists(packets, min_size=1, max_size=2).map(tuple), st.data())
def test_cut_off_never_parses(compound, data):
    wire = build_rtcp(compound)
    cut = data.draw(st.integers(1, len(wire) - 1))
    try:
        shorter = parse_rtcp(wire[:cut])
    except RtpError:
        return
    assert shorter == compound[: len(shorter)]
    assert len(shorter) < len(compound)


@given(st.binary(max_size=80))
def test_nonsense_raises_only_rtp_error(data):
    with contextlib.suppress(RtpError):
        parse_rtcp(data)


def test_unknown_types_and_other_items_are_skipped():
    feedback = b"\x81\xce\x00\x02" + bytes(8)
    # Two sources: a NAME and then a CNAME; nothing at all.
    sdes = b"\x82\xca\x00\x05" + struct.pack(">I", 7) + b"\x02\x01N\x01\x02ab\x00" + struct.pack(">I", 8) + b"\x00" * 4
    assert parse_rtcp(feedback + sdes) == (SourceDescription(7, "ab"), SourceDescription(8, ""))


def test_padding_is_taken_off():
    report = build_rtcp((ReceiverReport(5),))
    padded = bytes([report[0] | 0x20, report[1], 0, 2]) + report[4:] + b"\x00\x00\x00\x04"
    assert parse_rtcp(padded) == (ReceiverReport(5),)


@pytest.mark.parametrize(
    "wire",
    [
        b"\x80\xc9",
        b"\x00\xc9\x00\x01abcd",
        b"\x80\xc9\x00\x02abcd",
        b"\xa0\xc9\x00\x00",
        b"\xa0\xc9\x00\x01abc\x09",
        b"\x81\xc9\x00\x01abcd",
        b"\x81\xca\x00\x02abcd\x01\x09ab",
        b"\x81\xca\x00\x02abcd\x01\x02ab",
        b"\x82\xcb\x00\x01abcd",
    ],
)
def test_malformed(wire):
    with pytest.raises(RtpError):
        parse_rtcp(wire)


def test_lost_is_held_within_24_bits():
    (report,) = parse_rtcp(build_rtcp((ReceiverReport(1, (ReportBlock(1, 0, 2**30, 0, 0, 0, 0),)),)))
    assert report.blocks[0].lost == 0x7FFFFF


def test_long_cname_is_cut():
    (got,) = parse_rtcp(build_rtcp((SourceDescription(1, "x" * 300),)))
    assert got.cname == "x" * 255


def test_middle_of_ntp():
    assert middle_of_ntp(0x1111_2222_3333_4444) == 0x2222_3333
