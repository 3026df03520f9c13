"""What carries a leg's datagrams: an ICE connection or a raw UDP socket, seen alike by the leg."""

from __future__ import annotations

from typing import Protocol

from phone.media.plan import Candidate, LegFault, Remote
from phone.media.sockets import Address


class PathListener(Protocol):
    """Who owns a path. Called on the loop."""

    def path_candidate(self, candidate: Candidate) -> None:
        """One more local candidate, found after `start`."""

    def path_open(self) -> None:
        """Datagrams can be sent from now on."""

    def path_failed(self, fault: LegFault, detail: str) -> None:
        """There is no way to the far end."""

    def path_datagram(self, data: bytes, source: Address, *, known: bool) -> None:
        """A datagram that is no STUN came. `known`: from an address that was signalled or proved by ICE."""


class Path(Protocol):
    """A way to the far end."""

    ufrag: str
    pwd: str
    kind: str
    """`LegStats.path`; "" until it is open."""
    heard_at: float
    """Monotonic seconds when the far end last sent anything at all, consent answers included."""

    async def start(self) -> tuple[Candidate, ...]:
        """Bind sockets; returns the host candidates. Raises PortsExhaustedError."""

    def update(self, remote: Remote) -> None:
        """Take what is known of the far end by now; may be told again and again."""

    def send(self, datagram: bytes) -> bool:
        """Send one datagram from any thread; False when there was no way or no room. Never blocks."""

    async def close(self) -> None:
        """Close the sockets."""
