from __future__ import annotations

import struct
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.ogg import OggPage
from mutagen.oggopus import OggOpus
from rig.spoken import packet, packets, tone, well_formed

from phone.ogg.opusfile import Head, OpusWriter, Tags, decode_head, decode_tags
from phone.ogg.opuspacket import SHORTEST, samples_in
from phone.ogg.page import OggError

TAGS = Tags((("CALLER", "bob@example.org/phone"), ("DATE", "2026-11-21T06:35:33.250+00:00"), ("X", "Böb = ☎")))


def written(payloads, losses=None, head=None):
    writer = OpusWriter(7, head or Head(), TAGS)
    data = writer.begin()
    for number, payload in enumerate(payloads):
        data += writer.add(payload, losses[number] if losses else 0)
    return data + writer.finish(), writer


def their_pages(data: bytes) -> list[OggPage]:
    file = BytesIO(data)
    pages = []
    while file.tell() < len(data):
        pages.append(OggPage(file))
    return pages


def audio_pages(data: bytes) -> list[OggPage]:
    return their_pages(data)[2:]


def test_another_reader_finds_head_comments_and_duration():
    data, writer = written(tone(2.5), head=Head(pre_skip=312, input_rate=16_000))
    theirs = OggOpus(BytesIO(data))
    assert theirs.info.length == pytest.approx(2.5 - 312 / 48_000)
    assert theirs.info.length == pytest.approx(writer.seconds)
    assert theirs.info.channels == 1
    assert theirs["CALLER"] == ["bob@example.org/phone"]
    assert theirs["X"] == ["Böb = ☎"]
    first, comments, *_ = their_pages(data)
    assert (first.first, first.position, first.packets[0][:9]) == (True, 0, b"OpusHead\x01")
    assert comments.position == 0


@given(st.lists(st.tuples(well_formed(), st.integers(0, 20_000)), max_size=120))
def test_every_file_keeps_the_laws_of_the_specification(spoken):
    data, writer = written([payload for payload, _ in spoken], [lost for _, lost in spoken])
    pages = their_pages(data)
    assert [page.sequence for page in pages] == list(range(len(pages)))
    assert b"".join(page.write() for page in pages) == data  # checksums too
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    position = 0
    for page in pages[2:]:
        samples = sum(map(samples_in, page.packets))
        assert samples <= 48_000
        position += samples
        assert page.position == position
    assert writer.seconds == max(0, position - 3840) / 48_000
    found = [p for page in pages[2:] for p in page.packets]
    told = sum(map(samples_in, (payload for payload, _ in spoken))) + sum(lost for _, lost in spoken[1:])
    assert 0 <= told - position < SHORTEST
    remaining = iter(found)
    assert all(payload in remaining for payload, _ in spoken)  # in order, among what conceals


def test_a_page_is_complete_at_least_once_a_second():
    writer = OpusWriter(7, Head(), TAGS)
    writer.begin()
    pages = [bool(writer.add(payload)) for payload in packets(10)]
    assert sum(pages) == 9
    assert all(any(pages[at : at + 51]) for at in range(450))


def test_large_packets_make_pages_of_their_own():
    large = bytes([0xF8]) + bytes(1275)
    data, _ = written([large] * 60)
    assert [len(page.packets) for page in audio_pages(data)] == [42, 18]


def test_what_is_not_opus_is_counted_and_its_time_is_kept():
    nonsense = b"\x03\x47\xff\xff" + b"\xff" * 300
    huge = b"\x0b\x42" + b"\xff" * 252 + b"\0" * 254 * 252
    for refused in (b"", nonsense, huge):
        data, writer = written([packet(1), refused, packet(2)], [0, 960, 960])
        assert writer.refused == 1
        (page,) = audio_pages(data)
        assert page.packets == [packet(1), b"\x0b\x02", packet(2)]


def test_time_before_the_first_packet_is_none():
    data, _ = written([packet(1)], [96_000])
    assert audio_pages(data)[0].packets == [packet(1)]


def test_odd_gaps_add_up():
    data, _ = written([packet(n) for n in range(4)], [0, 100, 100, 100])
    assert audio_pages(data)[0].position == 4 * 960 + 240


def test_negative_gaps_are_none():
    data, _ = written([packet(1), packet(2)], [0, -960])
    assert audio_pages(data)[0].position == 1920


def test_an_empty_recording_is_a_whole_file():
    data, writer = written([])
    assert writer.seconds == 0
    assert their_pages(data)[-1].last


def test_comments_too_long_for_a_page():
    with pytest.raises(OggError, match="shorten"):
        OpusWriter(7, Head(), Tags((("X", "x" * 60_000),))).begin()


@given(st.builds(Head, st.integers(1, 2), st.integers(0, 65535), st.integers(0, 2**32 - 1), st.integers(-9999, 9999)))
def test_heads_come_back(head):
    assert decode_head(head.encode()) == head


@pytest.mark.parametrize(
    "packet_",
    [
        b"",
        b"OpusHead",
        b"OpusTags" + bytes(20),
        Head(3).encode(),
        Head(0).encode(),
        b"OpusHead\x10" + bytes(10),
        Head().encode()[:-1] + b"\x01",
    ],
)
def test_other_heads_are_refused(packet_):
    with pytest.raises(OggError):
        decode_head(packet_)


def test_a_head_of_a_later_minor_version_is_read():
    assert decode_head(Head().encode().replace(b"OpusHead\x01", b"OpusHead\x0f")) == Head()


_KEYS = st.text("ABCXYZ_", min_size=1)
_VALUES = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(_KEYS, _VALUES)), _VALUES)
def test_tags_come_back(comments, vendor):
    tags = Tags(tuple(comments), vendor)
    assert decode_tags(tags.encode()) == tags
    assert all(tags.get(key) for key, value in comments if value and dict(reversed(comments))[key] == value)


def test_tags_of_others():
    packet_ = b"OpusTags" + struct.pack("<I4sI", 4, b"them", 3)
    for text in (b"title=Hello", b"nameless", b"BAD=\xff"):
        packet_ += struct.pack("<I", len(text)) + text
    tags = decode_tags(packet_ + b"padding")
    assert tags == Tags((("TITLE", "Hello"),), "them")
    assert tags.get("ARTIST") == ""


@given(st.binary(max_size=60))
def test_nonsense_is_no_comment_header(data):
    with pytest.raises(OggError):
        decode_tags(data)
    with suppress(OggError):
        assert len(decode_tags(b"OpusTags" + data).comments) <= len(data)
