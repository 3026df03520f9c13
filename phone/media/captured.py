"""What a packet capture brings up from the media process, beside the values of `plan`."""

from __future__ import annotations

import msgspec


class Packet(msgspec.Struct, frozen=True, array_like=True):
    """One datagram of a call's sockets, without what is spoken. Addresses are (IP, port)."""

    at: float
    """Monotonic seconds."""
    source: tuple[str, int]
    target: tuple[str, int]
    size: int
    """Octets of the datagram."""
    head: bytes
    """The first of them."""


class Captured(msgspec.Struct, frozen=True, tag=True):
    """Several a second while `Plan.capture` asks for it. Through TURN it is what the relayed address sends and gets."""

    token: int
    packets: tuple[Packet, ...]
    dropped: int = 0
    """Packets of this capture so far for which there was no room."""
    last: bool = False
    """It is over."""
