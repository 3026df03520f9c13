"""The daemon's end of the control socket. Junk gets an error reply; a client can hurt nobody but itself."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from phone.control.claim import prepare
from phone.control.messages import LINE_LIMIT, ControlError, Refused, Reply, Request, decode_request, encode
from phone.errors import PhoneError

log = logging.getLogger(__name__)

MODE = 0o660
CLIENTS = 16
"""At once; more are turned away with a sentence."""
IDLE = 30.0
"""Seconds in which a client must send its next line, and in which it must take its reply."""


@dataclass(slots=True)
class _Last:
    """Of one client."""

    said: tuple[Request, Reply] | None = None


class ControlServer:
    """Listens at `path`, which is `claim.claimed`, while the context is open; `handler` answers, or raises a
    `PhoneError` as its refusal.
    """

    def __init__(
        self,
        path: Path,
        handler: Callable[[Request], Awaitable[Reply]],
        *,
        idle: float = IDLE,
        left: Callable[[Request, Reply], None] = lambda _, __: None,
    ) -> None:
        """`left` is told of each client that is gone the last thing that it asked and got."""
        self._left = left
        self._path = path
        self._handler = handler
        self._idle = idle
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        """Raises `ControlError` if no socket can be made at `path`."""
        prepare(self._path)
        self._server = await asyncio.start_unix_server(self._serve, sock=_listen(self._path), limit=LINE_LIMIT)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening, drop the clients, remove the socket."""
        self._closed = True
        if self._server is not None:
            self._server.close()
        for client in tuple(self._clients):
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._clients.add(task)
            task.add_done_callback(self._clients.discard)
        writer.transport.set_write_buffer_limits(high=0)  # so `drain` waits until all of a reply is gone
        last = _Last()
        try:
            if len(self._clients) > CLIENTS:
                await self._send(writer, Refused(f"more than {CLIENTS} commands talk to the phone: try again"))
                return
            while not self._closed and await self._serve_line(reader, writer, last):
                pass
        except (ConnectionError, TimeoutError) as error:
            log.debug("control client dropped: %r", error)
        finally:
            writer.transport.abort()
            if last.said is not None:
                self._left(*last.said)

    async def _serve_line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, last: _Last) -> bool:
        """Answer one request; whether another may follow."""
        try:
            async with asyncio.timeout(self._idle):
                line = await reader.readline()
        except ValueError:  # StreamReader's word for a line over its limit; where the next begins is unknown
            await self._send(writer, Refused(f"a request has at most {LINE_LIMIT} bytes"))
            return False
        if not line.endswith(b"\n"):
            return False
        try:
            request = decode_request(line)
            reply = await self._handler(request)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            await self._send(writer, Refused(f"not a request: {error}"))
        except PhoneError as error:
            await self._send(writer, Refused(str(error)))
        except Exception:
            # Not the line: there may be a number to call, or a key of the lock's code, in it.
            log.exception("control request failed: %s", type(request).__name__)
            await self._send(writer, Refused("the phone has a fault of its own: see its log (journalctl -u phone)"))
        else:
            last.said = request, reply
            await self._send(writer, reply)
        return True

    async def _send(self, writer: asyncio.StreamWriter, reply: Reply | Refused) -> None:
        writer.write(encode(reply))
        async with asyncio.timeout(self._idle):
            await writer.drain()


def _listen(path: Path) -> socket.socket:
    if path.exists() and not stat.S_ISSOCK(path.stat().st_mode):
        raise ControlError(f"{path} is in the way and is no socket: remove it")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        os.fchmod(listening.fileno(), MODE)  # Linux makes the file with it: never open to all, not even for a moment
        listening.bind(str(path))
        path.chmod(MODE)  # what the umask took away
    except OSError as error:
        listening.close()
        raise ControlError(f"cannot make the control socket {path}: {error.strerror}") from error
    return listening
