"""Both ends of Google's connectivity checks, by hand."""

from __future__ import annotations

import itertools

from phone.media.gice import (
    Chosen,
    Gice,
    Outs,
    Remote,
    Route,
    Send,
)
from phone.media.gice_stun import Kind, Stun, decode, encode

OURS = "aliceAliceAlice1"
THEIRS = "6fbd7237437ce259"
A = ("192.0.2.1", 4000)
B = ("192.0.2.9", 9000)
B6 = ("2001:db8::9", 9000)
NAT = ("198.51.100.7", 1234)
ID = bytes(range(16))
COOKIE = bytes.fromhex("2112a442") + bytes(12)


def machine(name: str = OURS, sockets: tuple[bool, ...] = (False,)) -> Gice:
    numbers = itertools.count(1)
    return Gice(name, sockets, lambda: next(numbers).to_bytes(16))


def request(username: str | None = OURS + THEIRS, transaction: bytes = ID) -> bytes:
    return encode(Stun(Kind.REQUEST, transaction, None if username is None else username.encode()))


def sent(outs: Outs) -> list[Stun]:
    found = [decode(o.data) for o in outs if isinstance(o, Send)]
    return [m for m in found if m is not None]


def chosen(outs: Outs) -> list[Route | None]:
    return [o.route for o in outs if isinstance(o, Chosen)]


def answer(gice: Gice, outs: Outs, now: float) -> Outs:
    """The far end answers the check in `outs`."""
    (check,) = [o for o in outs if isinstance(o, Send)]
    message = decode(check.data)
    assert message is not None
    reply = encode(Stun(Kind.RESPONSE, message.transaction, message.username, mapped=A))
    return gice.received(check.route.local, check.route.remote, reply, now)


def connected(priority: int = 950) -> Gice:
    """With B, at time 0."""
    gice = machine()
    gice.update([Remote(B, THEIRS, priority)], 0)
    answer(gice, gice.tick(0), 0)
    assert chosen(gice.received(0, B, request(), 0)) == [Route(0, B)]
    return gice


def usable(gice: Gice, remote: tuple[str, int], now: float) -> list[Route | None]:
    """The far end asks from there, and answers there at the next check."""
    found = chosen(gice.received(0, remote, request(), now))
    outs: Outs = ()
    while remote not in [o.route.remote for o in outs if isinstance(o, Send)]:
        outs = gice.tick(max(now, gice.deadline() or 0))
    return found + chosen(answer(gice, outs, now))
