"""The index while it is in use: opened when it is needed, made anew when it is damaged, helped when the card is full.

One thread at a time; raises OSError and sqlite3.Error.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from phone.voicemail.files import Folder
from phone.voicemail.index import Index, Salvage, is_damage, salvage
from phone.voicemail.message import Message, MessageId, Trouble, failure_of
from phone.voicemail.recovery import Recovery, remove

log = logging.getLogger(__name__)

_NAME = "index.sqlite"
_FRESH = "index.new"
_BESIDE = ("-wal", "-shm")
_T = TypeVar("_T")


class Catalogue:
    """The index of the messages in `folder`."""

    def __init__(self, folder: Folder, shortest: float, patience: float) -> None:
        self._folder = folder
        self._shortest = shortest
        self._patience = patience
        self._path = folder.path / _NAME
        self._index: Index | None = None
        self._lock: int | None = None
        self.live: set[MessageId] = set()
        """Messages that are being recorded."""
        self.owed = False
        """There may be files that should be listed and are not."""

    @property
    def opened(self) -> bool:
        return self._index is not None

    def use(self, work: Callable[[Index], _T]) -> _T:
        """Do it; once more if the index was damaged, and is not any more, if there is room now, or leave to write."""
        try:
            return work(self._opened())
        except (sqlite3.Error, OSError) as error:
            if not self._helped(error):
                raise
        return work(self._opened())

    def recover(self, index: Index) -> tuple[Message, ...]:
        """List what is not listed."""
        recovered = self._recovery(index, Salvage()).run()
        self.owed = recovered.left > 0
        return recovered.messages

    def recover_owed(self, index: Index) -> None:
        """The same, if there is a reason to."""
        if self.owed:
            self.recover(index)

    def close(self) -> None:
        index, self._index = self._index, None
        lock, self._lock = self._lock, None
        try:
            if index:
                index.close()
        finally:
            if lock is not None:
                os.close(lock)

    def _opened(self) -> Index:
        if self._index is None:
            self._folder.make()
            if self._lock is None:
                self._lock = self._folder.lock()
            self._index = Index(self._path, self._patience)
            self._bring_in_order(self._index)
        return self._index

    def _bring_in_order(self, index: Index) -> None:
        try:
            remove(self._folder, index, index.deleted())
            self.recover(index)
            self._folder.take_ballast()
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, sqlite3.Error) and is_damage(error):
                raise
            # What is listed can be heard all the same.
            self.owed = True
            log.error("%s", failure_of(error, "bring the mailbox in order").sentence)  # noqa: TRY400

    def _helped(self, error: sqlite3.Error | OSError) -> bool:
        if isinstance(error, sqlite3.Error) and is_damage(error):
            self._rebuild(error)
            return True
        trouble = failure_of(error, "").trouble
        if trouble is Trouble.READ_ONLY:
            return isinstance(error, sqlite3.Error) and self._reopens()
        return (trouble is Trouble.FULL or self._tight()) and self._folder.drop_ballast()

    def _reopens(self) -> bool:
        """What SQLite opened when the card was read-only stays so, though the card may be written again."""
        if self._index is None or self._folder.read_only():
            return False
        index, self._index = self._index, None
        index.close()
        return True

    def _tight(self) -> bool:
        try:
            return self._folder.tight()
        except OSError:
            return False

    def _rebuild(self, error: sqlite3.Error) -> None:
        """A new index from the files, and from what the old one still tells; then it takes the old one's place."""
        if self._index:
            index, self._index = self._index, None
            index.close()
        told = salvage(self._path, self._folder.names().whole)
        fresh = self._folder.path / _FRESH
        self._folder.remove(self._folder.path / f"{_FRESH}{suffix}" for suffix in ("", *_BESIDE))
        index = Index(fresh, self._patience)
        try:
            index.mark(told.marks)
            self._recovery(index, told).run()
        finally:
            index.close()
        aside = _move_aside(self._path)
        fresh.replace(self._path)
        self._folder.sync()
        log.warning("the index of the mailbox was damaged (%s): made it anew; the old one is %s", error, aside)

    def _recovery(self, index: Index, told: Salvage) -> Recovery:
        return Recovery(self._folder, index, self.live, told.states, self._shortest)


def _move_aside(path: Path) -> Path:
    """A second name for the useless file, for whoever wants to save it; its write-ahead log must not meet another."""
    number = 1
    while (aside := path.with_name(f"{path.name}.aside-{number}")).exists():
        number += 1
    for suffix in _BESIDE:
        extra = path.with_name(path.name + suffix)
        if extra.exists():
            extra.rename(aside.with_name(aside.name + suffix))
    if path.exists():
        aside.hardlink_to(path)
    return aside
