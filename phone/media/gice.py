"""Connectivity checks of Google's p2p transport ("GICE", libjingle before RFC 5245), without IO: datagrams and times
in, datagrams and the chosen route out.

Laws
1. A request that names us is answered, once, and whoever sent it is checked in turn; but when a check goes out is the
   clock's business alone. Two Asterisks that answer each check with a check flood each other (PEERS.md, Asterisk 8).
2. At most one check goes out at a time: 50 ms apart until a route is chosen, then 480 ms.
3. A pair can be used when it has answered and has been asked from. There is no nomination: each side sends on its best
   pair, so that RTP comes from any address that passed a check.
4. What does not know our username, 16 characters that only the far end was told, is told 401 and otherwise ignored.
   Nothing that arrives raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from phone.media.gice_stun import Address, Kind, Stun, decode, encode

SEARCHING: Final = 0.05
KEEPING: Final = 0.48
"""Seconds between checks, before and after a route is chosen (libjingle p2ptransportchannel.cc)."""
FAILURES: Final = 5
FAILURE_SECONDS: Final = 5.0
"""So many checks in a row and so long without an answer, and a pair cannot be sent on."""
DEAF_SECONDS: Final = 30.0
"""So long without a request or RTP, and nothing is expected from a pair."""
GIVE_UP_SECONDS: Final = 15.0
"""A pair that has not answered for so long is no longer checked, until it asks again."""
REFLEXIVE: Final = 860
"""Priority of an address that was not signalled (libjingle's 0.86), in thousandths."""
MAX_PAIRS: Final = 64
MAX_OUTSTANDING: Final = 128


@dataclass(frozen=True, slots=True)
class Remote:
    """A candidate of the far end: its address, and the username that its checks must name."""

    address: Address
    username: str
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """One of our sockets, by its number, and an address of the far end."""

    local: int
    remote: Address


@dataclass(frozen=True, slots=True)
class Send:
    """A datagram to send from our socket `route.local` to `route.remote`."""

    route: Route
    data: bytes


@dataclass(frozen=True, slots=True)
class Chosen:
    """Media goes this way from now on; None: no way is left."""

    route: Route | None


Out = Send | Chosen
Outs = tuple[Out, ...]


@dataclass(slots=True)
class _Pair:
    """What is known of one route. Times in seconds, None for never."""

    route: Route
    username: str
    priority: int
    checked: float | None = None
    """When the last check went out."""
    silent: float | None = None
    """Since when checks have had no answer: that of the first of them."""
    failures: int = 0
    answered: bool = False
    heard: float | None = None
    """When it last asked, or sent RTP."""

    @property
    def proven(self) -> bool:
        return self.answered or self.heard is not None

    def failed(self, now: float, seconds: float) -> bool:
        return self.failures >= FAILURES and self.silent is not None and now - self.silent >= seconds

    def usable(self, now: float) -> bool:
        deaf = self.heard is None or now - self.heard >= DEAF_SECONDS
        return self.answered and not deaf and not self.failed(now, FAILURE_SECONDS)


class Gice:
    """The checks of one RTP stream."""

    def __init__(self, username: str, sockets: Iterable[bool], new_id: Callable[[], bytes]) -> None:
        """`username`: of all our candidates; `sockets`: for each of ours whether it is IPv6; `new_id`: 16 octets that
        cannot be guessed.
        """
        self._username = username.encode("ascii")
        self._sockets = tuple(sockets)
        self._new_id = new_id
        self._remotes: dict[Address, Remote] = {}
        self._pairs: dict[Route, _Pair] = {}
        self._outstanding: dict[bytes, Route] = {}
        self._next: float | None = None
        self.chosen: Route | None = None
        self.refused = 0
        """Requests that did not know our username, and what was no STUN that we understand."""

    def add_socket(self, now: float, *, v6: bool) -> int:
        """One more of ours, and its number; it is checked from like the others."""
        local = len(self._sockets)
        self._sockets += (v6,)
        for remote in self._remotes.values():
            self._match(local, remote, now)
        return local

    # --- the far end's candidates -------------------------------------------------------------------------------

    def update(self, remotes: Iterable[Remote], now: float) -> None:
        """All their candidates as they stand, told again and again; they are checked from the next `tick` on. One that
        is no longer among them (Yate moves its port after a hold) serves until another can be used.
        """
        signalled = {remote.address: remote for remote in remotes}
        for pair in self._pairs.values():
            if pair.route.remote in self._remotes.keys() - signalled.keys():
                pair.priority = 0
        self._remotes = signalled
        for remote in signalled.values():
            for local in range(len(self._sockets)):
                self._match(local, remote, now)

    def guess(self) -> Route | None:
        """Where to send RTP to who does not check at all (Yate): the best address that was signalled."""
        signalled = [p for p in self._pairs.values() if p.route.remote in self._remotes]
        best = max(signalled, key=lambda p: (p.answered, p.priority), default=None)
        return None if best is None else best.route

    # --- datagrams ----------------------------------------------------------------------------------------------

    def received(self, local: int, source: Address, data: bytes, now: float) -> Outs:
        """A datagram that `gice_stun.sort` calls "stun", on our socket `local`."""
        message = decode(data)
        if message is None:
            self.refused += 1
            return ()
        route = Route(local, source)
        if message.kind is Kind.REQUEST:
            return self._requested(route, message, now)
        self._replied(route, message)
        return self._choose(now)

    def heard(self, local: int, source: Address, now: float) -> bool:
        """RTP came. False: from an address that passed no check, to be dropped."""
        pair = self._pairs.get(Route(local, source))
        if pair is None or not pair.proven:
            return False
        if pair.heard is not None:
            pair.heard = now
        return True

    def knows(self, local: int, source: Address) -> bool:
        """Whether that address has passed a check of ours, or made one that named us."""
        pair = self._pairs.get(Route(local, source))
        return pair is not None and pair.proven

    # --- the clock ----------------------------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """When `tick` should be called next."""
        return self._next

    def tick(self, now: float) -> Outs:
        """One check, when it is time for one, and what time has changed in the choice."""
        if self._next is None or now < self._next:
            return ()
        chosen = self._choose(now)
        pair = self._due(now)
        self._next = None if pair is None else now + self._pace()
        return chosen if pair is None else (*chosen, self._check(pair, now))

    # --- inside -------------------------------------------------------------------------------------------------

    def _match(self, local: int, remote: Remote, now: float) -> None:
        if self._sockets[local] == (":" in remote.address[0]):
            self._pair(Route(local, remote.address), remote.username, remote.priority, now)

    def _pair(self, route: Route, username: str, priority: int, now: float) -> _Pair | None:
        """That route's pair; None when there are too many."""
        pair = self._pairs.get(route)
        if pair is None and len(self._pairs) >= MAX_PAIRS:
            return None
        if pair is None:
            pair = self._pairs[route] = _Pair(route, username, priority)
            self._next = now if self._next is None else self._next
        elif username:
            pair.username, pair.priority = username, priority
        return pair

    def _requested(self, route: Route, message: Stun, now: float) -> Outs:
        username = message.username
        if username is None:
            return self._refuse(route, message, 400)
        if not username.startswith(self._username):
            return self._refuse(route, message, 401)
        answer = Send(route, encode(Stun(Kind.RESPONSE, message.transaction, username, mapped=route.remote)))
        known = self._remotes.get(route.remote)
        theirs = username[len(self._username) :].decode("latin-1") if known is None else known.username
        pair = self._pair(route, theirs, REFLEXIVE if known is None else known.priority, now)
        if pair is not None:
            if pair.failed(now, GIVE_UP_SECONDS):
                pair.answered, pair.failures, pair.silent = False, 0, None
                self._next = now if self._next is None else self._next
            pair.heard = now
        return (answer, *self._choose(now))

    def _refuse(self, route: Route, message: Stun, error: int) -> Outs:
        self.refused += 1
        return (Send(route, encode(Stun(Kind.ERROR, message.transaction, message.username, error=error))),)

    def _replied(self, route: Route, message: Stun) -> None:
        """By the transaction id alone, which nobody can guess: the username of responses means nothing. An error is no
        answer: their side may not know us yet.
        """
        if self._outstanding.get(message.transaction) != route:
            self.refused += 1
            return
        del self._outstanding[message.transaction]
        pair = self._pairs[route]
        if message.kind is Kind.RESPONSE:
            pair.answered, pair.failures, pair.silent = True, 0, None

    def _choose(self, now: float) -> Outs:
        """The best usable pair; the one in use stays while none is better."""
        usable = [p for p in self._pairs.values() if p.usable(now)]
        best = max(usable, key=lambda p: (p.priority, p.route == self.chosen), default=None)
        route = None if best is None else best.route
        if route == self.chosen:
            return ()
        self.chosen = route
        return (Chosen(route),)

    def _due(self, now: float) -> _Pair | None:
        """The pair that has waited longest; those that were never checked come first, by priority."""
        alive = [p for p in self._pairs.values() if not p.failed(now, GIVE_UP_SECONDS)]
        return min(alive, key=lambda p: (p.checked is not None, p.checked or 0.0, -p.priority), default=None)

    def _pace(self) -> float:
        return SEARCHING if self.chosen is None else KEEPING

    def _check(self, pair: _Pair, now: float) -> Send:
        pair.checked = now
        pair.failures += 1  # until it is answered
        pair.silent = now if pair.silent is None else pair.silent
        transaction = self._new_id()
        self._outstanding[transaction] = pair.route
        while len(self._outstanding) > MAX_OUTSTANDING:
            del self._outstanding[next(iter(self._outstanding))]
        username = pair.username.encode("latin-1", "replace") + self._username
        return Send(pair.route, encode(Stun(Kind.REQUEST, transaction, username)))
