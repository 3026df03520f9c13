"""UDP sockets for media: bound within the configured ports, marked as voice, never blocking."""

from __future__ import annotations

import contextlib
import ipaddress
import random
import socket

import ifaddr

from phone.errors import HardwareError

Address = tuple[str, int]

_EXPEDITED_FORWARDING = 0xB8
"""DSCP EF (RFC 3246) as the TOS byte: voice goes before bulk data (RFC 4594)."""
_BUFFER = 262_144


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
    candidates = random.sample(range(first, last + 1), last - first + 1) if first else [0]
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
