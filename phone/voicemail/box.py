"""One user's mailbox in a folder.

Law: nothing that the card does is raised. Each method gives a result or a `Failure`, which was logged; after a failure
the next call tries anew. Methods block (the card may take a second): call them off the loop. Any thread may, one at a
time gets in. One process at a time has a mailbox; a second one is told BUSY.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from phone.ogg.opusfile import Head, OpusWriter
from phone.ogg.opusreader import OpusReader
from phone.ogg.page import OggError
from phone.voicemail.catalogue import Catalogue
from phone.voicemail.files import Folder, PartFile
from phone.voicemail.index import Index
from phone.voicemail.label import new_id, plain, tags_of
from phone.voicemail.message import (
    Caller,
    Counts,
    Failure,
    Limits,
    Message,
    MessageId,
    State,
    Trouble,
    failure,
    failure_of,
)
from phone.voicemail.recording import Recording, Room
from phone.voicemail.recovery import adopt_part, remove
from phone.voicemail.remote import Followed, Snapshot, add, follow, followed
from phone.voicemail.wire import RemoteMessage

log = logging.getLogger(__name__)

_DAY = 86_400.0
_STRANGERS = 2
"""Which part of the mailbox is theirs at most: a half."""
_ORDINARY = frozenset({Trouble.UNKNOWN, Trouble.TOO_SHORT, Trouble.UNREADABLE})
_T = TypeVar("_T")

Accept = Callable[[Message], Failure | None]


class Mailbox:
    """The mailbox in the folder `path`; `patience`: seconds to wait for other programs that read its index.

    What a crash left behind is brought in order by opening it: deleted messages go for good, torn ones become whole.
    """

    def __init__(self, path: Path, limits: Limits = Limits(), patience: float = 2.0) -> None:  # noqa: B008 - frozen
        self._limits = limits
        self._folder = Folder(path)
        self._catalogue = Catalogue(self._folder, limits.shortest, patience)
        self._mutex = threading.RLock()
        self._undo: list[MessageId] = []
        self._do("open the mailbox", lambda _: None)

    # --- recording ---

    def begin(
        self, caller: Caller, stamp: float, accept: Accept = lambda _: None, *, known: bool = True
    ) -> Recording | Failure:
        """A message begins at `stamp` (Unix time). `accept` is called when it is listed, before anybody else sees it;
        its failure is what `Recording.finish` gives. Of whom the user does not know (not `known`) there is no room
        beyond half of the mailbox: a night of junk calls leaves the other half to all others.
        """
        stamp, part = round(stamp, 3), 1 if known else _STRANGERS
        return self._do("record a message", lambda index: self._begin(index, plain(caller), stamp, accept, part))

    def recover(self) -> tuple[Message, ...] | Failure:
        """Try again what a full or refusing card prevented: messages that are listed only now."""
        return self._do("bring the mailbox in order", self._catalogue.recover)

    # --- looking ---

    def counts(self) -> Counts | Failure:
        return self._do("count the messages", lambda index: index.counts())

    def messages(
        self, state: State | None = None, limit: int = 50, after: Message | None = None, *, oldest_first: bool = False
    ) -> tuple[Message, ...] | Failure:
        """By time, the first `limit` of them or those behind `after`. None: all but deleted ones."""
        return self._do(
            "list the messages", lambda index: tuple(index.page(state, limit, after, oldest_first=oldest_first))
        )

    def get(self, id: MessageId) -> Message | Failure:
        """UNKNOWN if it is not there or deleted."""
        return self._do("find the message", lambda index: _known(index, id))

    def open(self, id: MessageId) -> OpusReader | Failure:
        """Its sound, to be closed by the caller; deleting the message does not hurt it."""
        return self._do("play the message", lambda index: self._open(index, id))

    def sound(self, id: MessageId) -> Path:
        """The file of a message that is there."""
        return self._folder.whole(id)

    # --- the service's mailbox (`remote`) ---

    def followed(self) -> Followed | Failure:
        """What of it is here, and what it is still to be told."""
        return self._do("compare with the server", followed)

    def add(self, message: RemoteMessage, sound: bytes) -> Message | Failure:
        """A message that was fetched from it; added once, however often. `sound`: its Ogg Opus file."""
        added = self._do("keep a message of the server", lambda index: self._add(index, message, sound))
        if isinstance(added, Failure):
            self._catalogue.owed = True
        return added

    def follow(self, snapshot: Snapshot) -> int | Failure:
        """What was heard or deleted on another device is here too. How many messages were."""
        return self._do("follow the server", lambda index: follow(self._folder, index, snapshot))

    def told(self, origin: str, state: State) -> Failure | None:
        """It was told this."""
        return self._do("follow the server", lambda index: index.told(origin, state))

    # --- changing ---

    def mark(self, id: MessageId, state: State) -> Message | Failure:
        """The message as it is now; with DELETED, the same as `delete`."""
        if state is State.DELETED:
            return self.delete(id)
        return self._do("mark the message", lambda index: _mark(index, id, state))

    def delete(self, id: MessageId) -> Message | Failure:
        """It is in no list any more; `undo` brings it back until `purge`."""
        return self._do("delete the message", lambda index: self._delete(index, id))

    def undo(self) -> Message | Failure:
        """The message that was deleted last, as it was before; UNKNOWN: there is none."""
        return self._do("bring a message back", self._restore)

    def purge(self) -> int | Failure:
        """The user has left: deleted messages go for good. How many."""
        return self._do("remove deleted messages", self._purge)

    def expire(self, now: float) -> int | Failure:
        """Remove heard messages that are too old at `now` (Unix time: ask only when the clock is right). How many."""
        return self._do("remove old messages", lambda index: self._expire(index, now))

    def close(self) -> None:
        """Purge, and let other processes in. Its next use opens it again."""
        with self._mutex:
            if self._catalogue.opened:
                self.purge()
            with suppress(sqlite3.Error, OSError):
                self._catalogue.close()

    # --- how ---

    def _do(self, act: str, work: Callable[[Index], _T]) -> _T | Failure:
        result: _T | Failure
        with self._mutex:
            try:
                result = self._catalogue.use(work)
            except sqlite3.ProgrammingError:
                raise  # our own bug
            except (sqlite3.Error, OSError) as error:
                result = failure_of(error, act)
                if result.trouble is Trouble.FAILED and self._folder.read_only():
                    result = failure(Trouble.READ_ONLY, act, error)  # SQLite does not always tell
        if isinstance(result, Failure):
            log.log(logging.INFO if result.trouble in _ORDINARY else logging.ERROR, "%s", result.sentence)
        return result

    def _begin(self, index: Index, caller: Caller, stamp: float, accept: Accept, part: int) -> Recording | Failure:
        self._catalogue.recover_owed(index)
        room = self._room(index, stamp, part)
        if isinstance(room, Failure):
            return room
        id = new_id(stamp, secrets.token_hex(4))  # noqa: A001 - the field's word
        writer = OpusWriter(secrets.randbits(32), Head(), tags_of(caller, stamp))
        self._catalogue.live.add(id)
        try:
            file = self._created(id, writer.begin())
        except OSError:
            self._drop(id)
            raise
        return Recording(
            id,
            file,
            writer,
            Room(min(room, self._limits.largest), self._limits.reserve, self._folder.free, self._limits.shortest),
            partial(self._keep, Message(id, caller, stamp, 0.0, 0), accept),
            partial(self._drop, id),
        )

    def _created(self, id: MessageId, data: bytes) -> PartFile:
        file = self._folder.create(id)
        try:
            file.write(data)
            self._folder.sync()
        except OSError:
            file.close()
            raise
        return file

    def _room(self, index: Index, now: float, part: int = 1) -> int | Failure:
        """Bytes for one more message, of one that may use such a part of the mailbox."""
        room = self._left(index, part)
        if room <= 0:
            self._expire(index, now)
            room = self._left(index, part)
        if room <= 0:
            return failure(Trouble.QUOTA, "record a message")
        if self._folder.free() < self._limits.reserve:
            return failure(Trouble.FULL, "record a message")
        return room

    def _left(self, index: Index, part: int) -> int:
        count, size = index.used()
        full = count + len(self._catalogue.live) >= self._limits.messages // part
        return 0 if full else self._limits.bytes // part - size

    def _add(self, index: Index, message: RemoteMessage, sound: bytes) -> Message | Failure:
        self._catalogue.recover_owed(index)
        return add(self._folder, index, message, sound, lambda: self._room(index, message.stamp))

    def _keep(self, message: Message, accept: Accept, seconds: float, cut: bool) -> Message | Failure:
        with self._mutex:
            kept = self._do("keep the message", lambda index: self._list(index, message, seconds, cut))
            self._catalogue.live.discard(message.id)
            if isinstance(kept, Failure):
                self._catalogue.owed = True
                return kept
            return accept(kept) or kept

    def _list(self, index: Index, message: Message, seconds: float, cut: bool) -> Message | Failure:
        if known := index.get(message.id):
            return known
        if cut:
            mended = adopt_part(self._folder, message.id, self._limits.shortest, cut=True)
            if mended is None:
                return failure(Trouble.TOO_SHORT, "keep the message")
            message = mended
        else:
            message = replace(message, seconds=seconds, size=self._folder.commit(message.id))
        index.add([message])
        return message

    def _drop(self, id: MessageId) -> None:
        with self._mutex:
            self._catalogue.live.discard(id)
            try:
                self._folder.remove([self._folder.part(id)])
            except OSError as error:
                log.error("%s", failure_of(error, f"remove {self._folder.part(id)}").sentence)  # noqa: TRY400

    def _open(self, index: Index, id: MessageId) -> OpusReader | Failure:
        message = _known(index, id)
        if isinstance(message, Failure):
            return message
        file = self._folder.whole(id).open("rb")
        try:
            return OpusReader(file)
        except OggError as error:
            file.close()
            return failure(Trouble.FAILED, "play the message", error)

    def _delete(self, index: Index, id: MessageId) -> Message | Failure:
        message = _known(index, id)
        if isinstance(message, Message):
            index.delete([id])
            self._undo.append(id)
            return replace(message, state=State.DELETED)
        return message

    def _restore(self, index: Index) -> Message | Failure:
        while self._undo:
            index.restore(self._undo[-1])
            message = _known(index, self._undo.pop())
            if isinstance(message, Message):
                return message
        return failure(Trouble.UNKNOWN, "bring a message back")

    def _purge(self, index: Index) -> int:
        ids = index.deleted()
        remove(self._folder, index, ids)
        self._undo.clear()
        self._folder.take_ballast()
        return len(ids)

    def _expire(self, index: Index, now: float) -> int:
        if not self._limits.days:
            return 0
        ids = index.heard_before(now - self._limits.days * _DAY)
        index.delete(ids)
        remove(self._folder, index, ids)
        return len(ids)


def _known(index: Index, id: MessageId) -> Message | Failure:
    message = index.get(id)
    if message is None or message.state is State.DELETED:
        return failure(Trouble.UNKNOWN, f"find {id}")
    return message


def _mark(index: Index, id: MessageId, state: State) -> Message | Failure:
    message = _known(index, id)
    if isinstance(message, Failure):
        return message
    index.set_state(id, state)
    return replace(message, state=state)
