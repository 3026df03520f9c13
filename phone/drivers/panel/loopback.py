"""HTTP and WebSocket on this machine's own addresses: the only importer of `websockets`.

Chosen for its size: it adds half a megabyte to the daemon where aiohttp adds eleven, and depends on nothing.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from phone.drivers.panel.client import Socket
from phone.drivers.panel.messages import LIMIT
from phone.drivers.panel.site import Answer, Asked, PanelError

CONNECTIONS = 64
"""TCP connections at a time, pages still loading among them; more are cut off."""
_OPEN_SECONDS = 10.0
_PING_SECONDS = 5.0
"""A page that has vanished without a word is missed after twice as long, and its keys are released."""
_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
_WRITE_BYTES = 16 * 1024
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}

log = logging.getLogger(__name__)
_library_log = logging.getLogger(f"{__name__}.websockets")
_library_log.setLevel(logging.WARNING)


class _Connection(ServerConnection):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As the library's; one too many is cut off before it costs more than a socket."""
        super().connection_made(transport)
        if len(self.server.handler_tasks) > CONNECTIONS:
            self.transport.abort()


class _Page:
    """A connection as `client.Socket`."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection

    async def send(self, message: str | bytes) -> None:
        try:
            await self._connection.send(message)
        except ConnectionClosed as closed:
            raise ConnectionResetError("the page is gone") from closed

    async def recv(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except ConnectionClosed as closed:
            raise ConnectionResetError("the page is gone") from closed

    async def close(self, code: int, reason: str) -> None:
        await self._connection.close(code, reason)


class Loopback:
    """Serves `answer` at 127.0.0.1 and, where there is IPv6, at ::1; what it lets in goes to `talk`, in
    messages of at most `limit` bytes.
    """

    def __init__(
        self,
        answer: Callable[[Asked], Answer | None],
        talk: Callable[[Socket], Awaitable[None]],
        *,
        limit: int = LIMIT,
    ) -> None:
        self._answer = answer
        self._talk = talk
        self._limit = limit
        self._servers: list[Server] = []

    async def start(self, port: int) -> int:
        """Listen; 0 takes a free port. The port. Raises PanelError."""
        try:
            sockets = _listen(port)
        except OSError as error:
            raise PanelError(
                f"The panel cannot listen on port {port} ({error.strerror}): set another [panel] port."
            ) from error
        for listening in sockets:
            server = serve(
                self._open,
                sock=listening,
                process_request=self._respond,
                create_connection=_Connection,
                compression=None,  # loopback is fast, and zlib takes 300 kB a page
                server_header=None,
                open_timeout=_OPEN_SECONDS,
                ping_interval=_PING_SECONDS,
                ping_timeout=_PING_SECONDS,
                close_timeout=1,
                max_size=self._limit,
                write_limit=_WRITE_BYTES,
                logger=_library_log,
            )
            self._servers.append(await server)
            port = int(listening.getsockname()[1])
        return port

    async def close(self) -> None:
        """Cut all connections and stop listening."""
        for server in self._servers:
            server.close()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    async def _open(self, connection: ServerConnection) -> None:
        await self._talk(_Page(connection))

    def _respond(self, _connection: ServerConnection, request: Request) -> Response | None:
        answer = self._answer(_asked(request))
        if answer is None:
            return None
        headers = Headers(
            {
                **_HEADERS,
                "Content-Type": answer.type,
                "Content-Length": str(len(answer.body)),
                "Content-Security-Policy": answer.policy,
                "Permissions-Policy": answer.permissions,
            }
        )
        return Response(answer.status, HTTPStatus(answer.status).phrase, headers, answer.body)


def _asked(request: Request) -> Asked:
    headers = request.headers
    return Asked(
        path=request.path,
        hosts=tuple(headers.get_all("Host")),
        origins=tuple(headers.get_all("Origin")),
        upgrade="Upgrade" in headers,
    )


def _listen(port: int) -> list[socket.socket]:
    """The same port on both addresses; where there is no IPv6, on the one."""
    first = socket.create_server(("127.0.0.1", port))
    try:
        return [first, socket.create_server(("::1", first.getsockname()[1]), family=socket.AF_INET6)]
    except OSError as error:
        if error.errno in _NO_IPV6:
            log.info("There is no IPv6 on loopback: the panel does without.")
            return [first]
        first.close()
        if port == 0 and error.errno == errno.EADDRINUSE:
            return _listen(0)
        raise
