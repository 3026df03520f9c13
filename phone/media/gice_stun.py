"""STUN as Google's p2p transport speaks it: Binding with a USERNAME and nothing that proves anything.

The header is RFC 3489's (16 octets of transaction id) from old libjingle and Asterisk, RFC 5389's (cookie and 12
octets) from newer libjingle; the 16 octets behind the length are taken and returned as they are, so that both do.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from typing import Final, Literal

Address = tuple[str, int]
"""An IP address and a port."""

REQUEST: Final = 0x0001
RESPONSE: Final = 0x0101
ERROR: Final = 0x0111
_MAPPED_ADDRESS: Final = 0x0001
_USERNAME: Final = 0x0006
_ERROR_CODE: Final = 0x0009
_HEADER: Final = struct.Struct("!HH16s")
_ATTRIBUTE: Final = struct.Struct("!HH")
_FAMILIES: Final = {1: 4, 2: 16}
"""Octets of an address (RFC 3489 11.2.1)."""
MAX_LENGTH: Final = 1500


class Kind(Enum):
    """Message types; all others are not for us."""

    REQUEST = REQUEST
    RESPONSE = RESPONSE
    ERROR = ERROR


@dataclass(frozen=True, slots=True)
class Stun:
    """One Binding message. `transaction`: 16 octets."""

    kind: Kind
    transaction: bytes
    username: bytes | None = None
    mapped: Address | None = None
    """Of a response: where our request came from."""
    error: int | None = None
    """As a number of three digits."""


def sort(data: bytes) -> Literal["stun", "rtp", ""]:
    """What a datagram on the media socket is, by its first two bits: 00 STUN, 10 RTP and RTCP."""
    if not data:
        return ""
    match data[0] >> 6:
        case 0:
            return "stun"
        case 2:
            return "rtp"
        case _:
            return ""


def encode(message: Stun) -> bytes:
    """The datagram. Attributes are padded to four octets, the length in them is not."""
    body = b""
    if message.mapped is not None:
        body += _attribute(_MAPPED_ADDRESS, _address(message.mapped))
    if message.error is not None:
        # libjingle divides by 256 where RFC 3489 11.2.9 says 100, and reads what it writes
        body += _attribute(_ERROR_CODE, bytes((0, 0, message.error // 256, message.error % 256)))
    if message.username is not None:
        body += _attribute(_USERNAME, message.username)
    return _HEADER.pack(message.kind.value, len(body), message.transaction) + body


def decode(data: bytes) -> Stun | None:
    """A message, or None for what is none of the three or is cut short. Unknown attributes are passed over."""
    if not _HEADER.size <= len(data) <= MAX_LENGTH:
        return None
    kind, length, transaction = _HEADER.unpack_from(data)
    if kind not in {REQUEST, RESPONSE, ERROR} or length > len(data) - _HEADER.size:
        return None
    attributes = _attributes(data[_HEADER.size : _HEADER.size + length])
    if attributes is None:
        return None
    mapped = attributes.get(_MAPPED_ADDRESS)
    code = attributes.get(_ERROR_CODE)
    return Stun(
        kind=Kind(kind),
        transaction=transaction,
        username=attributes.get(_USERNAME),
        mapped=None if mapped is None else _read_address(mapped),
        error=None if code is None else _read_error(code),
    )


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(kind, len(value)) + value + bytes(-len(value) % 4)


def _attributes(body: bytes) -> dict[int, bytes] | None:
    """The first of each kind; None when one is cut short.

    RFC 3489 knew no padding, for all its values filled whole words: Asterisk packs a username of another length tight,
    and the length of the whole then tells.
    """
    word = 1 if len(body) % 4 else 4
    found: dict[int, bytes] = {}
    at = 0
    while at < len(body):
        if len(body) - at < _ATTRIBUTE.size:
            return None
        kind, length = _ATTRIBUTE.unpack_from(body, at)
        at += _ATTRIBUTE.size
        if length > len(body) - at:
            return None
        found.setdefault(kind, body[at : at + length])
        at += length + -length % word
    return found


def _address(address: Address) -> bytes:
    packed = ip_address(address[0]).packed
    family = 1 if len(packed) == 4 else 2
    return struct.pack("!BBH", 0, family, address[1]) + packed


def _read_address(value: bytes) -> Address | None:
    if len(value) < 4:
        return None
    _, family, port = struct.unpack_from("!BBH", value)
    if len(value) - 4 != _FAMILIES.get(family):
        return None
    return str(ip_address(value[4:])), port


def _read_error(value: bytes) -> int | None:
    """By Google's reckoning or the RFC's: a class of 3 to 6 is the latter's."""
    if len(value) < 4:
        return None
    return value[2] * 100 + value[3] if 3 <= value[2] <= 6 else value[2] * 256 + value[3]
