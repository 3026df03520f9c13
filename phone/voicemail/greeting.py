"""What callers hear before the tone: the user's own greeting, else the file of the config, else the built-in one.

The user records a draft, hears it, and takes it or not. Law: taking it is one step, and on the card when it is done; a
power cut leaves the greeting that there was, or the new one, and never half of one. A draft does not outlive the phone.
All of it blocks on the card; nothing that the card does is raised.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from phone.ogg.opusfile import Head, OpusWriter
from phone.ogg.opusreader import OpusReader
from phone.ogg.page import OggError
from phone.voicemail.files import Folder
from phone.voicemail.label import message_of, tags_of
from phone.voicemail.message import Caller, Failure, Message, MessageId, Trouble, failure, failure_of
from phone.voicemail.recording import Recording, Room

log = logging.getLogger(__name__)

MOST_BYTES: Final = 1 << 20
"""Some minutes: nobody listens longer."""
_RESERVE: Final = 1 << 20
_SHORTEST: Final = 1.0
_OWN = MessageId("own")
_DRAFT = MessageId("draft")
_TOLD = "told"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Owed:
    """The service does not have the greeting that callers are to hear."""

    sound: bytes | None
    """An Ogg Opus file; None: there is no own greeting any more."""


class Greetings:
    """Greetings in the folder `path`; `configured` and `built_in`: Ogg Opus files for who has recorded none."""

    def __init__(self, path: Path, configured: Path | None = None, built_in: Path | None = None) -> None:
        self._folder = Folder(path)
        self._others = tuple(each for each in (configured, built_in) if each is not None)
        self._mutex = threading.RLock()
        self._do("bring the greetings in order", self._tidy)

    def heard(self) -> Path | None:
        """The file that callers hear; None: there is none that can be played."""
        files = (self._folder.whole(_OWN), *self._others)
        return next((path for path in files if _playable(path)), None)

    @property
    def own(self) -> bool:
        """The user has recorded it himself."""
        return _playable(self._folder.whole(_OWN))

    @property
    def draft(self) -> Path | None:
        """A greeting that was recorded and is not in use yet."""
        path = self._folder.whole(_DRAFT)
        return path if path.exists() else None

    def begin(self, stamp: float) -> Recording | Failure:
        """Record a draft, in place of the one there was. `stamp`: Unix time."""
        return self._do("record a greeting", lambda: self._begin(stamp))

    def commit(self) -> Failure | None:
        """Callers hear the draft from now on. UNKNOWN: there is none."""
        return self._do("take the greeting", self._commit)

    def discard(self) -> Failure | None:
        """There is no draft any more."""
        return self._do("forget the draft", lambda: self._folder.remove(self._files(_DRAFT)))

    def remove(self) -> Failure | None:
        """Callers hear the configured or built-in greeting again."""
        return self._do("remove the greeting", lambda: self._folder.remove(self._files(_OWN)))

    def take(self, sound: bytes) -> Failure | None:
        """An Ogg Opus file becomes the own greeting at once. UNREADABLE: it is none."""
        return self._do("take the greeting", lambda: self._take(sound))

    # --- the service ---

    def owed(self) -> Owed | Failure | None:
        """What the service must be sent, so that callers hear the same of it; None: nothing."""
        return self._do("compare the greeting with the server's", self._owed)

    def told(self, owed: Owed) -> Failure | None:
        """The service has that now."""
        return self._do("note the greeting of the server", lambda: self._note(owed.sound))

    # --- how ---

    def _do(self, act: str, work: Callable[[], _T]) -> _T | Failure:
        with self._mutex:
            try:
                self._folder.make()
                return work()
            except OSError as error:
                told = failure_of(error, act)
                log.error("%s", told.sentence)  # noqa: TRY400
                return told

    def _tidy(self) -> None:
        names = [*self._files(_DRAFT), self._folder.part(_OWN), self._cut(_OWN)]
        if any(path.exists() for path in names):
            self._folder.remove(names)

    def _files(self, id: MessageId) -> list[Path]:
        return [self._folder.whole(id), self._folder.part(id), self._cut(id)]

    def _cut(self, id: MessageId) -> Path:
        return self._folder.path / f"{id}.cut"

    def _begin(self, stamp: float) -> Recording | Failure:
        if self._folder.free() < _RESERVE:
            return failure(Trouble.FULL, "record a greeting")
        self._folder.remove(self._files(_DRAFT))
        caller = Caller("", "greeting")
        writer = OpusWriter(secrets.randbits(32), Head(), tags_of(caller, stamp))
        file = self._folder.create(_DRAFT)
        try:
            file.write(writer.begin())
        except OSError:
            file.close()
            raise
        room = Room(MOST_BYTES, _RESERVE, self._folder.free, _SHORTEST)
        return Recording(_DRAFT, file, writer, room, lambda _, cut: self._keep(cut=cut), self._drop)

    def _keep(self, *, cut: bool) -> Message | Failure:
        if cut:
            self._drop()
            return failure(Trouble.FAILED, "keep the greeting", "it was cut off: record it again")
        return self._do("keep the greeting", self._kept)

    def _kept(self) -> Message:
        size = self._folder.commit(_DRAFT)
        with self._folder.whole(_DRAFT).open("rb") as file:
            return message_of(_DRAFT, OpusReader(file), size)

    def _drop(self) -> None:
        self._do("forget the draft", lambda: self._folder.remove([self._folder.part(_DRAFT)]))

    def _commit(self) -> Failure | None:
        if self.draft is None:
            return failure(Trouble.UNKNOWN, "take the greeting", "none was recorded")
        self._folder.whole(_DRAFT).rename(self._folder.whole(_OWN))
        self._folder.sync()
        return None

    def _take(self, sound: bytes) -> Failure | None:
        if len(sound) > MOST_BYTES:
            return failure(Trouble.QUOTA, "take the greeting", f"{len(sound)} bytes are more than {MOST_BYTES}")
        self._folder.commit_instead(_DRAFT, sound)
        if not _playable(self._folder.whole(_DRAFT)):
            self._folder.remove(self._files(_DRAFT))
            return failure(Trouble.UNREADABLE, "take the greeting", "it is no Ogg Opus file")
        return self._commit()

    def _owed(self) -> Owed | None:
        own = self._folder.whole(_OWN)
        sound = own.read_bytes() if own.exists() else None
        return Owed(sound) if self._noted() != _digest(sound) else None

    def _noted(self) -> str:
        note = self._folder.path / _TOLD
        return note.read_text("ascii", "replace") if note.exists() else _digest(None)

    def _note(self, sound: bytes | None) -> None:
        self._folder.put(_TOLD, _digest(sound).encode())


def _digest(sound: bytes | None) -> str:
    return "" if sound is None else hashlib.sha256(sound).hexdigest()


def _playable(path: Path) -> bool:
    with suppress(OSError, OggError), path.open("rb") as file:
        return OpusReader(file).seconds > 0
    return False
