"""Recordings in progress, and those that are not in the store yet: a folder of this instance alone.

Law: a recording leaves the folder only after the store has it. What a crash cut off becomes a message of what is there.
Methods block on the disk, and raise OSError where it does not do what it should.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from phone.errors import PhoneError
from phone.ogg.opusfile import Head, OpusWriter, Tags
from phone.ogg.opusreader import OpusReader
from phone.ogg.page import OggError
from phone.service.duties import Kind
from phone.voicemail.files import Folder
from phone.voicemail.label import message_of, new_id, tags_of
from phone.voicemail.message import Caller, Failure, Message, MessageId, Trouble, failure
from phone.voicemail.recording import Recording, Room
from phone.voicemail.recovery import adopt_part

log = logging.getLogger(__name__)

SHORTEST: Final = 1.0
"""Seconds."""
_RESERVE: Final = 64 << 20
"""Bytes of the disk that recordings leave free."""


class SpoolError(PhoneError, OSError):
    """The folder cannot be used."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a recording is for."""

    kind: Kind
    owner: str
    recipient: str
    caller: Caller
    stamp: float


@dataclass(frozen=True, slots=True)
class Found:
    """One that is whole."""

    id: MessageId
    label: Label
    seconds: float
    size: int


class Spool:
    """The folder `path`; it is made, and locked as long as this lives."""

    def __init__(self, path: Path) -> None:
        self._folder = Folder(path)
        try:
            self._folder.make()
            self._lock = self._folder.lock()
        except BlockingIOError as error:
            raise SpoolError(
                f"{path} is another instance's: give each its own store.spool, or end the other one"
            ) from error
        except OSError as error:
            raise SpoolError(f"store.spool: {path} cannot be used: {error.strerror}") from error

    def close(self) -> None:
        """Another instance may have it."""
        os.close(self._lock)

    def begin(self, label: Label, most_bytes: int) -> Recording:
        """One more recording, of so many bytes at most."""
        id = new_id(label.stamp, secrets.token_hex(4))  # noqa: A001 - the field's word
        writer = OpusWriter(secrets.randbits(32), Head(), _tags(label))
        file = self._folder.create(id)
        try:
            file.write(writer.begin())
            self._folder.sync()
        except OSError:
            file.close()
            self._drop(id)
            raise
        message = Message(id, label.caller, label.stamp, 0.0, 0)

        def keep(seconds: float, cut: bool) -> Message | Failure:
            del seconds, cut
            return message if self._commit(id) else failure(Trouble.TOO_SHORT, "keep the message")

        room = Room(most_bytes, _RESERVE, self._folder.free, SHORTEST)
        return Recording(id, file, writer, room, keep, lambda: self._drop(id))

    def recover(self) -> None:
        """Make whole what a crash left: before the first `begin`."""
        names = self._folder.names()
        self._folder.remove_cuts(names)
        for each in sorted(names.parts):
            if not self._commit(each):
                log.warning("a recording that was cut off is too short to be kept: %s", each)

    def waiting(self) -> Iterator[Found]:
        """Those that are whole."""
        for each in sorted(self._folder.names().whole):
            if found := self.find(each):
                yield found

    def find(self, id: MessageId) -> Found | None:
        """One that is whole; None if it is none, or is in the store by now."""
        path = self._folder.whole(id)
        try:
            with path.open("rb") as file:
                reader = OpusReader(file)
                message = message_of(id, reader, path.stat().st_size)
                tags = reader.tags
            kind = Kind(tags.get("KIND"))
        except FileNotFoundError:
            return None
        except (OggError, ValueError) as error:
            log.error("%s is no recording of ours: %s", path, error)  # noqa: TRY400
            return None
        label = Label(kind, tags.get("OWNER"), tags.get("RECIPIENT"), message.caller, message.stamp)
        return Found(id, label, message.seconds, message.size)

    def read(self, id: MessageId) -> bytes:
        """Its Ogg Opus file."""
        return self._folder.whole(id).read_bytes()

    def remove(self, id: MessageId) -> None:
        """The store has it."""
        self._folder.remove([self._folder.whole(id)])

    def _commit(self, id: MessageId) -> bool:
        return adopt_part(self._folder, id, SHORTEST) is not None

    def _drop(self, id: MessageId) -> None:
        try:
            self._folder.remove([self._folder.part(id)])
        except OSError as error:
            log.error("%s cannot be removed: %s", self._folder.part(id), error)  # noqa: TRY400


def _tags(label: Label) -> Tags:
    ours = (("KIND", label.kind.value), ("OWNER", label.owner), ("RECIPIENT", label.recipient))
    return Tags((*tags_of(label.caller, label.stamp).comments, *ours))
