"""The panel's server over real sockets: pages come, go, stall and talk nonsense; the phone does not notice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from PIL import Image
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from phone.drivers.panel import Framed, PageServer, Panel, PanelCall, PanelError, PanelFacts, PanelServer, new_token
from phone.drivers.panel.client import BURST
from phone.drivers.panel.loopback import CONNECTIONS
from phone.drivers.panel.messages import LIMIT
from phone.drivers.panel.server import CLIENTS

PATIENCE = 30.0
TOKEN = new_token()


class Phone:
    """Keys and facts of a phone of nothing."""

    def __init__(self) -> None:
        self.panel = Panel()
        self.facts = PanelFacts("Alice")
        self.moves: list[str] = []
        self.broken: Exception | None = None

    def look(self) -> PanelFacts:
        if self.broken is not None:
            raise self.broken
        return self.facts

    def press(self, name: str) -> None:
        self.moves.append(f"{name} down")

    def release(self, name: str) -> None:
        self.moves.append(f"{name} up")

    def lift(self) -> None:
        self.facts = replace(self.facts, lifted=True)

    def hang_up(self) -> None:
        self.facts = replace(self.facts, lifted=False)

    async def did(self, *moves: str) -> None:
        await until(lambda: len(self.moves) >= len(moves))
        assert self.moves == list(moves)


async def until(true) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)


@pytest.fixture
def phone():
    return Phone()


@pytest.fixture
async def server(phone):
    async with PanelServer(phone.panel, phone, phone.look, token=TOKEN) as server:
        yield server


def page(server: PanelServer, *, host: str = "127.0.0.1", token: str = TOKEN, **more):
    port = server.origin.rpartition(":")[2]
    return connect(
        f"ws://{host}:{port}/socket?token={token}", **({"origin": f"http://{host}:{port}", "proxy": None} | more)
    )


async def told(socket: ClientConnection, kind: str):
    """The next message of that kind; frames are bytes."""
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await socket.recv()
            if isinstance(message, bytes):
                if kind == "frame":
                    return message
            elif (said := json.loads(message))["kind"] == kind:
                return said


async def say(socket: ClientConnection, do: str, **more) -> None:
    await socket.send(json.dumps({"do": do} | more))


async def get(
    server, path: str, *, host: str | None = None, address: str = "127.0.0.1"
) -> tuple[int, dict[str, str], str]:
    port = int(server.origin.rpartition(":")[2])
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host or f'127.0.0.1:{port}'}\r\n\r\n".encode())
    head, _, body = (await asyncio.wait_for(reader.read(), PATIENCE)).decode().partition("\r\n\r\n")
    writer.close()
    first, *lines = head.split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


async def closed(socket: ClientConnection) -> int | None:
    """Wait for its end, and how it was closed."""
    async with asyncio.timeout(PATIENCE):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed:
            return socket.close_code


async def test_a_page_is_told_all_there_is(server, phone):
    phone.panel.show(Image.new("1", (128, 64), 1))
    phone.panel.light(frozenset({"mute", "call"}))
    phone.panel.dim(on=True)
    phone.facts = PanelFacts(
        "Alice", ("10:15",), tone="dial", leds=frozenset({"HOLD"}), calls=(PanelCall("in1", "Bob"),)
    )
    async with page(server) as socket:
        assert "TRANSFER" in (await told(socket, "hello"))["keys"]
        assert await told(socket, "frame") == b"\xff" * 1024
        assert await told(socket, "lights") == {"kind": "lights", "lit": ["call", "mute"], "dimmed": True}
        facts = (await told(socket, "facts"))["facts"]
    assert (facts["title"], facts["lines"], facts["tone"], facts["leds"]) == ("Alice", ["10:15"], "dial", ["HOLD"])
    assert facts["calls"][0] == {
        "id": "in1", "peer": "Bob", "progress": "", "codec": None, "encrypted": None, "round_trip_ms": None,
        "jitter_buffer_ms": None, "loss_percent": None, "concealed_ms": None,
    }  # fmt: skip


async def test_changes_from_any_thread_are_told(server, phone):
    async with page(server) as socket:
        await told(socket, "facts")
        threading.Thread(target=phone.panel.show, args=(Image.new("1", (128, 64), 1),)).start()
        assert await told(socket, "frame") == b"\xff" * 1024
        phone.panel.light(frozenset({"message"}))
        assert (await told(socket, "lights"))["lit"] == ["message"]
        phone.facts = replace(phone.facts, ringer=True)
        assert (await told(socket, "facts"))["facts"]["ringer"] is True
        assert await told(socket, "second") == {"kind": "second"}


async def test_keys_and_hook_move(server, phone):
    async with page(server) as socket:
        await say(socket, "press", key="5")
        await say(socket, "press", key="5")
        await say(socket, "release", key="5")
        await say(socket, "lift")
        await until(lambda: phone.facts.lifted)
        await say(socket, "hang-up")
        await until(lambda: not phone.facts.lifted)
    await phone.did("5 down", "5 up")


@pytest.mark.parametrize("abrupt", [False, True])
async def test_a_page_that_goes_lets_its_keys_go(server, phone, abrupt):
    socket = await page(server)
    await say(socket, "press", key="HOLD")
    await say(socket, "press", key="2")
    await phone.did("HOLD down", "2 down")
    if abrupt:
        socket.transport.abort()
    else:
        await socket.close()
    await phone.did("HOLD down", "2 down", "2 up", "HOLD up")


async def test_a_key_is_down_as_long_as_any_page_holds_it(server, phone):
    async with page(server) as one, page(server) as two:
        await say(one, "press", key="1")
        await phone.did("1 down")
        await say(two, "press", key="1")
        await say(two, "lift")
        await until(lambda: phone.facts.lifted)
        await one.close()
        await say(two, "release", key="1")
        await phone.did("1 down", "1 up")


async def test_a_phone_that_stops_lets_all_keys_go(server, phone):
    async with page(server) as socket:
        await say(socket, "press", key="OK")
        await phone.did("OK down")
        await server.close()
        assert await closed(socket) == 1001
    await phone.did("OK down", "OK up")
    await server.close()


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


async def test_a_bug_in_the_facts_is_logged_once_and_pages_go_on(server, phone, caplog):
    async with page(server) as socket:
        await told(socket, "facts")
        phone.broken = ZeroDivisionError("division by zero")
        await told(socket, "second")
        await told(socket, "second")
        assert len([r for r in caplog.records if r.exc_info]) == 1
        phone.broken = None
        phone.facts = replace(phone.facts, title="Bob")
        assert (await told(socket, "facts"))["facts"]["title"] == "Bob"


async def test_without_pages_nothing_is_looked_at(server, phone):
    phone.broken = AssertionError("who looks?")
    phone.panel.light(frozenset({"call"}))
    server.changed()
    assert server._pump is None
    phone.broken = None
    async with page(server) as socket:
        await told(socket, "facts")
        assert server._pump is not None
    await until(lambda: server._pump is None)


async def test_a_taken_port_is_said_so(server, phone):
    port = int(server.origin.rpartition(":")[2])
    with pytest.raises(PanelError, match=rf"port {port} .*set another"):
        await PanelServer(phone.panel, phone, phone.look, token=TOKEN, port=port).start()


async def test_the_address_has_the_token_and_the_log_has_not(phone, caplog):
    caplog.set_level(logging.DEBUG)
    async with PanelServer(phone.panel, phone, phone.look, token=TOKEN) as server:
        assert server.url == f"{server.origin}/?token={TOKEN}"
        await get(server, server.url.removeprefix(server.origin))
    assert TOKEN not in caplog.text


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


def test_who_has_no_panel_does_not_load_the_library():
    script = "import sys, phone.drivers.panel; print('websockets' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
