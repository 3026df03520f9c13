"""What one end writes the other reads; nonsense is refused, whatever it is."""

from __future__ import annotations

import base64
from contextlib import suppress
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st
from remotes import IDS, REMOTES, wired, xml

from phone.voicemail.label import plain
from phone.voicemail.message import Caller, State
from phone.voicemail.wire import (
    CHUNK,
    NS,
    GreetingPart,
    GreetingRemoved,
    Mark,
    RemoteMessage,
    SoundPart,
    SoundWanted,
    WireError,
    message_element,
    parse_message,
    parse_request,
    parse_sound,
    request_element,
    sound_element,
)

DATA = st.binary(min_size=1, max_size=200)
OFFSETS = st.integers(0, 1000)
REQUESTS = st.one_of(
    st.builds(SoundWanted, IDS, OFFSETS),
    st.builds(Mark, IDS, st.sampled_from(State)),
    st.builds(lambda offset, data, rest: GreetingPart(offset, offset + len(data) + rest, data), OFFSETS, DATA, OFFSETS),
    st.just(GreetingRemoved()),
)


@given(REQUESTS)
def test_requests_are_read_as_they_were_written(request_):
    assert parse_request(wired(request_element(request_))) == request_


@given(REMOTES)
def test_messages_are_read_as_they_were_written(message):
    assert parse_message(message.id, wired(message_element(message))) == message


@given(IDS, OFFSETS, DATA, OFFSETS)
def test_sound_is_read_as_it_was_written(id_, offset, data, rest):
    part = SoundPart(id_, offset, offset + len(data) + rest, data)
    assert parse_sound(wired(sound_element(part))) == part
    assert part.last == (rest == 0)


def test_the_words_on_the_wire():
    message = RemoteMessage("m1", State.NEW, Caller("ann@a.example", "Ann"), 1_795_255_200.0, 12.3, 45678)
    assert wired(message_element(message)).attrib == {
        "state": "new",
        "from": "ann@a.example",
        "name": "Ann",
        "stamp": "2026-11-21T10:00:00Z",
        "seconds": "12.300",
        "size": "45678",
    }
    part = parse_request(xml(f"<greeting xmlns='{NS}' offset='2' total='5'>\n  AAEC\n</greeting>"))
    assert part == GreetingPart(2, 5, b"\0\1\2")
    assert part.last
    assert parse_request(xml(f"<greeting xmlns='{NS}' remove='1'/>")) == GreetingRemoved()


def test_a_name_that_no_xml_can_carry_goes_as_far_as_it_can():
    message = RemoteMessage("m1", State.KEPT, Caller("a@b", "\0\ufffe\ud800x\n"), 0.0, 1.0, 1)
    assert parse_message("m1", wired(message_element(message))).caller == plain(message.caller)


MESSAGE = {"state": "new", "from": "a@b", "stamp": "2026-11-21T10:00:00Z", "seconds": "1.5", "size": "7"}


def test_a_message_needs_no_name():
    message = RemoteMessage("i", State.NEW, Caller("a@b"), 1_795_255_200.25, 1.5, 7)
    about = MESSAGE | {"stamp": "2026-11-21T12:00:00.25+02:00"}
    assert parse_message("i", Element(f"{{{NS}}}message", about)) == message


@pytest.mark.parametrize(
    ("id_", "wrong"),
    [
        ("", {}),
        ("a b", {}),
        ("x" * 129, {}),
        ("é", {}),
        ("i", {"state": "deleted"}),
        ("i", {"state": "sold"}),
        ("i", {"stamp": ""}),
        ("i", {"stamp": "2026-11-21"}),
        ("i", {"stamp": "2026-11-21T10:00:00"}),
        ("i", {"stamp": "2026-13-21T10:00:00Z"}),
        ("i", {"stamp": "1969-12-31T23:59:59Z"}),
        ("i", {"stamp": "0000-01-01T00:00:00Z"}),
        ("i", {"stamp": "0001-01-01T00:00:00+14:00"}),
        ("i", {"seconds": ""}),
        ("i", {"seconds": "nan"}),
        ("i", {"seconds": "-1"}),
        ("i", {"seconds": "86401"}),
        ("i", {"size": "1e3"}),
        ("i", {"size": "\u0661"}),
        ("i", {"size": "999999999"}),
    ],
)
def test_a_message_that_is_none(id_, wrong):
    with pytest.raises(WireError):
        parse_message(id_, Element(f"{{{NS}}}message", MESSAGE | wrong))


def test_another_element_is_no_message_and_no_sound():
    for tag in ("message", "{urn:other}message", f"{{{NS}}}mark"):
        with pytest.raises(WireError):
            parse_message("i", Element(tag, MESSAGE))
        with pytest.raises(WireError):
            parse_sound(Element(tag, {"id": "i", "offset": "0", "total": "1"}))


@pytest.mark.parametrize(
    "text",
    [
        "<mark id='i' state='sold'/>",
        "<mark id='i'/>",
        "<mark state='new'/>",
        "<sound offset='0'/>",
        "<sound id='i' offset='-1'/>",
        "<sound id='i' offset='99999999'/>",
        "<greeting offset='0' total='3'/>",
        "<greeting offset='0' total='3'>AAECAwQF</greeting>",
        "<greeting offset='0' total='9999999'>AAEC</greeting>",
        "<greeting offset='0' total='3'>AAE</greeting>",
        "<greeting offset='0' total='3'>A\u00e4EC</greeting>",
        f"<greeting offset='0' total='90000'>{base64.b64encode(bytes(CHUNK + 1)).decode()}</greeting>",
        "<dance/>",
    ],
)
def test_requests_that_are_none(text):
    with pytest.raises(WireError):
        parse_request(xml(text.replace(" ", f" xmlns='{NS}' ", 1)))


NAMES = st.sampled_from(["id", "state", "offset", "total", "remove", "stamp", "seconds", "size", "from", "name"])
VALUES = st.text(max_size=12) | st.sampled_from(["new", "0", "7", "true", "1.5", "2026-11-21T10:00:00Z"])


@given(st.sampled_from(["sound", "mark", "greeting", "message", "x"]), st.dictionaries(NAMES, VALUES), st.text())
def test_anything_is_read_or_refused(name, attributes, text):
    element = Element(f"{{{NS}}}{name}", attributes)
    element.text = text
    for parse in (parse_request, parse_sound, lambda each: parse_message(each.get("id", ""), each)):
        with suppress(WireError):
            parse(element)
