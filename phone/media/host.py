"""The control process's end of the media process: start it, speak to it, notice its death, start it again.

Nothing is lost over a restart: the new socket exists, with `Setup` in it, before the new process does, so plans
sent meanwhile wait in it. Legs are lost: `on_restart` says so at once, and the engine tells the far ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from pathlib import Path

import msgspec

from phone.errors import PhoneError
from phone.media.plan import Down, Plan, PlayDigit, Report, SendDigit, Setup, decode_report, encode
from phone.media.planprobes import AskServers
from phone.media.planrecordings import SkipPlay

log = logging.getLogger(__name__)

MAX_MESSAGE = 262_144
_SILENT_TOO_LONG = 5.0
"""Seconds without any report (Alive comes each second): the process hangs and is killed."""
_START_PATIENCE = 20.0
"""Seconds for a Pi Zero to import everything."""
_LONGEST_PAUSE = 5.0
_RECONNECT_SECONDS = 0.5
_QUICK_DEATH = 10.0
_NOT_ITS_OWN = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
"""Of the environment: systemd asks these of the control process alone."""


class MediaClosedError(PhoneError, RuntimeError):
    """`send` before `start` or after `close`."""


class MediaHost:
    """The media process. Both callbacks are called on the loop."""

    def __init__(self, on_report: Callable[[Report], None], on_restart: Callable[[], None]) -> None:
        self._on_report = on_report
        self._on_restart = on_restart
        self._setup: Setup | None = None
        self._sock: socket.socket | None = None
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._heard_at = 0.0
        self._heard = False
        self._last_report = 0.0
        self._first_report = asyncio.Event()

    def tell(self, on_report: Callable[[Report], None], on_restart: Callable[[], None]) -> None:
        """From now on others are to be called back."""
        self._on_report, self._on_restart = on_report, on_restart

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        if self._process is None or self._process.returncode is not None:
            return None
        return self._process.pid

    @property
    def starting(self) -> bool:
        """A process was started and has not reported yet, or is about to be."""
        return not self._heard

    def silent_for(self, now: float) -> float:
        """Seconds (monotonic) since a process reported last, or since the first one was started."""
        return max(0.0, now - self._last_report)

    async def ready(self, patience: float) -> bool:
        """Wait for the first report: from then on plans are obeyed. False where it did not come in so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._first_report.wait(), patience)
        return self._first_report.is_set()

    async def start(self, setup: Setup | None = None) -> None:
        """Start the process and keep it running until `close`. Without `setup` it imports all that it needs, opens
        nothing, and waits for `set_up`.
        """
        self._setup = setup
        self._last_report = time.monotonic()
        theirs = self._connect()
        await self._spawn(theirs)
        self._keeper = asyncio.get_running_loop().create_task(self._keep())

    def set_up(self, setup: Setup) -> None:
        """What `start` was not told. Before any other message."""
        self._setup = setup
        self._put(setup)
        log.info("media process %s started", self.pid)

    def send(self, message: Plan | SendDigit | PlayDigit | SkipPlay | AskServers) -> None:
        """Tell the process. Raises MediaClosedError when there is none."""
        if self._sock is None:
            raise MediaClosedError("the media process is not started; call start() first")
        self._put(message)

    async def close(self) -> None:
        """End the process and wait for that."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        self._disconnect()
        await self._end()

    def _put(self, message: Down) -> None:
        if self._sock is None:
            return
        try:
            self._sock.send(encode(message))
        except BlockingIOError:
            log.warning("media process takes no messages: it hangs, killing it")
            self._kill()
        except OSError as error:
            log.info("media process is gone (%s); a new one is being started", error)

    def _connect(self) -> socket.socket:
        """Make the socket pair and put `Setup` into it; returns the process's end."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)  # noqa: FBT003
        self._sock = ours
        self._ended.clear()
        self._heard, self._heard_at = False, time.monotonic()
        asyncio.get_running_loop().add_reader(ours, self._readable, ours)
        if self._setup is not None:
            self._put(self._setup)
        return theirs

    def _disconnect(self) -> None:
        if self._sock is not None:
            asyncio.get_running_loop().remove_reader(self._sock)
            self._sock.close()
            self._sock = None

    async def _spawn(self, theirs: socket.socket) -> None:
        try:
            # -S: no site hooks (2 MB resident); what they would have found is given by PYTHONPATH
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-S", "-m", "phone.media.process", str(theirs.fileno())),
                pass_fds=(theirs.fileno(),),
                env=_environment(),
            )
        finally:
            theirs.close()
        if self._setup is not None:
            log.info("media process %d started", self._process.pid)

    def _readable(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(MAX_MESSAGE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(sock)
            self._ended.set()
            return
        self._heard, self._heard_at = True, time.monotonic()
        self._last_report = self._heard_at
        self._first_report.set()
        try:
            report = decode_report(data)
        except msgspec.DecodeError:
            log.exception("media process sent nonsense: versions differ?")
            raise
        self._on_report(report)

    async def _keep(self) -> None:
        pause = 0.0
        while True:
            started = time.monotonic()
            await self._watch()
            log.error("media process %s ended; starting another", self._process.pid if self._process else "")
            self._disconnect()
            self._kill()
            theirs = await self._connect_again()
            # by the loop: an error in there must not end this task
            asyncio.get_running_loop().call_soon(self._on_restart)
            if time.monotonic() - started > _QUICK_DEATH:
                pause = 0.0
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2 or 0.25)
            await self._reap()
            try:
                await self._spawn(theirs)
            except OSError:
                log.exception("no media process could be started; trying again")
                self._ended.set()

    async def _connect_again(self) -> socket.socket:
        """As `_connect`; without a free file descriptor it goes on trying, for the phone is mute until then."""
        while True:
            try:
                return self._connect()
            except OSError:
                log.exception("no socket for a new media process; trying again")
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def _watch(self) -> None:
        """Return when the process has ended, or hangs."""
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), 1.0)
            silent = time.monotonic() - self._heard_at
            if silent > (_SILENT_TOO_LONG if self._heard else _START_PATIENCE):
                log.error("media process has been silent for %.0f s: it hangs, killing it", silent)
                return

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _reap(self) -> None:
        if self._process is not None:
            await self._process.wait()
            self._process = None

    async def _end(self) -> None:
        """It ends itself when its socket closes; killed if it does not, or has nothing open yet."""
        if self._process is None:
            return
        if self._setup is None:
            self._kill()
        try:
            await asyncio.wait_for(self._process.wait(), 2.0)
        except TimeoutError:
            self._kill()
        await self._reap()


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[2])
    paths = dict.fromkeys([root, *(path for path in sys.path if path)])
    # one malloc arena: each further one would keep its own free memory
    own = {name: value for name, value in os.environ.items() if name not in _NOT_ITS_OWN}
    return {**own, "PYTHONPATH": os.pathsep.join(paths), "MALLOC_ARENA_MAX": "1"}
