"""The daemon's end of the control socket. Junk gets an error reply; a client can hurt nobody but itself."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

import msgspec

from phone.control.messages import LINE_LIMIT, ControlError, Refused, Reply, Request, decode_request, encode
from phone.errors import PhoneError

log = logging.getLogger(__name__)

MODE = 0o660
CLIENTS = 16
"""At once; more are turned away with a sentence."""
IDLE = 30.0
"""Seconds in which a client must send its next line, and in which it must take its reply."""
PATH_LIMIT = 107
"""Bytes in the name of a Unix socket (unix(7), less the closing NUL)."""


class AlreadyRunningError(ControlError):
    """Another daemon holds the control socket."""


class ControlServer:
    """Listens at `path` while the context is open; `handler` answers, or raises a `PhoneError` as its refusal."""

    def __init__(self, path: Path, handler: Callable[[Request], Awaitable[Reply]], *, idle: float = IDLE) -> None:
        self._path = path
        self._handler = handler
        self._idle = idle
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self._lock = -1
        self._closed = False

    async def __aenter__(self) -> Self:
        """Raises `AlreadyRunningError`, or `ControlError` if no socket can be made at `path`."""
        self._lock = _lock(self._path)
        try:
            listening = _listen(self._path)
            self._server = await asyncio.start_unix_server(self._serve, sock=listening, limit=LINE_LIMIT)
        except BaseException:
            os.close(self._lock)
            raise
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
        os.close(self._lock)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._clients.add(task)
            task.add_done_callback(self._clients.discard)
        writer.transport.set_write_buffer_limits(high=0)  # so `drain` waits until all of a reply is gone
        try:
            if len(self._clients) > CLIENTS:
                await self._send(writer, Refused(f"more than {CLIENTS} commands talk to the phone: try again"))
                return
            while not self._closed and await self._serve_line(reader, writer):
                pass
        except (ConnectionError, TimeoutError) as error:
            log.debug("control client dropped: %r", error)
        finally:
            writer.transport.abort()

    async def _serve_line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
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
            reply = await self._handler(decode_request(line))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            await self._send(writer, Refused(f"not a request: {error}"))
        except PhoneError as error:
            await self._send(writer, Refused(str(error)))
        except Exception:
            log.exception("control request failed: %s", line.decode(errors="replace").strip())
            await self._send(writer, Refused("the phone has a fault of its own: see its log (journalctl -u phone)"))
        else:
            await self._send(writer, reply)
        return True

    async def _send(self, writer: asyncio.StreamWriter, reply: Reply | Refused) -> None:
        writer.write(encode(reply))
        async with asyncio.timeout(self._idle):
            await writer.drain()


def _lock(path: Path) -> int:
    """Hold a lock beside the socket: it dies with the process, so a socket left behind by a crash is known as such."""
    if len(os.fsencode(path)) > PATH_LIMIT:
        raise ControlError(f"the path of the control socket is too long, choose a shorter run_dir: {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ControlError(
            f"cannot write in run_dir {path.parent}: {error.strerror}; let the phone's user write there"
        ) from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        raise AlreadyRunningError(f"a phone is running already (it holds {path}): stop it first") from error
    return held


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
