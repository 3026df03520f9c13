"""UDP sockets for media: bound within the configured ports, marked as voice, never blocking."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import socket
from typing import cast

import ifaddr

from phone.errors import HardwareError

Address = tuple[str, int]

_EXPEDITED_FORWARDING = 0xB8
"""DSCP EF (RFC 3246) as the TOS byte: voice goes before bulk data (RFC 4594)."""
_BUFFER = 262_144
_LONGEST = 4096
"""Octets that are read of a datagram: media keeps below an MTU."""


class PortsExhaustedError(HardwareError):
    """No UDP port could be bound."""


def local_addresses() -> tuple[str, ...]:
    """All of this machine's addresses but loopback and link-local IPv6, IPv4 first."""
    found: list[str] = []
    for adapter in ifaddr.get_adapters():
        for entry in adapter.ips:
            ip = entry.ip if isinstance(entry.ip, str) else entry.ip[0]
            parsed = ipaddress.ip_address(ip)
            if not parsed.is_loopback and not (parsed.version == 6 and parsed.is_link_local):
                found.append(ip)
    return tuple(sorted(dict.fromkeys(found), key=lambda ip: ":" in ip))


def is_address(ip: str) -> bool:
    """Whether it is an IP address: sending to a name would ask DNS in the audio thread."""
    try:
        ipaddress.ip_address(ip)
    except ValueError:
        return False
    return True


def bind_udp(address: str, ports: tuple[int, int] = (0, 0)) -> socket.socket:
    """A non-blocking UDP socket on `address`, its port within `ports` (both included; 0: any).

    Raises PortsExhaustedError when none is free or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    first, last = ports
    candidates = secrets.SystemRandom().sample(range(first, last + 1), last - first + 1) if first else [0]
    for port in candidates:
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.bind((address, port))
        except OSError:
            sock.close()
            continue
        _mark(sock)
        return sock
    raise PortsExhaustedError(f"no UDP port can be bound on {address} within {first}-{last}; widen [network] ports")


def address_of(sock: socket.socket) -> Address:
    """Where a socket is bound."""
    ip, port = sock.getsockname()[:2]
    return str(ip), int(port)


class UdpTransport(asyncio.DatagramTransport):
    """A bound socket on the loop; to be made there. What the kernel refuses to send is told to the protocol and lost.

    asyncio's own has the kernel map 256 KiB anew for every datagram: a sixth of all that a recorded call costs.
    """

    def __init__(self, sock: socket.socket, protocol: asyncio.DatagramProtocol) -> None:
        super().__init__({"socket": sock, "sockname": sock.getsockname()})
        self._sock = sock
        self._protocol = protocol
        self._closing = False
        self._loop = asyncio.get_running_loop()
        protocol.connection_made(self)
        self._loop.add_reader(sock, self._readable)

    def _readable(self) -> None:
        # one at a time: a second try would cost more than the loop, which comes back if there is one
        try:
            data, source = self._sock.recvfrom(_LONGEST)
        except BlockingIOError:
            return
        except OSError as error:  # an ICMP message
            self._protocol.error_received(error)
            return
        self._protocol.datagram_received(data, source)

    def sendto(self, data: bytes | bytearray | memoryview, addr: object = None) -> None:
        """To an (address, port), at once or not at all."""
        try:
            self._sock.sendto(data, cast("Address", addr))
        except OSError as error:
            if not self._closing:
                self._protocol.error_received(error)

    def is_closing(self) -> bool:
        """Whether `close` was called."""
        return self._closing

    def close(self) -> None:
        """Nothing comes any more; the protocol is told in the loop's next turn."""
        if not self._closing:
            self._closing = True
            self._loop.remove_reader(self._sock)
            self._loop.call_soon(self._lost)

    def abort(self) -> None:
        """The same."""
        self.close()

    def _lost(self) -> None:
        self._sock.close()
        self._protocol.connection_lost(None)


def _mark(sock: socket.socket) -> None:
    sock.settimeout(0)
    level, option = (
        (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)
        if sock.family == socket.AF_INET6
        else (socket.IPPROTO_IP, socket.IP_TOS)
    )
    with contextlib.suppress(OSError):  # some kernels and containers refuse; the call works without
        sock.setsockopt(level, option, _EXPEDITED_FORWARDING)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
