from __future__ import annotations

import asyncio
import time

from bench.wiretap import WireTap


async def test_what_the_client_sends_is_noted_and_passed_on() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(100):
            writer.write(piece.upper())
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with WireTap(server.sockets[0].getsockname()[1]) as tap:
        reader, writer = await asyncio.open_connection("127.0.0.1", tap.port)
        before = time.monotonic()
        writer.write(b"ping")
        assert await reader.readexactly(4) == b"PING"
        middle = time.monotonic()
        writer.write(b"x" * 50)
        await reader.readexactly(50)
        first, second = tap.first_after(before, 1), tap.first_after(before, 50)
        assert first is not None
        assert second is not None
        assert before <= first <= middle <= second
        assert tap.first_after(time.monotonic(), 1) is None
        writer.close()
        assert await reader.read() == b""
    server.close()
