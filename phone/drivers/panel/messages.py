"""What travels on the page's WebSocket: JSON both ways, and the screen as one binary message of its pixels."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from phone.drivers.panel.values import PanelFacts

LIMIT = 128
"""Bytes in a message from a page: the longest that makes sense has 38."""


class NonsenseError(ValueError):
    """A page said what no page says."""


class Press(msgspec.Struct, frozen=True, tag_field="do", tag="press", forbid_unknown_fields=True):
    """A finger goes down on a key."""

    key: str


class Release(msgspec.Struct, frozen=True, tag_field="do", tag="release", forbid_unknown_fields=True):
    """The finger goes up."""

    key: str


class Lift(msgspec.Struct, frozen=True, tag_field="do", tag="lift", forbid_unknown_fields=True):
    """The handset goes up."""


class HangUp(msgspec.Struct, frozen=True, tag_field="do", tag="hang-up", forbid_unknown_fields=True):
    """The handset goes down."""


Move = Press | Release | Lift | HangUp

_moves: msgspec.json.Decoder[Move] = msgspec.json.Decoder(Move)
_encoder = msgspec.json.Encoder(order="sorted")


def decode(message: str | bytes) -> Move:
    """What a page's hand does. Raises NonsenseError."""
    if isinstance(message, bytes):
        raise NonsenseError("a binary message")
    try:
        return _moves.decode(message)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise NonsenseError(str(error)) from error


def hello(keys: Sequence[str]) -> str:
    """The first message: the keys that this phone has."""
    return _encoder.encode({"kind": "hello", "keys": keys}).decode()


def lights(lit: frozenset[str], *, dimmed: bool) -> str:
    """The lamps that are lit, all others are dark; and whether the display glows faintly."""
    return _encoder.encode({"kind": "lights", "lit": sorted(lit), "dimmed": dimmed}).decode()


def facts(now: PanelFacts) -> str:
    """All of it, in place of what was told before."""
    return _encoder.encode({"kind": "facts", "facts": now}).decode()


SECOND = _encoder.encode({"kind": "second"}).decode()
"""A second has passed: the page plots the facts that it has."""
