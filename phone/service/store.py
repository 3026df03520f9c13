"""The store that all instances share: SQLite or PostgreSQL, by SQLAlchemy Core.

Work is a function of a connection; it runs in a thread, in a transaction of its own, and once more when the database
was busy, restarted or took two of them for one. So it must do nothing but SQL.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, func, insert, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.pool import ConnectionPoolEntry

from phone.errors import PhoneError
from phone.service import schema

log = logging.getLogger(__name__)

THREADS: Final = 4
_TRIES: Final = 3
_PAUSE: Final = 0.2
"""Seconds before the second try; more before the third."""
_BUSY_MS: Final = 10_000
_PREPARING: Final = 0x70686F6E65
"""The advisory lock of who makes the tables."""
_WRITES: Final = "phone_writes"

_T = TypeVar("_T")
Work = Callable[[Connection], _T]


class StoreError(PhoneError, RuntimeError):
    """The store does not answer, or refuses."""


class Store:
    """Raises StoreError from every method where the database is away, and as long as it is."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._threads = ThreadPoolExecutor(THREADS, "store")

    async def write(self, work: Work[_T]) -> _T:
        """What `work` returns, once all it did is durable."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.write_now, work)

    async def read(self, work: Work[_T]) -> _T:
        """The same of work that changes nothing; it does not wait for writers."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.read_now, work)

    def write_now(self, work: Work[_T]) -> _T:
        """`write` for a thread that may block."""
        return self._do(work, writes=True)

    def read_now(self, work: Work[_T]) -> _T:
        """`read` for a thread that may block."""
        return self._do(work, writes=False)

    def prepare(self) -> None:
        """Make what tables there are not. Raises StoreError also if a newer version of this program made them."""
        self.write_now(_prepare)

    def close(self) -> None:
        """Wait for what is under way."""
        self._threads.shutdown()
        self._engine.dispose()

    def _do(self, work: Work[_T], *, writes: bool) -> _T:
        for tries in range(1, _TRIES + 1):
            try:
                with self._engine.connect().execution_options(**{_WRITES: writes}) as connection, connection.begin():
                    return work(connection)
            except (OperationalError, IntegrityError, DBAPIError) as error:
                if tries == _TRIES or not _passing(error):
                    raise _told(error) from error
                log.warning("the store was busy or away: %s", _reason(error))
                time.sleep(_PAUSE * tries)
            except SQLAlchemyError as error:
                raise _told(error) from error
        raise AssertionError("the last try returns or raises")


def _passing(error: DBAPIError) -> bool:
    """Whether it may go well the next time: lost connections, locks, and rows that another instance made meanwhile."""
    return isinstance(error, OperationalError | IntegrityError) or error.connection_invalidated


def _told(error: SQLAlchemyError) -> StoreError:
    return StoreError(f"the store does not do what is asked of it: {_reason(error)}; look after the database")


def _reason(error: SQLAlchemyError) -> str:
    """Without the statement and its values: they are people's."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(cause).split())[:300] or type(cause).__name__


def _engine(url: str) -> Engine:
    try:
        engine = create_engine(url, hide_parameters=True, pool_size=THREADS, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError(
            "store.url cannot be used: write sqlite:////path/of/a/file or postgresql+psycopg://user@host/database, "
            "and install the service's libraries (pip install 'phone[service]')"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _open_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # sqlite3 must not begin transactions by itself: _begin_sqlite does
    connection.isolation_level = None
    cursor = connection.cursor()
    # FULL: in WAL mode less than that loses the last commits with the power
    for pragma in (f"busy_timeout={_BUSY_MS}", "journal_mode=WAL", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # a writer that begins as a reader cannot wait for another writer
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_PREPARING)))  # instances may start together
    schema.tables.create_all(connection)
    version = connection.execute(select(schema.about.c.version)).scalar_one_or_none()
    if version is None:
        connection.execute(insert(schema.about).values(version=schema.VERSION))
    elif version > schema.VERSION:
        raise StoreError(f"the store is of version {version}, newer than this program: bring it up to date")
