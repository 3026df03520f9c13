"""A phone of nothing behind the panel's server, and a page's end of its WebSocket."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from phone.drivers.panel import Panel, PanelFacts, PanelServer, new_token

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
