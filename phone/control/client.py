"""Ask the running daemon one thing, from a command: blocking, and without asyncio so that commands start quickly."""

from __future__ import annotations

import grp
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, overload

from phone.control.mailbox import (
    VoicemailDelete,
    VoicemailFile,
    VoicemailList,
    VoicemailPlay,
    VoicemailReply,
    VoicemailSave,
)
from phone.control.messages import (
    REPLY_LIMIT,
    Block,
    Call,
    Contacts,
    ContactsReply,
    ControlError,
    Dnd,
    Done,
    HangUp,
    Lock,
    Log,
    LogReply,
    Panel,
    PanelReply,
    Reload,
    Reply,
    Request,
    Sim,
    SimReply,
    Status,
    StatusReply,
    decode_reply,
    encode,
)
from phone.control.selftest import SelfTest, SelfTestReply
from phone.control.support import (
    CaptureBegin,
    CaptureBegun,
    CaptureEnd,
    CaptureReply,
    CaptureTake,
    LogTail,
    LogTailReply,
    Quality,
    QualityReply,
    SupportReply,
)

PATIENCE = 5.0
"""Seconds to wait for a reply, on top of what the request itself takes."""


class NotRunningError(ControlError):
    """Nobody listens on the control socket."""


class NotAllowedError(ControlError):
    """The control socket is for others: whether the phone runs cannot be told."""


@overload
def ask(path: Path, request: Status) -> StatusReply: ...
@overload
def ask(path: Path, request: Log) -> LogReply: ...
@overload
def ask(path: Path, request: Sim) -> SimReply: ...
@overload
def ask(path: Path, request: Contacts) -> ContactsReply: ...
@overload
def ask(path: Path, request: Panel) -> PanelReply: ...
@overload
def ask(path: Path, request: VoicemailList) -> VoicemailReply: ...
@overload
def ask(path: Path, request: VoicemailSave) -> VoicemailFile: ...
@overload
def ask(path: Path, request: LogTail) -> LogTailReply: ...
@overload
def ask(path: Path, request: Quality) -> QualityReply: ...
@overload
def ask(path: Path, request: CaptureBegin) -> CaptureBegun: ...
@overload
def ask(path: Path, request: CaptureTake) -> CaptureReply: ...
@overload
def ask(path: Path, request: SelfTest) -> SelfTestReply: ...
@overload
def ask(
    path: Path, request: Call | HangUp | Dnd | Lock | Block | Reload | VoicemailPlay | VoicemailDelete | CaptureEnd
) -> Done: ...


def ask(path: Path, request: Request) -> Reply:
    """Send `request` to the daemon at `path` and wait for its reply.

    Raises `NotRunningError`, `NotAllowedError`, or `ControlError` with the daemon's own sentence.
    """
    line = _exchange(path, request)
    match request:
        case Status():
            return decode_reply(line, StatusReply)
        case Log():
            return decode_reply(line, LogReply)
        case Sim():
            return decode_reply(line, SimReply)
        case Contacts():
            return decode_reply(line, ContactsReply)
        case Panel():
            return decode_reply(line, PanelReply)
        case VoicemailList():
            return decode_reply(line, VoicemailReply)
        case VoicemailSave():
            return decode_reply(line, VoicemailFile)
        case SelfTest():
            return decode_reply(line, SelfTestReply)
        case LogTail() | Quality() | CaptureBegin() | CaptureTake():
            return _of_support(line, request)
        case _:
            return decode_reply(line, Done)


def _of_support(line: bytes, request: LogTail | Quality | CaptureBegin | CaptureTake) -> SupportReply:
    match request:
        case LogTail():
            return decode_reply(line, LogTailReply)
        case Quality():
            return decode_reply(line, QualityReply)
        case CaptureBegin():
            return decode_reply(line, CaptureBegun)
        case CaptureTake():
            return decode_reply(line, CaptureReply)


class Line:
    """One connection for all of a self-test, so that the daemon knows when whoever looks at it is gone. Raises as
    `ask` does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def __enter__(self) -> Self:
        self._connection.settimeout(PATIENCE)
        try:
            with _explained(self._path, PATIENCE):
                self._connection.connect(str(self._path))
        except ControlError:
            self._connection.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, request: SelfTest) -> SelfTestReply:
        """One reply for one request."""
        with _explained(self._path, PATIENCE):
            self._connection.sendall(encode(request))
            line = _read_line(self._connection)
        return decode_reply(line, SelfTestReply)


def _exchange(path: Path, request: Request) -> bytes:
    patience = PATIENCE + (request.seconds if isinstance(request, Sim) else 0.0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, _explained(path, patience):
        connection.settimeout(patience)
        connection.connect(str(path))
        connection.sendall(encode(request))
        return _read_line(connection)


@contextmanager
def _explained(path: Path, patience: float) -> Iterator[None]:
    """What goes wrong with the socket, as a sentence."""
    try:
        yield
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise NotRunningError(
            f"the phone is not running: start it with `sudo systemctl start phone` or `phone run` ({path})"
        ) from error
    except PermissionError as error:
        raise NotAllowedError(_denied(path)) from error
    except TimeoutError as error:
        raise ControlError(
            f"the phone did not answer within {patience:g} s: see its log (journalctl -u phone)"
        ) from error
    except OSError as error:
        raise ControlError(f"the phone's control socket {path} does not work: {error.strerror or error}") from error


def _read_line(connection: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        chunk = connection.recv(65536)
        received += chunk
        if not chunk or len(received) > REPLY_LIMIT:
            raise ControlError("the phone went away while it was answering: see its log (journalctl -u phone)")
    return bytes(received)


def _denied(path: Path) -> str:
    try:
        group = grp.getgrgid(path.stat().st_gid).gr_name
    except (OSError, KeyError):
        group = "phone"
    return (
        f"not allowed to talk to the phone: run this as root (sudo), or join the group {group} "
        f"(sudo usermod -aG {group} $USER) and log in again"
    )
