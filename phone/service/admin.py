"""What an operator asks of the store from a terminal; it may run or not run at the same time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from functools import partial

import msgspec
from sqlalchemy import Connection, distinct, func, select

from phone.errors import ConfigError
from phone.jingle.jid import bare, normal, valid
from phone.service import boxes, duties
from phone.service.schema import message
from phone.service.store import Store
from phone.service.values import ServiceConfig
from phone.voicemail.message import State


class Status(msgspec.Struct, frozen=True):
    """Of the store, whatever instances use it."""

    mailboxes: int
    """That have messages."""
    messages: int
    new: int
    megabytes: float
    waiting: dict[str, int]
    """To be sent, by kind."""


class User(msgspec.Struct, frozen=True):
    """A listed mailbox."""

    account: str
    enabled: bool


class Admin:
    """Each method blocks, and raises StoreError."""

    def __init__(self, config: ServiceConfig, store: Store) -> None:
        self._config = config
        self._store = store

    def status(self) -> Status:
        """What there is."""
        return self._store.read_now(_status)

    def users(self, deed: str, account: str) -> tuple[User, ...]:
        """`deed`: add, disable, remove, or list alone. All listed mailboxes, as they are then."""
        if deed != "list":
            owner = self._owner(account)
            if deed == "remove":
                self._store.write_now(partial(boxes.strike, owner=owner))
            else:
                self._store.write_now(partial(boxes.enlist, owner=owner, now=time.time(), on=deed == "add"))
        return tuple(User(owner, on) for owner, on in self._store.read_now(boxes.listed))

    def block(self, account: str, caller: str, *, on: bool) -> None:
        """`caller`: an account or a domain."""
        who = normal(caller)
        if not valid(who) or "/" in who:
            raise ConfigError(f"{caller} is neither an account nor a domain: write it like pest@a.example or a.example")
        self._store.write_now(partial(boxes.block, owner=self._owner(account), caller=who, on=on))

    def blocked(self, account: str) -> tuple[str, ...]:
        """Callers and domains that may leave no messages there."""
        return self._store.read_now(partial(boxes.blocked_by, owner=self._owner(account)))

    def _owner(self, account: str) -> str:
        owner = bare(normal(account))
        domains = self._config.accounts.domains
        if not valid(owner) or owner.rpartition("@")[2] not in domains or "@" not in owner:
            raise ConfigError(f'"{account}" is no account of {" or ".join(domains)}: write it like boss@{domains[0]}')
        return owner


@contextlib.contextmanager
def opened(config: ServiceConfig) -> Iterator[Admin]:
    """Raises StoreError where there is no store."""
    store = Store(config.store.url)
    try:
        store.prepare()
        yield Admin(config, store)
    finally:
        store.close()


def _status(connection: Connection) -> Status:
    there = message.c.state != State.DELETED.value
    owners, count, size = connection.execute(
        select(func.count(distinct(message.c.owner)), func.count(), func.coalesce(func.sum(message.c.size), 0)).where(
            there
        )
    ).one()
    new = connection.execute(select(func.count()).where(message.c.state == State.NEW.value)).scalar_one()
    return Status(owners, count, new, int(size) / 1e6, duties.waiting(connection))
