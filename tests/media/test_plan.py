"""What one process tells the other arrives as it was said; what is no message is refused, whatever it is."""

from __future__ import annotations

import functools
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.media.plan import Down, Report, decode_down, decode_report, encode

MESSAGES = get_args(Down) + get_args(Report)


@functools.cache
def messages(kind: type) -> st.SearchStrategy[object]:
    return sayable(msgspec.inspect.type_info(kind))


def sayable(kind: msgspec.inspect.Type) -> st.SearchStrategy[object]:
    """Any value of a field's type. NaN equals nothing, and msgpack ends at 64 bits."""
    if isinstance(kind, msgspec.inspect.StructType):
        return st.builds(kind.cls, **{f.name: sayable(f.type) for f in kind.fields})
    if isinstance(kind, msgspec.inspect.TupleType):
        return st.tuples(*(sayable(one) for one in kind.item_types))
    if isinstance(kind, msgspec.inspect.VarTupleType):
        return st.lists(sayable(kind.item_type), max_size=3).map(tuple)
    if isinstance(kind, msgspec.inspect.DictType):
        return st.dictionaries(sayable(kind.key_type), sayable(kind.value_type), max_size=3)
    if isinstance(kind, msgspec.inspect.UnionType):
        return st.one_of([sayable(one) for one in kind.types])
    if isinstance(kind, msgspec.inspect.LiteralType):
        return st.sampled_from(sorted(kind.values))
    return {
        msgspec.inspect.IntType: st.integers(-(2**63), 2**64 - 1),
        msgspec.inspect.FloatType: st.floats(allow_nan=False),
        msgspec.inspect.StrType: st.text(max_size=20),
        msgspec.inspect.BytesType: st.binary(max_size=20),
        msgspec.inspect.BoolType: st.booleans(),
        msgspec.inspect.NoneType: st.none(),
    }[type(kind)]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: m.__name__)
@given(st.data())
def test_every_message_arrives_as_it_was_said(message, data):
    said = data.draw(messages(message))
    decode = decode_down if message in get_args(Down) else decode_report
    assert decode(encode(said)) == said


@given(st.binary())
def test_nonsense_is_refused(data):
    for decode, kinds in ((decode_down, get_args(Down)), (decode_report, get_args(Report))):
        try:
            told = decode(data)
        except msgspec.DecodeError:
            continue
        assert isinstance(told, kinds)


def test_what_goes_down_does_not_come_up():
    (digit,) = (m for m in get_args(Report) if m.__name__ == "DigitHeard")
    with pytest.raises(msgspec.DecodeError):
        decode_down(encode(digit(leg="1", digit="5")))
