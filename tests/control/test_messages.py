import contextlib
import json
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields

from phone import calllog
from phone.control import (
    Block,
    Call,
    CallStatus,
    Contacts,
    ContactsReply,
    ControlError,
    Dnd,
    Done,
    HangUp,
    Kind,
    Lock,
    Log,
    LogEntry,
    LogReply,
    MessageState,
    Panel,
    PanelReply,
    Request,
    Sim,
    SimReply,
    Status,
    StatusReply,
    VoicemailDelete,
    VoicemailFile,
    VoicemailList,
    VoicemailMessage,
    VoicemailPlay,
    VoicemailReply,
    VoicemailSave,
)
from phone.control.messages import Refused, decode_reply, decode_request, encode
from phone.voicemail.message import State


@pytest.mark.parametrize(
    ("request_", "wire"),
    [
        (Status(), {"do": "status"}),
        (Call("204"), {"do": "call", "number": "204"}),
        (HangUp(), {"do": "hang-up"}),
        (Log(), {"do": "log", "limit": 20, "kind": None}),
        (Log(5, "missed"), {"do": "log", "limit": 5, "kind": "missed"}),
        (Dnd(on=True), {"do": "dnd", "on": True}),
        (Lock(on=False), {"do": "lock", "on": False}),
        (Contacts("an"), {"do": "contacts", "search": "an", "limit": 100}),
        (Block("a@b", on=True), {"do": "block", "address": "a@b", "on": True}),
        (Panel(), {"do": "panel"}),
        (VoicemailList(), {"do": "voicemail-list", "limit": 100, "state": None}),
        (VoicemailPlay(), {"do": "voicemail-play", "id": None}),
        (VoicemailDelete("20270115T080000Z-0badcafe"), {"do": "voicemail-delete", "id": "20270115T080000Z-0badcafe"}),
        (VoicemailSave("m"), {"do": "voicemail-save", "id": "m"}),
        (Sim("press", "5", 1.2), {"do": "sim", "action": "press", "key": "5", "seconds": 1.2}),
    ],
)
def test_a_request_is_one_line_of_json_and_comes_back_equal(request_, wire):
    line = encode(request_)
    assert json.loads(line) == wire
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode_request(line) == request_


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"[]",
        b"{}",
        b'{"do": "dance"}',
        b'{"do": "call"}',
        b'{"do": "call", "number": ""}',
        b'{"do": "status", "loud": true}',
        b'{"do": "log", "limit": 0}',
        b'{"do": "log", "kind": "funny"}',
        b'{"do": "dnd"}',
        b'{"do": "lock", "on": 1}',
        b'{"do": "contacts", "limit": 1001}',
        b'{"do": "block", "address": "", "on": true}',
        b'{"do": "voicemail-list", "state": "deleted"}',
        b'{"do": "voicemail-list", "limit": 0}',
        b'{"do": "voicemail-play", "id": ""}',
        b'{"do": "voicemail-delete"}',
        b'{"do": "voicemail-save", "id": null}',
        b'{"do": "sim", "action": "kick"}',
        b'{"do": "sim", "action": "press", "seconds": 1e9}',
        b'{"do": "call", "number": "\xff"}',
    ],
)
def test_nonsense_is_refused(line):
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        decode_request(line)


_finite = st.floats(allow_nan=False, allow_infinity=False)  # JSON has no others


def _made(kind, **given_):
    """Any value of that message; its numbers finite."""
    numbers = (f for f in fields(kind) if _has_float(f.type))
    floats = {f.name: _finite if f.type is float else _finite | st.none() for f in numbers}
    return st.builds(kind, **{**floats, **given_})


def _has_float(type_):
    return type_ is float or float in get_args(type_)


_word = st.text(min_size=1, max_size=20)
_limit = st.integers(1, 1000)
_requests = st.one_of(
    st.just(Status()) | st.just(HangUp()) | st.just(Panel()),
    st.builds(Call, _word),
    st.builds(Log, _limit, st.none() | st.sampled_from(get_args(Kind))),
    st.builds(Dnd, st.booleans()) | st.builds(Lock, st.booleans()),
    st.builds(Contacts, _word, _limit),
    st.builds(Block, _word, st.booleans()),
    st.builds(VoicemailList, _limit, st.none() | st.sampled_from(get_args(MessageState))),
    st.builds(VoicemailPlay, st.none() | _word) | st.builds(VoicemailDelete, _word) | st.builds(VoicemailSave, _word),
    st.builds(Sim, st.sampled_from(["lift", "press"]), st.text(max_size=16), st.floats(0.01, 30)),
)
_replies = st.one_of(
    _made(StatusReply, calls=st.lists(_made(CallStatus), max_size=3).map(tuple)),
    _made(LogReply, entries=st.lists(_made(LogEntry), max_size=3).map(tuple)),
    _made(VoicemailReply, messages=st.lists(_made(VoicemailMessage), max_size=3).map(tuple)),
    *map(_made, (ContactsReply, PanelReply, VoicemailFile, SimReply, Done)),
)


@given(_requests)
def test_every_request_comes_back_equal(request_):
    assert decode_request(encode(request_)) == request_


@given(_replies)
def test_every_reply_comes_back_equal(reply):
    assert decode_reply(encode(reply), type(reply)) == reply


@given(_requests, st.data())
def test_a_request_cut_or_changed_is_decoded_or_refused(request_, data):
    line = bytearray(encode(request_))
    line[data.draw(st.integers(0, len(line) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        assert isinstance(decode_request(bytes(line)), Request)


def test_a_log_can_be_asked_for_every_kind_that_it_keeps():
    assert set(get_args(Kind)) == {kind.value for kind in calllog.Kind}


def test_replies_of_the_phone_before_hold_and_transfer_still_read():
    """`phone status` may be newer than the daemon until that is restarted."""
    call = b'{"id":"1","peer":"a@b","name":"A","direction":"in","progress":"connected","held":true}'
    status = (
        b'{"version":"0.1.0","uptime_seconds":1.0,"account":"c@d","registered":true,"why":"","off_hook":true,'
        b'"calls":[' + call + b'],"lamps":[],"tone":null,"ringer":false,"screen":[],"ok":true}\n'
    )
    expected = CallStatus("1", "a@b", "A", "in", "connected", held=True)
    assert decode_reply(status, StatusReply).calls == (expected,)
    began = "2026-01-01T00:00:00+00:00"
    entry = (
        b'{"peer":"a@b","name":"A","direction":"in","began":"' + began.encode() + b'","seconds":null,"reason":"busy"}'
    )
    expected = LogEntry("a@b", "A", "in", began, None, "busy")
    assert decode_reply(b'{"entries":[' + entry + b'],"ok":true}\n', LogReply).entries == (expected,)


def test_messages_can_be_asked_for_in_every_state_but_one():
    assert set(get_args(MessageState)) == {state.value for state in State} - {"deleted"}


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(line):
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        decode_request(line)


def test_a_refusal_raises_its_sentence():
    with pytest.raises(ControlError, match="no such number"):
        decode_reply(encode(Refused("no such number")), Done)


@pytest.mark.parametrize("line", [b'{"ok": true}', b"hello", b"{}"])
def test_a_reply_of_another_version_says_so(line):
    with pytest.raises(ControlError, match="another version"):
        decode_reply(line, LogReply)
