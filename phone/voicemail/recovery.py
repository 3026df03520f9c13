"""Files and index are brought together again: after a crash, and after trouble with the card.

Files are right. What is recorded and not listed becomes a message; what is listed and has no file is dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from io import BytesIO

from phone.durable import sync
from phone.ogg.opusreader import OpusReader, mended
from phone.ogg.page import OggError
from phone.voicemail.files import Folder
from phone.voicemail.index import Index
from phone.voicemail.label import interrupted, message_of
from phone.voicemail.message import Message, MessageId, State

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a recovery came to."""

    messages: tuple[Message, ...]
    """Those that are listed now and were not."""
    left: int
    """Files that could not be dealt with: the card was full, or worse. They are there still."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Brings one mailbox together."""

    folder: Folder
    index: Index
    live: Collection[MessageId]
    """Being recorded: not to be touched."""
    states: Mapping[MessageId, State]
    """What is known, from elsewhere, of messages that are not listed."""
    shortest: float
    """Seconds that a torn recording needs to be a message."""

    def run(self) -> Recovered:
        """Raises OSError and sqlite3.Error; it can be run again then."""
        names = self.folder.names()
        self.folder.remove_cuts(names)
        torn, left = self._each(names.parts - set(self.live), self._part)
        known = self.index.ids()
        whole, left_too = self._each(names.whole - known, self._whole)
        self._drop_lost(known - names.whole)
        found = (*torn, *whole)
        self.index.add(found)
        return Recovered(found, left + left_too)

    def _each(
        self, ids: Collection[MessageId], adopt: Callable[[MessageId], Message | None]
    ) -> tuple[list[Message], int]:
        found = []
        left = 0
        for each in sorted(ids):
            try:
                message = adopt(each)
            except OSError as error:
                log.error("the message %s stays in %s: %s", each, self.folder.path, error)  # noqa: TRY400
                left += 1
            else:
                found += [message] if message else []
        return found, left

    def _part(self, id: MessageId) -> Message | None:
        if self.folder.whole(id).exists():
            self.folder.remove([self.folder.part(id)])
            return None
        message = adopt_part(self.folder, id, self.shortest)
        log.warning("a recording was cut off: %s", message or f"{id} is too short to be kept")
        return message

    def _whole(self, id: MessageId) -> Message | None:
        state = self.states.get(id, State.NEW)
        message = _adopt_whole(self.folder, id, state)
        if state is State.DELETED:
            self.index.add([message] if message else [])  # the service may have to be told
            remove(self.folder, self.index, [id])
            return None
        if message:
            log.info("a message was not listed: %s", message)
        return message

    def _drop_lost(self, ids: Collection[MessageId]) -> None:
        for each in sorted(ids):
            log.error("the file of the message %s is gone from %s; it is listed no more", each, self.folder.path)
        self.index.forget(ids, lost=True)


def remove(folder: Folder, index: Index, ids: Collection[MessageId], *, lost: bool = False) -> None:
    """Remove the files of messages that are marked as deleted, then forget them: see `Index.forget`. Raises OSError and
    sqlite3.Error.
    """
    if ids:
        # Until the removal is on the card the index must know, or they would come back as unlisted ones. Parts too: a
        # power cut may have brought one back.
        folder.remove(path for each in ids for path in (folder.whole(each), folder.part(each)))
        index.forget(ids, lost=lost)


def adopt_part(folder: Folder, id: MessageId, shortest: float, *, cut: bool = False) -> Message | None:
    """Make a recording that was not ended in order a whole file; None if there is not enough of it: it is removed then.
    `cut`: it is known to be cut off, whatever it looks like. Raises OSError.
    """
    path = folder.part(id)
    data = path.read_bytes()
    whole = _mended(data, cut=cut)
    message = message_of(id, OpusReader(BytesIO(whole)), len(whole)) if whole else None
    if message is None or whole is None or message.seconds < shortest:
        folder.remove([path])
        return None
    if whole == data:
        sync(path)
        folder.commit(id)
    else:
        folder.commit_instead(id, whole)
    return message


def _adopt_whole(folder: Folder, id: MessageId, state: State) -> Message | None:
    path = folder.whole(id)
    with path.open("rb") as file:
        try:
            reader = OpusReader(file)
        except OggError as error:
            log.error("%s is no message: %s", path, error)  # noqa: TRY400
            return None
        if reader.complete:
            return message_of(id, reader, path.stat().st_size, state)
    data = _mended(path.read_bytes(), cut=True)
    if data is None:
        log.error("%s is no message: nothing of it can be played", path)
        return None
    folder.commit_instead(id, data)
    return message_of(id, OpusReader(BytesIO(data)), len(data), state)


def _mended(data: bytes, *, cut: bool) -> bytes | None:
    """All that is whole of it, as it is if nothing is missing; None if there is nothing to be heard."""
    try:
        reader = OpusReader(BytesIO(data))
    except OggError:
        return None
    if not cut and mended(reader, reader.tags) == data:
        return data
    return mended(reader, interrupted(reader.tags))
