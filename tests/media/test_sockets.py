"""UDP on the loop: what comes, what the kernel refuses, and the end."""

from __future__ import annotations

import asyncio
import socket

import pytest

from phone.media.sockets import Address, PortsExhaustedError, UdpTransport, address_of, bind_udp, is_address


class Protocol(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.came: asyncio.Queue[bytes] = asyncio.Queue()
        self.errors: list[Exception] = []
        self.made = self.lost = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.made += 1

    def connection_lost(self, exc: Exception | None) -> None:
        assert exc is None
        self.lost += 1

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.came.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        self.errors.append(exc)


async def test_datagrams_come_in_order_and_go() -> None:
    a, b = Protocol(), Protocol()
    socks = [bind_udp("127.0.0.1"), bind_udp("127.0.0.1")]
    one, two = UdpTransport(socks[0], a), UdpTransport(socks[1], b)
    assert (a.made, one.get_extra_info("sockname")) == (1, address_of(socks[0]))
    sent = [bytes([n]) * n for n in range(100)]
    for data in sent:
        one.sendto(data, two.get_extra_info("sockname"))
    assert [await asyncio.wait_for(b.came.get(), 5) for _ in sent] == sent
    one.close()
    two.abort()


async def test_what_the_kernel_refuses_is_told_and_nothing_falls() -> None:
    protocol = Protocol()
    transport = UdpTransport(bind_udp("127.0.0.1"), protocol)
    transport.sendto(bytes(70_000), ("127.0.0.1", 9))
    transport.sendto(b"x", ("::1", 9))
    assert len(protocol.errors) == 2
    transport.close()


async def test_an_icmp_answer_is_no_datagram() -> None:
    """Linux tells connected sockets alone, and a port that nobody has is refused."""
    protocol = Protocol()
    sock = bind_udp("127.0.0.1")
    transport = UdpTransport(sock, protocol)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = nobody.getsockname()
    sock.connect(address)
    sock.send(b"x")
    async with asyncio.timeout(5):
        while not protocol.errors:
            await asyncio.sleep(0.005)
    assert isinstance(protocol.errors[0], ConnectionRefusedError)
    transport.close()


async def test_after_close_nothing_comes_goes_or_is_told_twice() -> None:
    protocol = Protocol()
    sock = bind_udp("127.0.0.1")
    transport = UdpTransport(sock, protocol)
    transport.close()
    transport.close()
    assert transport.is_closing()
    await asyncio.sleep(0)
    transport.sendto(b"x", ("127.0.0.1", 9))
    assert (protocol.lost, protocol.errors, sock.fileno()) == (1, [], -1)


def test_a_port_within_the_range_or_none() -> None:
    first = bind_udp("127.0.0.1")
    port = address_of(first)[1]
    with pytest.raises(PortsExhaustedError, match="network"):
        bind_udp("127.0.0.1", (port, port))
    first.close()
    with bind_udp("127.0.0.1", (port, port)) as again:
        assert address_of(again)[1] == port


@pytest.mark.parametrize(("text", "is_one"), [("192.0.2.1", True), ("::1", True), ("peer.example", False), ("", False)])
def test_addresses_and_names(text: str, is_one: bool) -> None:
    assert is_address(text) is is_one
