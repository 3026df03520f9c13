"""SIP and its media led through a bad network: the ports in the session descriptions are those of relays."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from rig.lossy import LossyRelay, Road

from bench.peers import HOST, RTP_PORTS, SIP_PORTS

SIP_PORT = 18070
"""Where A calls B."""
_FOR_A, _FOR_B = 18130, 18140
"""Even, as RTP's are; RTCP one above."""


def rewritten(message: bytes, ports: dict[int, int]) -> bytes:
    """The message with other ports in its body; Content-Length stays true, as all have five digits."""
    head, empty_line, body = message.partition(b"\r\n\r\n")
    for old, new in ports.items():
        for more in (0, 1):
            body = body.replace(b"%d" % (old + more), b"%d" % (new + more))
    return head + empty_line + body


class _SipRelay(asyncio.DatagramProtocol):
    transport: asyncio.DatagramTransport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        from_a = addr[1] == SIP_PORTS[0]
        ports = {RTP_PORTS[0]: _FOR_B} if from_a else {RTP_PORTS[1]: _FOR_A}
        self.transport.sendto(rewritten(data, ports), (HOST, SIP_PORTS[1] if from_a else SIP_PORTS[0]))


@contextlib.asynccontextmanager
async def sip_through(a_to_b: Road, b_to_a: Road) -> AsyncIterator[LossyRelay]:
    """RTP takes these roads, SIP and RTCP good ones. Yields the RTP relay."""
    a, b = ((HOST, port) for port in RTP_PORTS)
    control_a, control_b = ((HOST, port + 1) for port in RTP_PORTS)
    speech = LossyRelay(a_to_b, b_to_a, a, b, HOST, (_FOR_A, _FOR_B))
    control = LossyRelay(Road(), Road(), control_a, control_b, HOST, (_FOR_A + 1, _FOR_B + 1))
    transport, sip = await asyncio.get_running_loop().create_datagram_endpoint(_SipRelay, local_addr=(HOST, SIP_PORT))
    sip.transport = transport
    try:
        async with speech, control:
            yield speech
    finally:
        transport.close()
