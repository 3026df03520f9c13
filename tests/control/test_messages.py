import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.control import Call, ControlError, Done, HangUp, Log, LogReply, Sim, Status
from phone.control.messages import Refused, decode_reply, decode_request, encode


@pytest.mark.parametrize(
    ("request_", "wire"),
    [
        (Status(), {"do": "status"}),
        (Call("204"), {"do": "call", "number": "204"}),
        (HangUp(), {"do": "hang-up"}),
        (Log(), {"do": "log", "limit": 20}),
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
        b'{"do": "sim", "action": "kick"}',
        b'{"do": "sim", "action": "press", "seconds": 1e9}',
        b'{"do": "call", "number": "\xff"}',
    ],
)
def test_nonsense_is_refused(line):
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        decode_request(line)


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
