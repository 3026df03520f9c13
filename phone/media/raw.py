"""Raw UDP (XEP-0177): one socket, one address signalled by the far end, and nobody else is listened to."""

from __future__ import annotations

import asyncio
import socket
import time

from phone.media.capture import PacketCapture
from phone.media.path import PathListener
from phone.media.plan import Candidate, Remote
from phone.media.sockets import Address, PortsExhaustedError, UdpTransport, address_of, bind_udp, is_address


class RawPath:
    """Plain UDP to the far end's component 1 candidate; packets from any other address are strangers'."""

    ufrag = ""
    pwd = ""
    kind = "raw"

    def __init__(
        self, listener: PathListener, addresses: tuple[str, ...], ports: tuple[int, int], capture: PacketCapture
    ) -> None:
        self._listener = listener
        self._capture = capture
        self._own: Address = ("", 0)
        self._addresses = addresses
        self._ports = ports
        self._sock: socket.socket | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._target: Address | None = None
        self.heard_at = time.monotonic()

    async def start(self) -> tuple[Candidate, ...]:
        """Bind on the first address. Raises PortsExhaustedError."""
        if not self._addresses:
            raise PortsExhaustedError("this machine has no IP address to receive voice on; check the network")
        self._sock = bind_udp(self._addresses[0], self._ports)
        self._transport = UdpTransport(self._sock, _RawProtocol(self))
        ip, port = self._own = address_of(self._sock)
        return (Candidate(component=1, foundation="1", ip=ip, port=port, priority=0),)

    def update(self, remote: Remote) -> None:
        """Send to the newest generation's component 1 (Yate moves its port after a hold)."""
        fitting = [c for c in remote.candidates if c.component == 1 and 0 < c.port < 65536 and is_address(c.ip)]
        if not fitting:
            return
        newest = max(fitting, key=lambda c: c.generation)
        first = self._target is None
        self._target = (newest.ip, newest.port)
        if first:
            self._listener.path_open()

    def send(self, datagram: bytes) -> bool:
        """Send to the far end; False when it is not known yet or the kernel refuses."""
        sock, target = self._sock, self._target
        if sock is None or target is None:
            return False
        try:
            sock.sendto(datagram, target)
        except (OSError, ValueError):
            return False
        if self._capture.on:
            self._capture.note(self._own, target, datagram)
        return True

    def received(self, data: bytes, source: Address) -> None:
        """From the socket."""
        if self._capture.on:
            self._capture.note(source, self._own, data)
        known = source == self._target
        if known:
            self.heard_at = time.monotonic()
        self._listener.path_datagram(data, source, known=known)

    async def close(self) -> None:
        """Close the socket."""
        self._target = None
        if self._transport is not None:
            self._transport.close()


class _RawProtocol(asyncio.DatagramProtocol):
    def __init__(self, path: RawPath) -> None:
        self._path = path

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data:
            self._path.received(data, (addr[0], addr[1]))
