"""Packet capture: the headers of what the calls' sockets send and receive, while somebody wants them.

Laws
1. No speech and no digits, encrypted or not: of RTP the header alone is kept, cut here, before anything is passed on.
2. Nobody waits: the audio thread leaves a few octets behind, the loop carries them away; where there is no room the
   packet is dropped and counted.

Who calls `note` asks `on` first: a phone without capture pays for looking at one attribute.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from phone.media.captured import Captured, Packet
from phone.media.rtp import HEADER_BYTES, kind_of_datagram

if TYPE_CHECKING:
    from phone.media.sockets import Address

ROOM = 4096
"""Packets that wait to be carried away: several seconds of eight calls."""
_EVERY = 0.25
"""Seconds."""
_BATCH_BYTES = 32_768
_PACKET_BYTES = 96
"""What a packet takes in a report beside its head, at most: two IPv6 addresses with ports, time, size."""
_LONGEST_HEAD = 1500
_RTCP_HEADER = 8
"""RFC 3550 6.4: with the sender's SSRC."""
_REPORTS = frozenset({200, 201})
"""SR and RR: figures alone."""
_DTLS_DATA = 23
"""RFC 6347: application data. What else there is of DTLS are handshakes, which have no secret in the clear."""
_DTLS_HEADER = 13


class PacketCapture:
    """`note` from any thread, all else on the loop."""

    __slots__ = ("_dropped", "_tell", "_timer", "_token", "_waiting", "on")

    def __init__(self, tell: Callable[[Captured], None] = lambda _: None) -> None:
        self.on = False
        self._tell = tell
        self._timer: asyncio.TimerHandle | None = None
        self._token = 0
        self._dropped = 0
        self._waiting: deque[Packet] = deque()

    def follow(self, token: int) -> None:
        """Capture under this name, from now on; 0: do not."""
        if token == self._token:
            return
        self.close()
        self._token, self._dropped = token, 0
        self.on = token != 0
        if self.on:
            self._arm()

    def close(self) -> None:
        """Tell what is left, and that it is the last."""
        if self._token:
            self.on = False
            self._carry_away(last=True)
            self._token = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def note(self, source: Address, target: Address, data: bytes) -> None:
        """A datagram came, or was sent."""
        if len(self._waiting) < ROOM:
            self._waiting.append(Packet(time.monotonic(), source, target, len(data), head_of(data)))
        else:
            self._dropped += 1

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_EVERY, self._due)

    def _due(self) -> None:
        self._carry_away(last=False)
        self._arm()

    def _carry_away(self, *, last: bool) -> None:
        """What waits now, in reports of a size that the socket takes; what comes meanwhile is left to the next time."""
        left = len(self._waiting)
        while left or last:
            batch: list[Packet] = []
            room = _BATCH_BYTES
            while left and room > 0:
                batch.append(self._waiting.popleft())
                room -= _PACKET_BYTES + len(batch[-1].head)
                left -= 1
            self._tell(Captured(self._token, tuple(batch), self._dropped, last=last and not left))
            if not left:
                return


def head_of(data: bytes) -> bytes:
    """What of a datagram may be seen: STUN and DTLS handshakes whole, headers and reports of the rest."""
    match kind_of_datagram(data):
        case "stun":
            return data[:_LONGEST_HEAD]
        case "dtls":
            return data[: _DTLS_HEADER if data[0] == _DTLS_DATA else _LONGEST_HEAD]
        case "rtp":
            return data[: HEADER_BYTES + 4 * (data[0] & 0x0F)]
        case "rtcp":
            return data[: _reported(data)]
        case _:
            return b""


def _reported(data: bytes) -> int:
    """The first packet of a compound, if it is a report; of others the header: they may name people (SDES)."""
    if len(data) < _RTCP_HEADER or data[1] not in _REPORTS:
        return _RTCP_HEADER
    fixed = 28 if data[1] == 200 else _RTCP_HEADER
    return fixed + 24 * (data[0] & 0x1F)
