"""A TCP relay that notes when its client sends how much: what is on the wire, seen from the wire."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Self


@dataclass(slots=True)
class WireTap:
    """`async with WireTap(server_port) as tap`: clients connect to `tap.port`."""

    server_port: int
    port: int = 0
    sent: list[tuple[float, int]] = field(default_factory=list)
    """Monotonic seconds and bytes of each piece that came from the client."""
    _server: asyncio.Server | None = None
    _pumps: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def first_after(self, instant: float, at_least: int) -> float | None:
        """When the first piece of that many bytes was sent after `instant`."""
        return next((at for at, size in self.sent if at >= instant and size >= at_least), None)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.server_port)
        for source, sink, note in ((reader, far_writer, True), (far_reader, writer, False)):
            pump = asyncio.create_task(self._pump(source, sink, note=note))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, note: bool) -> None:
        try:
            while piece := await source.read(65_536):
                if note:
                    self.sent.append((time.monotonic(), len(piece)))
                sink.write(piece)
                await sink.drain()
        except ConnectionError:
            pass
        finally:
            sink.close()
