"""Messages that the user dictated and that are still to be sent, in a folder.

A mailbox of its own (`box`: the same files, the same law), and beside each message a note of how far it has come. What
was acknowledged is sent, whatever happens to the power; what was cut off before it was acknowledged is not, for nobody
wanted it sent like that. A message is uploaded once, and sent once, as far as one end alone can see to that.

Nothing that the card does is raised; all of it blocks on the card.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from phone.voicemail.box import Mailbox
from phone.voicemail.files import FRESH, Folder
from phone.voicemail.message import Caller, Failure, Limits, Message, MessageId, Trouble, failure_of
from phone.voicemail.recording import Recording

log = logging.getLogger(__name__)

LIMITS: Final = Limits(messages=100, bytes=100 << 20)
_NOTE = ".note"
_LEFTOVERS = ("*.m4a", "*.m4a.part", f"*{FRESH}")


class Uploaded(msgspec.Struct, frozen=True):
    """A message that is on the web."""

    url: str
    size: int
    """Bytes of what is there."""
    seconds: float
    sha256: bytes


class _Note(msgspec.Struct, frozen=True):
    """How far a message has come."""

    tried: float | None = None
    uploaded: Uploaded | None = None
    failed: str = ""
    kept: bool = False
    """The user's end of it: it is to be sent although it was cut off."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to somebody."""

    id: MessageId
    to: str
    """Bare JID."""
    name: str
    stamp: float
    """When it was dictated: Unix time."""
    seconds: float
    tried: float | None = None
    """When sending it first failed: Unix time."""
    uploaded: Uploaded | None = None
    failed: str = ""
    """Why it was given up."""


class Outbox:
    """The outbox in the folder `path`."""

    def __init__(self, path: Path, limits: Limits = LIMITS) -> None:
        self._path = path
        self._box = Mailbox(path, limits)
        self._notes: dict[MessageId, _Note] = {}
        self._sent: set[MessageId] = set()
        """Those whose removal the card refused."""
        self._tidy()

    def begin(self, to: str, name: str, stamp: float) -> Recording | Failure:
        """Dictation of a message begins at `stamp` (Unix time). Once `Recording.finish` gave it, it will be sent."""
        begun = self._box.begin(Caller(to, name), stamp, self._accept)
        if isinstance(begun, Failure) and begun.trouble is Trouble.QUOTA and self._drop_failed():
            return self._box.begin(Caller(to, name), stamp, self._accept)
        return begun

    def pending(self) -> tuple[Outgoing, ...] | Failure:
        """To be sent, oldest first."""
        return self._outgoing(failed=False)

    def failed(self) -> tuple[Outgoing, ...] | Failure:
        """Given up, oldest first. They go when there is no room for others, or by `remove`."""
        return self._outgoing(failed=True)

    def sound(self, id: MessageId) -> Path:
        """What was dictated, Ogg Opus."""
        return self._box.sound(id)

    def attachment(self, id: MessageId) -> Path:
        """Where its .m4a file may be put; it does not outlive this process."""
        return self._path / f"{id}.m4a"

    def note_tried(self, id: MessageId, at: float) -> Failure | None:
        """Sending it failed for the first time at `at` (Unix time)."""
        return self._write(id, msgspec.structs.replace(self._note(id), tried=at))

    def note_uploaded(self, id: MessageId, uploaded: Uploaded) -> Failure | None:
        """It is on the web: it need not be uploaded again."""
        return self._write(id, msgspec.structs.replace(self._note(id), uploaded=uploaded))

    def note_failed(self, id: MessageId, why: str) -> Failure | None:
        """It will never be sent."""
        return self._write(id, msgspec.structs.replace(self._note(id), failed=why))

    def remove(self, id: MessageId) -> Failure | None:
        """It was sent, or is not to be sent: it is in no list any more, whatever the card says."""
        self._sent.add(id)
        deleted = self._box.delete(id)
        if isinstance(deleted, Failure) and deleted.trouble is not Trouble.UNKNOWN:
            return deleted
        self._box.purge()
        self._unlink(id)
        self._notes.pop(id, None)
        self._sent.discard(id)
        return None

    def close(self) -> None:
        """Its next use opens it again."""
        self._box.close()

    # --- how ---

    def _accept(self, message: Message) -> Failure | None:
        return self._write(message.id, _Note(kept=True)) if message.interrupted else None

    def _outgoing(self, *, failed: bool) -> tuple[Outgoing, ...] | Failure:
        for each in tuple(self._sent):
            self.remove(each)
        messages = self._box.messages(limit=LIMITS.messages, oldest_first=True)
        if isinstance(messages, Failure):
            return messages
        wanted = [message for message in messages if message.id not in self._sent and self._wanted(message)]
        found = [_outgoing(message, self._note(message.id)) for message in wanted]
        return tuple(each for each in found if bool(each.failed) is failed)

    def _wanted(self, message: Message) -> bool:
        if message.interrupted and self._note(message.id) == _Note():
            log.warning("a message to %s was cut off while it was dictated: it is not sent", message.caller.jid)
            self.remove(message.id)
            return False
        return True

    def _drop_failed(self) -> bool:
        given_up = self.failed()
        if isinstance(given_up, Failure) or not given_up:
            return False
        return self.remove(given_up[0].id) is None

    def _note(self, id: MessageId) -> _Note:
        if id not in self._notes:
            self._notes[id] = self._read(id)
        return self._notes[id]

    def _read(self, id: MessageId) -> _Note:
        path = self._path / f"{id}{_NOTE}"
        try:
            return msgspec.json.decode(path.read_bytes(), type=_Note)
        except FileNotFoundError:
            return _Note()
        except (OSError, msgspec.DecodeError) as error:
            log.error("%s cannot be read (%s): the message is sent from the beginning", path, error)  # noqa: TRY400
            return _Note(kept=True)

    def _write(self, id: MessageId, note: _Note) -> Failure | None:
        """What the card refuses is remembered as long as this process lives."""
        self._notes[id] = note
        try:
            Folder(self._path).put(f"{id}{_NOTE}", msgspec.json.encode(note))
        except OSError as error:
            told = failure_of(error, f"note how far the message {id} has come")
            log.error("%s", told.sentence)  # noqa: TRY400
            return told
        return None

    def _unlink(self, id: MessageId) -> None:
        with suppress(OSError):  # what stays is found by `_tidy`
            for path in (self._path / f"{id}{_NOTE}", self.attachment(id)):
                path.unlink(missing_ok=True)

    def _tidy(self) -> None:
        """What a crash left."""
        messages = self._box.messages(limit=LIMITS.messages)
        if isinstance(messages, Failure):
            return
        names = {f"{message.id}{_NOTE}" for message in messages}
        strays = [path for path in self._path.glob(f"*{_NOTE}") if path.name not in names]
        with suppress(OSError):
            for path in (*strays, *(path for pattern in _LEFTOVERS for path in self._path.glob(pattern))):
                path.unlink(missing_ok=True)


def _outgoing(message: Message, note: _Note) -> Outgoing:
    caller = message.caller
    return Outgoing(
        message.id, caller.jid, caller.name, message.stamp, message.seconds, note.tried, note.uploaded, note.failed
    )
