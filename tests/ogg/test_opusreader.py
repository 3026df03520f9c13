from __future__ import annotations

import math
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.oggopus import OggOpus
from rig.spoken import heard, packet, packets, tone, well_formed

from phone.ogg.opusfile import Head, OpusWriter, Tags
from phone.ogg.opuspacket import samples_in
from phone.ogg.opusreader import PRE_ROLL, OpusReader, mended
from phone.ogg.page import NO_GRANULE, OggError, Page, encode

TAGS = Tags((("CALLER", "bob@example.org"),))
HEADERS = (Page(7, 0, 0, (Head(pre_skip=0).encode(),), first=True), Page(7, 1, 0, (TAGS.encode(),)))


def file_of(payloads, pre_skip=3840) -> bytes:
    writer = OpusWriter(7, Head(pre_skip=pre_skip), TAGS)
    return writer.begin() + b"".join(map(writer.add, payloads)) + writer.finish()


def pages(*audio: Page) -> bytes:
    return b"".join(map(encode, (*HEADERS, *audio)))


def reader_of(data: bytes) -> OpusReader:
    return OpusReader(BytesIO(data))


@given(st.lists(well_formed(), max_size=150))
def test_what_was_written_is_read(payloads):
    reader = reader_of(file_of(payloads))
    found = list(reader.packets())
    assert [p.payload for p in found] == payloads
    assert reader.complete
    assert (reader.head, reader.tags) == (Head(), TAGS)
    at = -3840
    for p in found:
        assert (p.at, p.samples) == (at, samples_in(p.payload))
        at += p.samples
    assert reader.seconds == max(0, at) / 48_000


def test_sound_survives():
    spoken = tone(3)
    reader = reader_of(file_of(spoken, pre_skip=312))
    assert heard([p.payload for p in reader.packets()]) == heard(spoken)


def test_a_gap_sounds_as_long_as_it_was():
    """The tone after a gap of 240 ms comes when it should, and the gap is concealed, not skipped."""
    spoken = tone(2)
    writer = OpusWriter(7, Head(pre_skip=0), TAGS)
    data = writer.begin()
    for payload in spoken[:50]:
        data += writer.add(payload)
    for number, payload in enumerate(spoken[62:]):
        data += writer.add(payload, 12 * 960 if number == 0 else 0)
    data += writer.finish()
    whole = heard(spoken)
    gapped = heard([p.payload for p in reader_of(data).packets()])
    assert len(gapped) == len(whole)
    late = range(70 * 960, len(whole))
    same = sum(whole[n] * gapped[n] for n in late) / sum(whole[n] ** 2 for n in late)
    assert same == pytest.approx(1, abs=0.05)
    assert math.isclose(OggOpus(BytesIO(data)).info.length, 2.0)


@given(st.floats(0, 14), st.integers(0, 3))
def test_seeking_finds_what_reading_finds(start, size):
    reader = reader_of(SIZED[size])
    everything = list(reader.packets())
    from_start = list(reader.packets(start))
    assert everything[len(everything) - len(from_start) :] == from_start
    if from_start:
        assert from_start[0].at <= max(start * 48_000 - PRE_ROLL, -3840)
        assert start * 48_000 - from_start[0].at < PRE_ROLL + 48_000 + 960 or start > 12


SIZED = [file_of([packet(number, 40 * size) for number in range(600)]) for size in range(4)]
LONG = file_of([packet(number, 40) for number in range(600)])

WHOLE = list(reader_of(LONG).packets())
EVERY = frozenset(WHOLE)


class Counting(BytesIO):
    bytes_read = 0

    def read(self, size=-1):
        data = super().read(size)
        self.bytes_read += len(data)
        return data


def test_opening_and_seeking_read_a_part_of_the_file_only():
    data = file_of([packet(number, 1200) for number in range(9000)])  # three minutes, loud and wide
    file = Counting(data)
    reader = OpusReader(file)
    next(reader.packets(120.0))
    assert file.bytes_read < len(data) / 3


@given(st.data())
def test_damage_ends_it_and_nothing_else(data):
    raw = bytearray(LONG)
    at = data.draw(st.integers(200, len(raw) - 1))
    end = data.draw(st.integers(at, min(len(raw), at + 3000)))
    raw[at:end] = data.draw(st.sampled_from([bytes(end - at), b"OggS" * 9, b"", b"\xff" * (end - at)]))
    if bytes(raw) == LONG:
        return
    reader = reader_of(bytes(raw))
    found = list(reader.packets())
    assert found == WHOLE[: len(found)]
    again = mended(reader, TAGS)
    if again:
        assert [p.payload for p in reader_of(again).packets()] == [p.payload for p in found]
        assert reader_of(again).complete
        assert OggOpus(BytesIO(again)).info.length == pytest.approx(reader_of(again).seconds)
    start = data.draw(st.floats(0, 14))
    assert all(p in EVERY for p in reader.packets(start))


@given(st.integers(0, len(LONG)))
def test_a_torn_file_is_whole_up_to_its_last_page(size):
    try:
        reader = reader_of(LONG[:size])
    except OggError:
        assert size < 200
        return
    found = list(reader.packets())
    assert reader.complete == (size == len(LONG))
    assert reader.seconds == max(0, len(found) * 960 - 3840) / 48_000
    again = mended(reader, reader.tags)
    assert (again is None) == (not found)
    if size == len(LONG):
        assert again == LONG


_PAGE = st.builds(
    Page,
    st.sampled_from([7, 8]),
    st.integers(0, 4),
    st.integers(-1, 20_000),
    st.lists(well_formed() | st.binary(max_size=5), max_size=4).map(tuple),
    first=st.sampled_from([False, False, False, True]),
    last=st.booleans(),
    continued=st.booleans(),
)


@given(st.lists(_PAGE.map(encode) | st.binary(max_size=40), max_size=8), st.floats(-5, 5))
def test_any_pages_do_no_harm(parts, start):
    reader = reader_of(pages() + b"".join(parts))
    assert all(0 <= p.samples <= 5760 for p in reader.packets())
    assert all(p.payload for p in reader.packets(start) if p.samples)
    assert reader.seconds >= 0
    if again := mended(reader, TAGS):
        assert reader_of(again).complete


@given(st.lists(_PAGE.map(encode) | st.binary(max_size=40), max_size=4))
def test_files_of_others_are_refused_in_words(parts):
    with pytest.raises(OggError):
        reader_of(b"".join(parts))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        encode(HEADERS[0]),
        encode(HEADERS[0]) + encode(Page(7, 1, 0, ())),
        encode(HEADERS[0]) + encode(Page(7, 1, 0, (bytes(255),), open=True)),
        encode(replace(HEADERS[0], packets=(Head().encode(), b"more"))),
    ],
)
def test_headers_that_are_not_whole(data):
    with pytest.raises(OggError):
        reader_of(data)


def test_comments_over_pages_and_pictures_in_them():
    long = Tags((("X", "x" * 59_000), ("Y", "y"))).encode()
    begun, rest = long[: 255 * 200], long[255 * 200 :]
    headers = [HEADERS[0], Page(7, 1, NO_GRANULE, (begun,), open=True), Page(7, 2, 0, (rest,), continued=True)]
    reader = reader_of(b"".join(map(encode, headers)))
    assert reader.tags.get("Y") == "y"
    picture = (Page(7, n, NO_GRANULE, (bytes(255 * 255),), open=True, continued=n > 1) for n in range(1, 20))
    with pytest.raises(OggError, match="comments"):
        reader_of(b"".join(map(encode, (HEADERS[0], *picture))))


def test_packets_over_pages():
    long = bytes([0xF9]) + bytes(2 * 1275)
    begun, rest = long[:2550], long[2550:]
    first = Page(7, 2, 960, (packet(1), begun), open=True)
    data = pages(
        first,
        Page(7, 3, 960 + 1920, (rest,), continued=True),
        Page(7, 4, 960 + 1920 + 960, (packet(2),), last=True),
    )
    reader = reader_of(data)
    assert [(p.at, p.payload) for p in reader.packets()] == [(0, packet(1)), (960, long), (2880, packet(2))]
    # From the middle of it: the rest of a packet is none.
    assert [p.at for p in reader.packets((960 + PRE_ROLL) / 48_000)] == [2880]
    assert reader_of(mended(reader, TAGS) or b"").complete
    torn = reader_of(data[: len(pages(first)) + 20])
    assert [p.payload for p in torn.packets()] == [packet(1)]
    assert mended(torn, TAGS) is None


def test_a_packet_over_three_pages():
    long = bytes([0xFB, 0x03]) + bytes(3 * 1000)
    parts = long[:1020], long[1020:2040], long[2040:]
    data = pages(
        Page(7, 2, NO_GRANULE, (parts[0],), open=True),
        Page(7, 3, NO_GRANULE, (parts[1],), open=True, continued=True),
        Page(7, 4, 2880, (parts[2],), continued=True, last=True),
    )
    assert [p.payload for p in reader_of(data).packets()] == [long]


def test_the_end_may_be_cut_to_the_sample():
    reader = reader_of(pages(Page(7, 2, 960, (packet(1),)), Page(7, 3, 2000, (packet(2), packet(3)), last=True)))
    assert [(p.at, p.samples) for p in reader.packets()] == [(0, 960), (960, 960), (1920, 80)]
    assert reader.seconds == 2000 / 48_000
    reader = reader_of(pages(Page(7, 2, 500, (packet(1),), last=True)))
    assert [(p.at, p.samples) for p in reader.packets()] == [(0, 500)]


def test_a_stream_that_did_not_begin_at_zero():
    reader = reader_of(pages(Page(7, 9, 96_960, (packet(1),)), Page(7, 10, 97_920, (packet(2),), last=True)))
    assert [p.at for p in reader.packets()] == [0, 960]
    assert reader.seconds == 1920 / 48_000


def test_other_streams_and_what_follows_are_not_heard():
    data = pages(
        Page(7, 2, 960, (packet(1),)),
        Page(8, 5, 4711, (packet(9),)),
        Page(7, 3, 1920, (packet(2),)),
        Page(9, 0, 0, (Head().encode(),), first=True),
    )
    reader = reader_of(data)
    assert [p.payload for p in reader.packets()] == [packet(1), packet(2)]
    assert not reader.complete


def test_a_page_that_is_missing_ends_it():
    reader = reader_of(pages(Page(7, 2, 960, (packet(1),)), Page(7, 4, 2880, (packet(3),), last=True)))
    assert [p.payload for p in reader.packets()] == [packet(1)]
    assert reader_of(mended(reader, TAGS) or b"").seconds == 960 / 48_000


class Broken(BytesIO):
    """A card that gives out after `limit` bytes."""

    limit = 1 << 30

    def read(self, size=-1):
        if self.tell() > self.limit:
            raise OSError(5, "Input/output error")
        return super().read(size)


def test_a_card_that_gives_out_ends_it(caplog):
    file = Broken(file_of(packets(5)))
    with OpusReader(file) as reader:
        whole = len(list(reader.packets()))
        file.limit = 6000
        assert 0 < len(list(reader.packets())) < whole
        assert "check the card" in caplog.text
    assert file.closed
