"""What a mailbox tells: frozen values, and failures as sentences."""

from __future__ import annotations

import errno
import sqlite3
from dataclasses import dataclass
from enum import Enum
from typing import NewType

MessageId = NewType("MessageId", str)
"""Names one message and its file; ids sort by the time of their messages, to the second."""


class State(Enum):
    """What has become of a message."""

    NEW = "new"
    HEARD = "heard"
    KEPT = "kept"
    """Saved by the user: it does not expire."""
    DELETED = "deleted"
    """Its file is there until the session ends, so that the user can have it back."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who left the message, as the call told."""

    jid: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, whole and on the card."""

    id: MessageId
    caller: Caller
    stamp: float
    """When it was begun: Unix time, to the millisecond."""
    seconds: float
    size: int
    """Bytes of its file."""
    state: State = State.NEW
    interrupted: bool = False
    """The phone lost its power, or the card gave out, while it was recorded: it may end in mid-sentence."""
    origin: str = ""
    """Its id in the service's mailbox, where it was fetched from; "": it was left here."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Messages by state; deleted ones are nowhere."""

    new: int = 0
    heard: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a mailbox holds."""

    messages: int = 10_000
    bytes: int = 2 << 30
    largest: int = 16 << 20
    """Bytes of one message: three minutes of the best Opus there is, whatever a far end sends in that time."""
    days: float = 0.0
    """After which a heard message expires; 0: never. New and kept ones do not."""
    reserve: int = 16 << 20
    """Bytes of the card that a recording leaves free, so that it can be ended and listed in order."""
    shortest: float = 1.0
    """Seconds; shorter recordings are no messages."""


class Trouble(Enum):
    """Why something was not done, as far as the user can tell the causes apart."""

    FULL = "the card is full"
    READ_ONLY = "the card cannot be written"
    QUOTA = "the mailbox is full"
    BUSY = "another program uses the mailbox"
    UNKNOWN = "there is no such message"
    TOO_SHORT = "too short for a message"
    ENDED = "the recording has ended"
    UNREADABLE = "the sound cannot be read"
    ENCODER = "the sound could not be converted"
    FAILED = "the card does not work"


@dataclass(frozen=True, slots=True)
class Failure:
    """Given back instead of a result; it has been logged where it was."""

    trouble: Trouble
    sentence: str
    """What could not be done, why, and what to do."""


_BY_NUMBER = {
    errno.ENOSPC: Trouble.FULL,
    errno.EDQUOT: Trouble.FULL,
    errno.EFBIG: Trouble.FULL,
    errno.EROFS: Trouble.READ_ONLY,
    errno.EACCES: Trouble.READ_ONLY,
    errno.EPERM: Trouble.READ_ONLY,
    errno.EAGAIN: Trouble.BUSY,
}
_BY_NAME = {
    "SQLITE_FULL": Trouble.FULL,
    "SQLITE_READONLY": Trouble.READ_ONLY,
    "SQLITE_BUSY": Trouble.BUSY,
    "SQLITE_LOCKED": Trouble.BUSY,
}
_ADVICE = {
    Trouble.FULL: "make room on the card",
    Trouble.READ_ONLY: "check its mount and permissions, or replace the card",
    Trouble.QUOTA: "delete messages",
    Trouble.BUSY: "end the other program",
    Trouble.UNREADABLE: "record it again",
    Trouble.ENCODER: "see the log; it is tried again",
    Trouble.FAILED: "check the card",
}


def failure(trouble: Trouble, act: str, cause: object = "") -> Failure:
    """A sentence of `act` ("cannot ..."), the cause and what to do about it."""
    told = f" ({cause})" if str(cause) else ""
    advice = f"; {_ADVICE[trouble]}" if trouble in _ADVICE else ""
    return Failure(trouble, f"cannot {act}: {trouble.value}{told}{advice}")


def failure_of(error: OSError | sqlite3.Error, act: str) -> Failure:
    """The same, of what the system or SQLite raised."""
    return failure(_trouble(error), act, error)


def _trouble(error: OSError | sqlite3.Error) -> Trouble:
    if isinstance(error, OSError):
        return _BY_NUMBER.get(error.errno or 0, Trouble.FAILED)
    name = getattr(error, "sqlite_errorname", "")
    # Extended codes begin with their primary one: SQLITE_READONLY_DIRECTORY.
    return next((trouble for prefix, trouble in _BY_NAME.items() if name.startswith(prefix)), Trouble.FAILED)
