"""`python -m phone.media.process FD`: the media process. Plans come in on FD, reports go out, EOF ends it.

Audio never shares an interpreter with XML, SQLite or drawing, so nothing here imports them.
"""

from __future__ import annotations

from phone.media import frugal as _frugal  # noqa: F401  # isort: skip  # before asyncio

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections import deque

import msgspec

from phone import logs
from phone.media.audio import LOOP_PRIORITY, become_real_time
from phone.media.locked import lock_memory
from phone.media.plan import Alive, LegStats, Plan, PlayDigit, Report, SendDigit, Setup, decode_down, encode
from phone.media.planprobes import AskServers
from phone.media.planrecordings import PlayAt, SkipPlay
from phone.media.room import Room

log = logging.getLogger(__name__)

_MAX_MESSAGE = 262_144
_SWITCH_INTERVAL = 0.0005
"""Seconds the loop may hold the interpreter while the audio thread waits for it (default 5 ms: a whole period)."""
_SETTLED = 3.0
"""Seconds from the setup to what the dial tone need not wait for; a call that comes before does it itself."""
_BACKLOG = 200
"""Reports kept for a control process that does not read, before statistics are dropped."""


class Channel:
    """Our end of the socket to the control process."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sock.settimeout(0)
        self._loop = asyncio.get_running_loop()
        self._backlog: deque[bytes] = deque()

    def report(self, report: Report) -> None:
        """Send upwards; on the loop."""
        if self._backlog:
            if len(self._backlog) < _BACKLOG or not isinstance(report, (Alive, LegStats, PlayAt)):
                self._backlog.append(encode(report))
            return
        try:
            self._sock.send(encode(report))
        except BlockingIOError:
            self._backlog.append(encode(report))
            self._loop.add_writer(self._sock, self._writable)
        except OSError:
            log.info("the control process is gone")

    def report_threadsafe(self, report: Report) -> None:
        """Send upwards, from any thread."""
        self._loop.call_soon_threadsafe(self.report, report)

    def receive(self) -> bytes | None:
        """One message; None when there is none yet, empty at the end."""
        try:
            return self._sock.recv(_MAX_MESSAGE)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def _writable(self) -> None:
        while self._backlog:
            try:
                self._sock.send(self._backlog[0])
            except BlockingIOError:
                return
            except OSError:
                self._backlog.clear()
                break
            self._backlog.popleft()
        self._loop.remove_writer(self._sock)


async def serve(sock: socket.socket) -> None:
    """Obey until the socket closes."""
    loop = asyncio.get_running_loop()
    channel = Channel(sock)
    ended = asyncio.Event()
    room: list[Room] = []

    def readable() -> None:
        data = channel.receive()
        if data is None:
            return
        if not data:
            loop.remove_reader(sock)
            ended.set()
            return
        _obey(data, channel, room)

    loop.add_reader(sock, readable)
    await ended.wait()
    for each in room:
        await each.close()


def _obey(data: bytes, channel: Channel, room: list[Room]) -> None:
    try:
        message = decode_down(data)
    except msgspec.DecodeError:
        log.exception("a message from the control process makes no sense: versions differ?")
        return
    match message:
        case Setup():
            if not room:
                logging.getLogger().setLevel(message.log_level)
                # it tells every check of every pair
                logging.getLogger("aioice").setLevel("DEBUG" if message.log_level == "DEBUG" else "WARNING")
                room.append(Room(message, channel))
                become_real_time(LOOP_PRIORITY)
                settling = threading.Thread(target=_settle, args=(room[0],), name="settling", daemon=True)
                asyncio.get_running_loop().call_later(_SETTLED, settling.start)
        case Plan() if room:
            room[0].follow(message)
        case SendDigit() if room:
            room[0].digit(message)
        case PlayDigit() if room:
            room[0].play_digit(message)
        case SkipPlay() if room:
            room[0].skip(message)
        case AskServers() if room:
            room[0].ask_servers(message)
        case _:
            log.error("%s came before Setup: ignored", type(message).__name__)


def _settle(room: Room) -> None:
    """In a thread of its own: plans are obeyed meanwhile."""
    room.expect_calls()
    gc.freeze()  # without a look for garbage, which would stop speech for a moment
    lock_memory()


def _thread_died(details: threading.ExceptHookArgs) -> None:
    """A bug of ours in a sound thread: a fresh process serves the user better than one without sound."""
    log.critical("thread %s died", details.thread, exc_info=details.exc_value)
    os._exit(os.EX_SOFTWARE)


def main() -> None:
    """Run on the socket whose number is the only argument."""
    logs.setup("INFO")
    # the control process decides when a terminal's Ctrl-C ends the phone
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.excepthook = _thread_died
    sys.setswitchinterval(_SWITCH_INTERVAL)
    gc.disable()
    sock = socket.socket(fileno=int(sys.argv[1]))
    asyncio.run(serve(sock))


if __name__ == "__main__":
    main()
