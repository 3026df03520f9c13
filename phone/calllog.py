"""The call log: one SQLite file, so that it survives a kill at any moment.

Law: the log never stops a call. A file that cannot be used is moved aside, a write that fails is logged, and
the phone goes on. Methods block for some milliseconds (one writer, WAL): the engine calls them off its loop.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from phone.calls.model import Reason
from phone.jingle.history import Outcome, PastCall

log = logging.getLogger(__name__)

_VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    started TEXT NOT NULL,
    peer TEXT NOT NULL,
    name TEXT NOT NULL,
    outgoing INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    duration REAL NOT NULL,
    reason TEXT NOT NULL,
    encrypted INTEGER
)
"""
"""Format 1. What later ones have besides is added, to new files as to old ones."""
_SINCE_2 = {
    "id": "TEXT NOT NULL DEFAULT ''",
    "via": "TEXT NOT NULL DEFAULT ''",
    "kind": "TEXT NOT NULL DEFAULT ''",
    "account": "TEXT NOT NULL DEFAULT ''",
}
_INDEXES = (
    "CREATE UNIQUE INDEX IF NOT EXISTS call_once ON calls (account, id) WHERE id <> ''",
    "CREATE INDEX IF NOT EXISTS by_kind ON calls (kind)",
)
KEPT = 10_000
"""Calls; the oldest go: nobody who rings all day may fill the card."""
_LONGEST_WAIT = 2.0  # seconds for another process that reads or writes the file


class Kind(Enum):
    """What the user calls it."""

    PLACED = "placed"
    """By us, whether it was answered or not."""
    ANSWERED = "answered"
    MISSED = "missed"
    """It came in and nobody took it: the caller gave up, it rang too long, the phone was busy (or told to be)."""
    ANSWERED_ELSEWHERE = "answered elsewhere"
    DECLINED_ELSEWHERE = "declined elsewhere"
    REFUSED = "refused"
    """By the user of this phone."""
    FAILED = "failed"
    """It came in and could not be taken: no common codec, no encryption, no connection."""


_UNANSWERED = {
    Reason.CANCELLED.value: Kind.MISSED,
    Reason.NO_ANSWER.value: Kind.MISSED,
    Reason.BUSY.value: Kind.MISSED,
    Reason.DECLINED.value: Kind.REFUSED,
    Reason.HANGUP.value: Kind.REFUSED,
    Reason.ANSWERED_ELSEWHERE.value: Kind.ANSWERED_ELSEWHERE,
    Reason.DECLINED_ELSEWHERE.value: Kind.DECLINED_ELSEWHERE,
}
_PAST = {
    Outcome.MISSED: Reason.CANCELLED,
    Outcome.ANSWERED_ELSEWHERE: Reason.ANSWERED_ELSEWHERE,
    Outcome.DECLINED_ELSEWHERE: Reason.DECLINED_ELSEWHERE,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One ended call."""

    started: str
    """Wall-clock time at which it was offered or dialled, ISO 8601 with offset."""
    peer: str
    name: str
    outgoing: bool
    answered: bool
    """Here, by either side."""
    duration: float
    """Seconds from the answer to the end; 0 if unanswered."""
    reason: str
    """A `calls.model.Reason` value."""
    encrypted: bool | None
    """None: the media never came up."""
    id: str = ""
    """The JMI id or Jingle sid; "" where there was none."""
    via: str = ""
    """Name of who transferred it, as that one said; "" if nobody did."""

    @property
    def kind(self) -> Kind:
        if self.outgoing:
            return Kind.PLACED
        return Kind.ANSWERED if self.answered else _UNANSWERED.get(self.reason, Kind.FAILED)

    @property
    def account(self) -> str:
        """Bare JID of the far end."""
        return self.peer.partition("/")[0].lower()


def entry_of(past: PastCall, name: str) -> Entry | None:
    """A call that came while the phone was away; None while it still rings."""
    reason = _PAST.get(past.outcome)
    if reason is None:
        return None
    return Entry(
        started=datetime.fromtimestamp(past.stamp, UTC).astimezone().isoformat(timespec="seconds"),
        peer=past.peer,
        name=name,
        outgoing=False,
        answered=False,
        duration=0.0,
        reason=reason.value,
        encrypted=None,
        id=past.id,
    )


_COLUMNS = tuple(field.name for field in fields(Entry))
_NAMES = ", ".join(_COLUMNS)
# Names of columns are our own; values are bound.
_INSERT = (
    f"INSERT INTO calls ({_NAMES}, kind, account) VALUES ({', '.join('?' * len(_COLUMNS))}, ?, ?)"  # noqa: S608
    " ON CONFLICT (account, id) WHERE id <> '' DO NOTHING"
)
_FORGET = "DELETE FROM calls WHERE rowid <= (SELECT MAX(rowid) FROM calls) - ?"
_SELECT = f"SELECT {_NAMES} FROM calls ORDER BY rowid DESC LIMIT ?"  # noqa: S608
_SELECT_KIND = f"SELECT {_NAMES} FROM calls WHERE kind = ? ORDER BY rowid DESC LIMIT ?"  # noqa: S608

_Row = tuple[str, str, str, int, int, float, str, int | None, str, str]


class CallLog:
    """The log in the file `path`. Any thread may call; one at a time gets in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        with self._logged("open"):
            self._database = self._open_or_replace()

    def add(self, entry: Entry) -> bool:
        """Write one call, and forget those beyond the newest KEPT; whether it was written. A call that is there already
        (same account, same id) stays as it is. A failure (disk full, card read-only) is logged; the entry is then lost.
        """
        new = False
        with self._lock, self._logged("write to"), self._opened() as database, database:
            new = database.execute(_INSERT, (*astuple(entry), entry.kind.value, entry.account)).rowcount > 0
            database.execute(_FORGET, (KEPT,))
        return new

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock, self._logged("clear"), self._opened() as database, database:
            database.execute("DELETE FROM calls")

    def entries(self, limit: int, kind: Kind | None = None) -> tuple[Entry, ...]:
        """The latest calls (of one kind), newest first; none if the file cannot be read."""
        query, values = (_SELECT, (limit,)) if kind is None else (_SELECT_KIND, (kind.value, limit))
        rows: list[_Row] = []
        with self._lock, self._logged("read"), self._opened() as database:
            rows = database.execute(query, values).fetchall()
        return tuple(_entry(row) for row in rows)

    def close(self) -> None:
        """Fold the write-ahead log into the file. The log can be used no more, or opened again by its next use."""
        with self._lock:
            database, self._database = self._database, None
            if database is not None:
                database.close()

    @contextmanager
    def _logged(self, act: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # our own bug
        except (sqlite3.Error, OSError) as error:
            log.error(  # noqa: TRY400 - the sentence says it all
                "cannot %s the call log %s: %s; the phone goes on without", act, self._path, error
            )

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The database; a file that turns out to be damaged is replaced for the next use."""
        database = self._database = self._database or self._open_or_replace()
        try:
            yield database
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                self._database = None
                database.close()
                self._move_aside(error)
            raise

    def _open_or_replace(self) -> sqlite3.Connection:
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._move_aside(error)
            return self._open()

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path, timeout=_LONGEST_WAIT, check_same_thread=False)
        try:
            _prepare(database)
        except sqlite3.Error:
            database.close()
            raise
        return database

    def _move_aside(self, error: sqlite3.DatabaseError) -> None:
        """Keep the useless file for whoever wants to save it; its write-ahead log belongs to it."""
        number = 1
        while (aside := self._path.with_name(f"{self._path.name}.aside-{number}")).exists():
            number += 1
        self._path.rename(aside)
        for suffix in ("-wal", "-shm"):
            extra = self._path.with_name(self._path.name + suffix)
            if extra.exists():
                extra.rename(aside.with_name(aside.name + suffix))
        log.warning("the call log cannot be used (%s); moved it to %s and began a new one", error, aside)


def _prepare(database: sqlite3.Connection) -> None:
    with closing(database.execute("PRAGMA quick_check(1)")) as check:
        if (verdict := check.fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(f"malformed: {verdict}")
    database.execute("PRAGMA journal_mode=WAL")
    # WAL with NORMAL keeps the file whole through kill and power cut; only a power cut may lose the last call
    database.execute("PRAGMA synchronous=NORMAL")
    version = _format_of(database)
    if version > _VERSION:
        raise sqlite3.DatabaseError(f"it has format {version}, this phone writes {_VERSION}")
    if version < _VERSION:
        _renew_format(database)


def _format_of(database: sqlite3.Connection) -> int:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)


def _renew_format(database: sqlite3.Connection) -> None:
    """All or nothing, however it ends: a file of format 1, or a new one, becomes one of this format."""
    with database:
        database.execute("BEGIN IMMEDIATE")
        database.execute(_SCHEMA)
        there = {row[1] for row in database.execute("PRAGMA table_info(calls)")}
        for column, definition in _SINCE_2.items():
            if column not in there:
                database.execute(f"ALTER TABLE calls ADD COLUMN {column} {definition}")
        rows = database.execute(f"SELECT rowid, {_NAMES} FROM calls WHERE kind = ''").fetchall()  # noqa: S608
        for rowid, *row in rows:
            entry = _entry(row)
            values = (entry.kind.value, entry.account, rowid)
            database.execute("UPDATE calls SET kind = ?, account = ? WHERE rowid = ?", values)
        for index in _INDEXES:
            database.execute(index)
        database.execute(f"PRAGMA user_version={_VERSION}")


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is of no use: not when it is merely locked, full or read-only."""
    return type(error) is sqlite3.DatabaseError


def _entry(row: _Row) -> Entry:
    started, peer, name, outgoing, answered, duration, reason, encrypted, call, via = row
    known = None if encrypted is None else bool(encrypted)
    return Entry(started, peer, name, bool(outgoing), bool(answered), duration, reason, known, call, via)
