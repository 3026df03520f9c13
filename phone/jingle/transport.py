"""What is known of the far end's transport, gathered from initiate, accept and every transport-info (XEP-0176 5)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from phone.jingle.api import IceCandidate
from phone.jingle.elements import Fingerprint, Transport
from phone.jingle.parse import MAX_CANDIDATES


@dataclass(frozen=True, slots=True)
class RemoteTransport:
    """The sum so far. `restart` counts their ICE restarts."""

    ufrag: str | None = None
    pwd: str | None = None
    fingerprint: Fingerprint | None = None
    candidates: tuple[IceCandidate, ...] = ()
    restart: int = 0

    def merged(self, told: Transport) -> RemoteTransport:
        """With what `told` adds. Another ufrag is an ICE restart (RFC 8839 4.4.3): the old candidates are void.

        A browser repeats ufrag without pwd in its trickles, the first of them maybe before its answer; one that
        is not the current ufrag belongs to an ICE generation that we do not know: dropped.
        """
        if told.ufrag is not None and told.pwd is None and self.ufrag not in {None, told.ufrag}:
            return self
        if told.ufrag is None or told.pwd is None or told.ufrag == self.ufrag:
            return self.added(told)
        if self.ufrag is None:
            return replace(self, ufrag=told.ufrag, pwd=told.pwd).added(told)
        fresh = replace(self, ufrag=told.ufrag, pwd=told.pwd, candidates=(), restart=self.restart + 1)
        return fresh.added(told)

    def added(self, told: Transport) -> RemoteTransport:
        """With its candidates and fingerprint.

        Component 1 alone (we mux, or do without RTCP); the newest `generation` alone, for Yate's new port after a
        hold (PEERS.md, Yate 3); each address once (Yate 5); never more than MAX_CANDIDATES.
        """
        every = {(c.ip, c.port, c.generation): c for c in self.candidates}
        every |= {(c.ip, c.port, c.generation): c for c in told.candidates if c.component == 1}
        newest = max((c.generation for c in every.values()), default=0)
        kept = tuple(c for c in every.values() if c.generation == newest)[:MAX_CANDIDATES]
        return replace(self, candidates=kept, fingerprint=self.fingerprint or told.fingerprint)
