"""Local candidates: what they are called and where they come from (STUN RFC 8489, TURN RFC 8656)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Literal, TypeVar

from phone.media import lean as _lean  # noqa: F401  keeps dnspython out of aioice
from phone.media.plan import Candidate
from phone.media.planprobes import IceServer
from phone.media.sockets import Address
from phone.media.tls import client_context

# after `lean`
import aioice.ice  # isort: skip
import aioice.turn  # isort: skip
from aioice import Candidate as IceCandidate  # isort: skip
from aioice import stun  # isort: skip
from aioice.candidate import candidate_foundation  # isort: skip

log = logging.getLogger(__name__)

CandidateKind = Literal["host", "srflx", "prflx", "relay"]

_PATIENCE = 5.0
"""Seconds for one server: later it would hardly help a call."""
_TYPE_PREFERENCE = {"host": 126, "prflx": 110, "srflx": 100, "relay": 0}
_HIDDEN = {4: ("0.0.0.0", 9), 6: ("::", 9)}  # noqa: S104  RFC 8839 5.1: the way to hide a related address

_KINDS: dict[str, CandidateKind] = {"host": "host", "srflx": "srflx", "relay": "relay"}

_Protocol = TypeVar("_Protocol", bound=aioice.ice.StunProtocol)


def _candidate(kind: str, address: Address, base: str, index: int, related: Address | None) -> IceCandidate:
    # RFC 8445 5.1.2.1: earlier addresses and servers are preferred
    priority = (_TYPE_PREFERENCE[kind] << 24) + ((65535 - index) << 8) + 255
    return IceCandidate(
        foundation=candidate_foundation(kind, "udp", base),
        component=1,
        transport="udp",
        priority=priority,
        host=address[0],
        port=address[1],
        type=kind,
        related_address=related[0] if related else None,
        related_port=related[1] if related else None,
    )


def host_candidate(address: Address, index: int) -> IceCandidate:
    """The candidate of a socket on the `index`th local address."""
    return _candidate("host", address, address[0], index, None)


async def reflexive(protocol: aioice.ice.StunProtocol, server: IceServer) -> IceCandidate | None:
    """Ask a STUN server how this socket looks from outside; None when it says nothing useful."""
    local = protocol.local_candidate
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    try:
        async with asyncio.timeout(_PATIENCE):
            address = await _resolve(server, 6 if ":" in local.host else 4)
            response, _ = await protocol.request(request, address)
        seen = response.attributes["XOR-MAPPED-ADDRESS"]
    except (OSError, TimeoutError, stun.TransactionError, KeyError) as error:
        log.info("STUN server %s gave no address: %r", server.host, error)
        return None
    related = (local.host, local.port)
    return _candidate("srflx", (seen[0], seen[1]), local.host, 0, related)


async def _resolve(server: IceServer, version: int) -> Address:
    family = {4: 2, 6: 10}[version]
    found = await asyncio.get_running_loop().getaddrinfo(server.host, server.port, family=family)
    return str(found[0][4][0]), int(found[0][4][1])


async def relayed(
    factory: Callable[[], _Protocol], server: IceServer, index: int, *, hide: bool
) -> tuple[IceCandidate, _Protocol] | None:
    """Get a relayed address from a TURN server; None when it gives none. `hide`: do not tell our own address."""
    try:
        async with asyncio.timeout(_PATIENCE):
            transport, protocol = await aioice.turn.create_turn_endpoint(
                factory,
                server_addr=(server.host, server.port),
                username=server.username,
                password=server.password,
                ssl=client_context() if server.transport == "tls" else None,
                transport="udp" if server.transport == "udp" else "tcp",
            )
    except (OSError, TimeoutError, stun.TransactionError) as error:
        log.info("TURN server %s gave no relayed address: %r", server.host, error)
        return None
    address: Address = transport.get_extra_info("sockname")
    related: Address = transport.get_extra_info("related_address")
    if hide:
        related = _HIDDEN[6 if ":" in address[0] else 4]
    protocol.local_candidate = _candidate("relay", address, address[0], index, related)
    return protocol.local_candidate, protocol


def address(candidate: IceCandidate) -> Address:
    """Where a candidate of ours is."""
    return candidate.host, candidate.port


def told(candidate: IceCandidate) -> Candidate:
    """As it is told to the far end."""
    return Candidate(
        component=candidate.component,
        foundation=candidate.foundation,
        ip=candidate.host,
        port=candidate.port,
        priority=candidate.priority,
        type=_KINDS[candidate.type],
        related_ip=candidate.related_address,
        related_port=candidate.related_port,
    )


def heard(candidate: Candidate, address: str) -> IceCandidate:
    """As aioice wants one from the far end. A signalled "prflx" is somebody's mistake for "srflx"."""
    return IceCandidate(
        foundation=candidate.foundation,
        component=candidate.component,
        transport="udp",
        priority=candidate.priority,
        host=address,
        port=candidate.port,
        type="srflx" if candidate.type == "prflx" else candidate.type,
        generation=candidate.generation,
    )
