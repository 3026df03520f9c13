"""The index of a mailbox: what the files do not say themselves (heard or not), and what must be found quickly.

Each change is on the card (SQLite's WAL, synchronous=FULL) when its method returns. All raise sqlite3.Error; damage is
told by `is_damage`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from phone.voicemail.message import Caller, Counts, Message, MessageId, State

_VERSION = 2
_SCHEMA = """
CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    stamp REAL NOT NULL,
    jid TEXT NOT NULL,
    name TEXT NOT NULL,
    seconds REAL NOT NULL,
    size INTEGER NOT NULL,
    state TEXT NOT NULL,
    before TEXT NOT NULL DEFAULT '',
    interrupted INTEGER NOT NULL,
    origin TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID
"""
_MARKS = "CREATE TABLE marks (origin TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID"
"""What the service is still to be told of its messages; of some the user has deleted there is nothing else left."""
_BY_ORIGIN = "CREATE INDEX by_origin ON messages (origin) WHERE origin <> ''"
_INDEXES = (
    "CREATE INDEX by_stamp ON messages (stamp, id)",
    "CREATE INDEX by_state ON messages (state, stamp, id)",
    "CREATE INDEX by_size ON messages (size)",
    _BY_ORIGIN,
)
_FROM_1 = ("ALTER TABLE messages ADD COLUMN origin TEXT NOT NULL DEFAULT ''", _BY_ORIGIN, _MARKS)
_COLUMNS = "id, jid, name, stamp, seconds, size, state, interrupted, origin"
# Names of columns are our own; values are bound.
_INSERT = f"INSERT INTO messages ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"  # noqa: S608
_SELECT = f"SELECT {_COLUMNS} FROM messages"  # noqa: S608
_SET_STATE = "UPDATE messages SET state = ?, before = '' WHERE id = ?"
_MARK = "INSERT OR REPLACE INTO marks (origin, state) VALUES (?, ?)"
_MARK_OWN = "INSERT OR REPLACE INTO marks (origin, state) SELECT origin, ? FROM messages WHERE id = ? AND origin <> ''"
_DELETED = State.DELETED.value

_Row = tuple[str, str, str, float, float, int, str, int, str]


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is of no use: not when it is merely locked, full or read-only."""
    return type(error) is sqlite3.DatabaseError


class Index:
    """The database in the file `path`, which is made if it is not there. `patience`: seconds for other programs."""

    def __init__(self, path: Path, patience: float) -> None:
        self._database = sqlite3.connect(path, timeout=patience, check_same_thread=False)
        try:
            self._prepare()
        except sqlite3.Error:
            self._database.close()
            raise

    def close(self) -> None:
        """Fold the write-ahead log into the file."""
        self._database.close()

    def add(self, messages: Iterable[Message]) -> None:
        """All or none; one that is there already stays as it is."""
        with self._database as database:
            database.executemany(_INSERT, map(_row, messages))

    def get(self, id: MessageId) -> Message | None:
        """A deleted one too."""
        row = self._database.execute(f"{_SELECT} WHERE id = ?", (id,)).fetchone()
        return _message(row) if row else None

    def page(self, state: State | None, limit: int, after: Message | None, *, oldest_first: bool) -> list[Message]:
        """The next messages behind `after` (from the first one on, if that is None); of any state but DELETED."""
        order, than = ("ASC", ">") if oldest_first else ("DESC", "<")
        which, values = ("state <> ?", [_DELETED]) if state is None else ("state = ?", [state.value])
        place: list[float | str] = []
        if after is not None:
            which += f" AND (stamp, id) {than} (?, ?)"
            place = [after.stamp, after.id]
        query = f"{_SELECT} WHERE {which} ORDER BY stamp {order}, id {order} LIMIT ?"
        return [_message(row) for row in self._database.execute(query, (*values, *place, limit))]

    def counts(self) -> Counts:
        """Of each state but DELETED."""
        rows = self._database.execute("SELECT state, COUNT(*) FROM messages GROUP BY state")
        found: dict[str, int] = dict(rows.fetchall())
        return Counts(*(found.get(state.value, 0) for state in (State.NEW, State.HEARD, State.KEPT)))

    def used(self) -> tuple[int, int]:
        """How many files there are, deleted ones too, and their bytes."""
        count, size = self._database.execute("SELECT COUNT(*), TOTAL(size) FROM messages").fetchone()
        return count, int(size)

    def set_state(self, id: MessageId, state: State) -> None:
        """By the user: the service is to be told, if the message is one of its own."""
        with self._database as database:
            database.execute(_SET_STATE, (state.value, id))
            database.execute(_MARK_OWN, (state.value, id))

    def set_states(self, states: Iterable[tuple[MessageId, State]]) -> None:
        """By the service."""
        with self._database as database:
            database.executemany(_SET_STATE, [(state.value, each) for each, state in states])

    def delete(self, ids: Iterable[MessageId]) -> None:
        """Mark them; what they were before can be restored."""
        query = "UPDATE messages SET before = state, state = ? WHERE id = ? AND state <> ?"
        with self._database as database:
            database.executemany(query, [(_DELETED, each, _DELETED) for each in ids])

    def restore(self, id: MessageId) -> None:
        """As it was before it was deleted."""
        with self._database as database:
            database.execute("UPDATE messages SET state = before, before = '' WHERE id = ? AND before <> ''", (id,))

    def forget(self, ids: Collection[MessageId], *, lost: bool = False) -> None:
        """For messages whose files are gone. Not `lost`: as the user wanted it, and the service is to be told."""
        with self._database as database:
            if not lost:
                database.executemany(_MARK_OWN, [(_DELETED, each) for each in ids])
            database.executemany("DELETE FROM messages WHERE id = ?", [(each,) for each in ids])

    # --- messages of the service ---

    def origins(self) -> dict[str, tuple[MessageId, State]]:
        """Those that are here, deleted ones too."""
        rows = self._database.execute("SELECT origin, id, state FROM messages WHERE origin <> ''")
        return {origin: (MessageId(own), State(state)) for origin, own, state in rows}

    def of_origin(self, origin: str) -> Message | None:
        """A deleted one too."""
        row = self._database.execute(f"{_SELECT} WHERE origin = ? AND origin <> ''", (origin,)).fetchone()
        return _message(row) if row else None

    def marks(self) -> dict[str, State]:
        """What the service is still to be told, by origin."""
        return {origin: State(state) for origin, state in self._database.execute("SELECT origin, state FROM marks")}

    def mark(self, marks: Mapping[str, State]) -> None:
        """It is to be told this."""
        with self._database as database:
            database.executemany(_MARK, [(origin, state.value) for origin, state in marks.items()])

    def told(self, origin: str, state: State) -> None:
        """It was."""
        with self._database as database:
            database.execute("DELETE FROM marks WHERE origin = ? AND state = ?", (origin, state.value))

    def ids(self) -> set[MessageId]:
        """All that are known, deleted ones too."""
        return {MessageId(each) for (each,) in self._database.execute("SELECT id FROM messages")}

    def deleted(self) -> list[MessageId]:
        """Those whose files are still to be removed."""
        rows = self._database.execute("SELECT id FROM messages WHERE state = ?", (_DELETED,))
        return [MessageId(each) for (each,) in rows]

    def heard_before(self, stamp: float) -> list[MessageId]:
        """Those that may expire."""
        query = "SELECT id FROM messages WHERE state = ? AND stamp < ?"
        return [MessageId(each) for (each,) in self._database.execute(query, (State.HEARD.value, stamp))]

    def _prepare(self) -> None:
        with closing(self._database.execute("PRAGMA quick_check(1)")) as check:
            if (verdict := check.fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(f"malformed: {verdict}")
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        match version:
            case 0:
                self._make((_SCHEMA, _MARKS, *_INDEXES))
            case 1:
                self._make(_FROM_1)
            case 2:
                pass
            case _:
                raise sqlite3.DatabaseError(f"it has format {version}, this phone writes {_VERSION}")

    def _make(self, statements: Iterable[str]) -> None:
        """All or nothing."""
        with self._database as database:
            database.execute("BEGIN IMMEDIATE")
            for statement in statements:
                database.execute(statement)
            database.execute(f"PRAGMA user_version={_VERSION}")


@dataclass(frozen=True, slots=True)
class Salvage:
    """What a damaged index still tells."""

    states: dict[MessageId, State] = field(default_factory=dict)
    marks: dict[str, State] = field(default_factory=dict)


def salvage(path: Path, ids: Collection[MessageId]) -> Salvage:
    """The states of these messages, and what the service is still to be told."""
    found = Salvage()
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as database:
        for each in ids:
            _salvage_one(database, each, found.states)
        with suppress(ValueError):
            for origin, state in database.execute("SELECT origin, state FROM marks"):
                found.marks[origin] = State(state)
    return found


def _salvage_one(database: sqlite3.Connection, id: MessageId, found: dict[MessageId, State]) -> None:
    try:
        row = database.execute("SELECT state FROM messages WHERE id = ?", (id,)).fetchone()
        if row:
            found[id] = State(row[0])
    except (sqlite3.Error, ValueError):
        return  # another message may lie on a page that is whole


def _row(message: Message) -> _Row:
    caller, state = message.caller, message.state.value
    about = (message.id, caller.jid, caller.name, message.stamp, message.seconds, message.size)
    return (*about, state, message.interrupted, message.origin)


def _message(row: _Row) -> Message:
    own, jid, name, stamp, seconds, size, state, interrupted, origin = row
    return Message(MessageId(own), Caller(jid, name), stamp, seconds, size, State(state), bool(interrupted), origin)
