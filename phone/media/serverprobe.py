"""Do the STUN and TURN servers answer? Asked as a call would ask (RFC 8489, RFC 8656), once, and all given back."""

from __future__ import annotations

import asyncio
import time

from phone.media import turn
from phone.media.planprobes import IceServer, ServerAnswer
from phone.media.sockets import PortsExhaustedError, UdpTransport, address_of, bind_udp

# after `turn`, which keeps dnspython out of it
import aioice.ice  # isort: skip


async def ask_all(
    servers: tuple[IceServer, ...], addresses: tuple[str, ...], ports: tuple[int, int]
) -> tuple[ServerAnswer, ...]:
    """All at once; one that does not answer takes 5 s."""
    return tuple(await asyncio.gather(*(_ask(server, addresses, ports) for server in servers)))


async def _ask(server: IceServer, addresses: tuple[str, ...], ports: tuple[int, int]) -> ServerAnswer:
    began = time.monotonic()
    told = await (_relayed(server) if server.kind == "turn" else _reflexive(server, addresses, ports))
    return ServerAnswer(server.kind, server.host, server.port, server.transport, told, time.monotonic() - began)


async def _reflexive(server: IceServer, addresses: tuple[str, ...], ports: tuple[int, int]) -> str:
    """Our address as that server sees it; "": it says nothing."""
    answers = await asyncio.gather(*(_seen_from(server, address, ports) for address in addresses))
    return next(filter(None, answers), "")


async def _seen_from(server: IceServer, address: str, ports: tuple[int, int]) -> str:
    if server.transport != "udp":
        return ""
    try:
        sock = bind_udp(address, ports)
    except PortsExhaustedError:
        return ""
    protocol = aioice.ice.StunProtocol(_nobody())
    UdpTransport(sock, protocol)
    protocol.local_candidate = turn.host_candidate(address_of(sock), 0)
    try:
        found = await turn.reflexive(protocol, server)
    finally:
        await protocol.close()
    return "" if found is None else _written(found.host, found.port)


async def _relayed(server: IceServer) -> str:
    """Its address for us; "": it gives none."""
    found = await turn.relayed(lambda: aioice.ice.StunProtocol(_nobody()), server, 0, hide=False)
    if found is None:
        return ""
    candidate, protocol = found
    await protocol.close()
    return _written(candidate.host, candidate.port)


def _nobody() -> aioice.ice.Connection:
    """Takes what else comes to such a socket, and does nothing about it."""
    return aioice.ice.Connection(ice_controlling=True)


def _written(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
