from __future__ import annotations

from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st
from rig.spoken import packets

from phone.ogg.opusfile import Head, OpusWriter, Tags
from phone.ogg.opusreader import OpusReader
from phone.voicemail.label import interrupted, message_of, new_id, plain, tags_of
from phone.voicemail.message import Caller, Message, MessageId, State

STAMPS = st.floats(0, 4e9).map(lambda stamp: round(stamp, 3))


def reader(tags: Tags) -> OpusReader:
    writer = OpusWriter(7, Head(), tags)
    return OpusReader(BytesIO(writer.begin() + b"".join(map(writer.add, packets(2))) + writer.finish()))


@given(st.text(), st.text(), STAMPS)
def test_a_file_says_who_called_and_when(jid, name, stamp):
    caller = plain(Caller(jid, name))
    name_ = new_id(stamp, "0badcafe")
    found = message_of(name_, reader(tags_of(caller, stamp)), 4711)
    assert found == Message(name_, caller, stamp, 1.92, 4711, State.NEW)
    assert message_of(name_, reader(interrupted(tags_of(caller, stamp))), 4711).interrupted


def test_names_of_strangers_become_plain():
    assert plain(Caller("bob\0@x", "B\nö\ud800b" + "x" * 300)) == Caller("bob @x", "B ö?b" + "x" * 251)


def test_an_interruption_is_noted_once():
    tags = interrupted(tags_of(Caller("bob@x"), 0.0))
    assert interrupted(tags) == tags
    assert tags.get("ARTIST") == "bob@x"


def test_ids_sort_by_time():
    assert new_id(1_800_000_000.9, "ffffffff") < new_id(1_800_000_001.0, "00000000")
    assert new_id(1_800_000_000.0, "00000000") == "20270115T080000Z-00000000"


def test_the_id_stands_in_for_a_missing_date():
    for date in (Tags(), Tags((("DATE", "yesterday"),)), Tags((("DATE", "0001-01-01T00:00:00"),))):
        assert message_of(MessageId("20270115T080000Z-0badcafe"), reader(date), 1).stamp == 1_800_000_000
    assert message_of(MessageId("someday"), reader(Tags()), 1).stamp == 0
