"""Chrome DevTools Protocol over a pair of pipes: what the tests need of it and no more.

Law: no debugging port. Over pipes nobody else on the machine can reach the browser, and it ends by itself when
this process dies, because its pipe closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import json
import os
import shutil
import sys
from collections.abc import Mapping
from typing import Self, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

# A message may carry a minute of audio as base64: 48 000 x 2 x 60 x 4/3.
_LARGEST_MESSAGE = 32 * 2**20
# Chromium reads commands from descriptor 3 and answers on 4; dash cannot move descriptors above 9 there.
_LAUNCH = """
import os, sys
for end, number in zip(sys.argv[1:3], (3, 4)):
    os.dup2(int(end), number)
    os.close(int(end))
os.execvp(sys.argv[3], sys.argv[3:])
"""
# Our ends must not be 3 or 4 themselves when the launcher overwrites those.
_ABOVE_STANDARD = 10


class DevToolsError(RuntimeError):
    """The browser refused a command, or is gone."""


class DevTools:
    """One browser process, spoken to in DevTools commands. Made by `DevTools.start`."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.WriteTransport
    ) -> None:
        self._process = process
        self._writer = writer
        self._ids = itertools.count(1)
        self._replies: dict[int, asyncio.Future[dict[str, Json]]] = {}
        self._reading = asyncio.create_task(self._read(reader))

    @classmethod
    async def start(cls, command: list[str], *, log: int) -> Self:
        """Start `command` (a Chromium and its flags) with its output going to the descriptor `log`.

        Raises:
            DevToolsError: there is no such program.
        """
        if shutil.which(command[0]) is None:
            raise DevToolsError(f"{command[0]} is not installed: run `apt install chromium`")
        to_browser, our_end = _pipe()
        our_reader, from_browser = _pipe()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _LAUNCH,
            str(to_browser),
            str(from_browser),
            *command,
            "--remote-debugging-pipe",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(to_browser, from_browser),
        )
        os.close(to_browser)
        os.close(from_browser)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_LARGEST_MESSAGE)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(our_reader, "rb"))
        writer, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(our_end, "wb"))
        return cls(process, reader, writer)

    async def call(
        self, method: str, parameters: Mapping[str, Json] | None = None, *, session: str | None = None
    ) -> dict[str, Json]:
        """Send one command and return its result; `session` addresses one attached page.

        Raises:
            DevToolsError: the browser answered with an error, or ended.
        """
        if self._reading.done():
            raise DevToolsError(f"{method}: the browser has ended; see its log")
        number = next(self._ids)
        message: dict[str, Json] = {"id": number, "method": method, "params": dict(parameters or {})}
        if session is not None:
            message["sessionId"] = session
        reply: asyncio.Future[dict[str, Json]] = asyncio.get_running_loop().create_future()
        self._replies[number] = reply
        self._writer.write(json.dumps(message).encode() + b"\0")
        return await reply

    async def close(self) -> None:
        """End the browser: politely, then for good after ten seconds."""
        with contextlib.suppress(DevToolsError, TimeoutError):
            await asyncio.wait_for(self.call("Browser.close"), 10)
        self._writer.close()
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                self._settle(json.loads((await reader.readuntil(b"\0"))[:-1]))
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(DevToolsError("the browser ended; see its log"))

    def _settle(self, message: dict[str, Json]) -> None:
        number = message.get("id")
        # A message without id is an event; nobody here asked for any.
        if not isinstance(number, int):
            return
        reply = self._replies.pop(number)
        if reply.done():  # the test gave up waiting
            return
        result = message.get("result")
        if isinstance(result, dict):
            reply.set_result(result)
        else:
            reply.set_exception(DevToolsError(json.dumps(message.get("error"))))


def _pipe() -> tuple[int, int]:
    """Read end and write end, both numbered above the descriptors 3 and 4 that Chromium expects."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _ABOVE_STANDARD) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]
