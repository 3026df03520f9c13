"""What strangers, floods, junk and pages that stall do to the panel's server: nothing that the phone notices."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket

import pytest
from panelpeer import PATIENCE, TOKEN, Phone, closed, get, page, say, told, until
from PIL import Image
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from phone.drivers.panel import Framed, PageServer, PanelError, PanelServer
from phone.drivers.panel.client import BURST
from phone.drivers.panel.loopback import CONNECTIONS
from phone.drivers.panel.messages import LIMIT
from phone.drivers.panel.server import CLIENTS


@pytest.fixture
def phone():
    return Phone()


@pytest.fixture
async def server(phone):
    async with PanelServer(phone.panel, phone, phone.look, token=TOKEN) as server:
        yield server


@pytest.mark.parametrize(
    "nonsense", ["", "[]", b"\x00", '{"do":"press","key":"SELFDESTRUCT"}', '{"do":"lift","now":true}', "\ufeff{}"]
)
async def test_nonsense_ends_the_page_and_nothing_else(server, phone, nonsense):
    async with page(server) as good, page(server) as bad:
        await say(bad, "press", key="3")
        await phone.did("3 down")
        await bad.send(nonsense)
        assert await closed(bad) == 1008
        await phone.did("3 down", "3 up")
        await say(good, "press", key="4")
        await phone.did("3 down", "3 up", "4 down")
    assert server.refused["nonsense"] == 1


async def test_long_messages_are_not_read(server):
    async with page(server) as socket:
        await socket.send("x" * (LIMIT + 1))
        assert await closed(socket) == 1009


async def test_a_flood_ends_the_page(server, phone):
    async with page(server) as socket:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(int(2 * BURST)):
                await say(socket, "press", key="1")
        assert await closed(socket) == 1008
    assert server.refused == {"nonsense": 1}
    assert phone.moves == ["1 down", "1 up"]


async def test_one_page_too_many_is_told_so(server):
    async with page(server) as last:
        others = [await page(server) for _ in range(CLIENTS - 1)]
        async with page(server) as extra:
            assert await closed(extra) == 1013
            assert "close one" in extra.close_reason
        assert server.refused["clients"] == 1
        await others[0].close()
        await until(lambda: len(server._clients) < CLIENTS)
        async with page(server) as again:
            assert await told(again, "hello")
        assert await told(last, "hello")
        for other in others:
            await other.close()


async def test_silent_connections_are_cut_off_when_too_many(server, phone):
    port = int(server.origin.rpartition(":")[2])
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
    writer.close()
    for _, other in silent:
        other.close()
    await until(lambda: not any(s.handler_tasks for s in server._listening._servers))
    async with page(server) as socket:
        assert await told(socket, "hello")


async def test_a_page_that_does_not_read_holds_up_nobody(server, phone):
    port = int(server.origin.rpartition(":")[2])
    slow = socket.create_connection(("127.0.0.1", port))
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    origin = f"127.0.0.1:{port}"
    slow.sendall(
        f"GET /socket?token={TOKEN} HTTP/1.1\r\nHost: {origin}\r\nOrigin: http://{origin}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    async with page(server) as good:
        await until(lambda: len(server._clients) == 2)
        for number in range(3000):
            phone.panel.show(Image.frombytes("1", (128, 64), number.to_bytes(2, "big") * 512))
            await asyncio.sleep(0)
        newest = (2999).to_bytes(2, "big") * 512
        while await told(good, "frame") != newest:
            pass
        assert all(len(client.outbox._newest) <= 5 for client in server._clients)
    slow.close()


async def test_ipv6_loopback_shows_the_same(server):
    if not socket.has_ipv6 or "::1" not in {s.getsockname()[0] for s in _sockets(server)}:
        pytest.skip("there is no IPv6 on this machine's loopback")
    async with page(server, host="[::1]") as talking:
        assert await told(talking, "hello")


def _sockets(server):
    return [s for inner in server._listening._servers for s in inner.sockets]


async def test_only_loopback_listens(server):
    assert {s.getsockname()[0] for s in _sockets(server)} <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("more", "status", "why"),
    [
        ({"token": "wrong"}, 403, "token"),
        ({"origin": "http://evil.example"}, 403, "origin"),
        ({"origin": None}, 403, "origin"),
        ({"additional_headers": {"Origin": "http://evil.example"}}, 403, "origin"),
    ],
)
async def test_strangers_are_turned_away_and_counted(server, more, status, why):
    with pytest.raises(InvalidStatus) as refused:
        await page(server, **more)
    assert refused.value.response.status_code == status
    assert server.refused == {why: 1}


async def test_the_page_comes_with_its_safeguards(server):
    status, headers, body = await get(server, f"/?token={TOKEN}")
    assert status == 200
    assert len(body.encode()) == int(headers["Content-Length"])
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Server" not in headers
    assert (await get(server, "/"))[0] == 403
    assert (await get(server, f"/?token={TOKEN}", host="evil.example"))[0] == 421
    assert server.refused == {"token": 1, "host": 1}


async def test_junk_instead_of_http_does_no_harm(server, caplog):
    port = int(server.origin.rpartition(":")[2])
    junk = [
        b"\x16\x03\x01\x02\x00\x01",
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"A" * 100_000,
        b"\n" * 5000,
    ]
    for bytes_ in junk:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(bytes_)
        writer.write_eof()
        writer.close()
    async with page(server) as socket:
        assert await told(socket, "hello")
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


async def test_a_taken_port_is_said_so(server, phone):
    port = int(server.origin.rpartition(":")[2])
    with pytest.raises(PanelError, match=rf"port {port} .*set another"):
        await PanelServer(phone.panel, phone, phone.look, token=TOKEN, port=port).start()


async def test_panels_side_by_side_need_a_token_of_their_own(server):
    async with PageServer() as site:
        site.show([Framed("Alice", server.url)], [], title="Phones")
        site.origin = site.ancestors[0]
        status, headers, body = await get(site, site.url.removeprefix(site.origin))
        assert status == 200
        assert server.url in body
        assert f"frame-src {server.origin};" in headers["Content-Security-Policy"]
        assert (await get(site, "/sidebyside.css"))[0] == 200
        status, _, body = await get(site, "/")
        assert status == 403
        assert TOKEN not in body
        with pytest.raises(InvalidStatus):
            await connect(f"{site.url.replace('http', 'ws')}", proxy=None)


def _unwilling(monkeypatch, *errors: int) -> list[int]:
    """Let binding ::1 fail with these, one after the other; the ports that were tried."""
    bind, left, tried = socket.create_server, list(errors), []

    def create_server(address, **more):
        if address[0] == "::1" and left:
            tried.append(address[1])
            raise OSError(left.pop(0), "as the test says")
        return bind(address, **more)

    monkeypatch.setattr(socket, "create_server", create_server)
    return tried


async def test_a_machine_without_ipv6_does_with_the_other(phone, monkeypatch):
    _unwilling(monkeypatch, errno.EADDRNOTAVAIL)
    async with PanelServer(phone.panel, phone, phone.look, token=TOKEN) as server, page(server) as talking:
        assert await told(talking, "hello")
        assert {s.getsockname()[0] for s in _sockets(server)} == {"127.0.0.1"}


async def test_a_free_port_is_free_on_both_addresses(phone, monkeypatch):
    tried = _unwilling(monkeypatch, errno.EADDRINUSE, errno.EADDRINUSE)
    async with PanelServer(phone.panel, phone, phone.look, token=TOKEN) as server:
        assert {s.getsockname()[1] for s in _sockets(server)} == {int(server.origin.rpartition(":")[2])}
    assert len(tried) == 2


async def test_a_port_that_another_has_on_ipv6_is_said_so_and_nothing_stays_open(phone, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    _unwilling(monkeypatch, errno.EADDRINUSE)
    with pytest.raises(PanelError, match="set another"):
        await PanelServer(phone.panel, phone, phone.look, token=TOKEN, port=port).start()
    socket.create_server(("127.0.0.1", port)).close()
