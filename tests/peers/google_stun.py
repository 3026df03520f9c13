"""Google's checks as old clients make them: STUN with a USERNAME alone, by RFC 3489's header or with the cookie.

Written anew, so that the phone's own STUN does not judge itself.
"""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass

REQUEST, RESPONSE, ERROR = 0x0001, 0x0101, 0x0111
COOKIE = bytes.fromhex("2112a442")
_MAPPED, _USERNAME, _CODE = 0x0001, 0x0006, 0x0009


@dataclass(frozen=True)
class Message:
    kind: int
    transaction: bytes
    username: bytes | None = None
    mapped: tuple[str, int] | None = None
    code: int | None = None
    """As libjingle writes it: by 256."""


def transaction(*, cookie: bool) -> bytes:
    """16 octets: all random (libjingle, Asterisk), or newer libjingle's."""
    return COOKIE + os.urandom(12) if cookie else b"\x00" + os.urandom(15)


def write(message: Message) -> bytes:
    body = b""
    if message.mapped is not None:
        ip, port = message.mapped
        body += struct.pack("!HHBBH4s", _MAPPED, 8, 0, 1, port, socket.inet_aton(ip))
    if message.code is not None:
        body += struct.pack("!HHHBB", _CODE, 4, 0, message.code // 256, message.code % 256)
    if message.username is not None:
        padded = message.username + bytes(-len(message.username) % 4)
        body += struct.pack("!HH", _USERNAME, len(message.username)) + padded
    return struct.pack("!HH16s", message.kind, len(body), message.transaction) + body


def read(data: bytes) -> Message:
    """Raises AssertionError for what an old client would not take: the phone must write nothing else."""
    kind, length, id_ = struct.unpack_from("!HH16s", data)
    assert length == len(data) - 20, "the length is wrong"
    found: dict[int, bytes] = {}
    at = 20
    while at < len(data):
        name, size = struct.unpack_from("!HH", data, at)
        found[name] = data[at + 4 : at + 4 + size]
        at += 4 + size + -size % 4
    assert set(found) <= {_MAPPED, _USERNAME, _CODE}, "no integrity, no fingerprint, no priority"
    mapped = None
    if _MAPPED in found:
        _, family, port, ip = struct.unpack("!BBH4s", found[_MAPPED])
        assert family == 1
        mapped = socket.inet_ntoa(ip), port
    code = found[_CODE][2] * 256 + found[_CODE][3] if _CODE in found else None
    return Message(kind, id_, found.get(_USERNAME), mapped, code)
