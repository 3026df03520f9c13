"""The folder of a mailbox: which files are there, and in which order they become durable.

`<id>.part` is being recorded, or was when the power went; `<id>.opus` is whole, for it was synced before it got this
name. Renaming and removing are synced (the folder is) before they count. All raise OSError.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from phone.durable import sync
from phone.voicemail.message import MessageId

_NAME = re.compile(r"(\d{8}T\d{6}Z-[0-9a-f]{8})\.(part|opus|cut)")
_MODE = 0o600  # what people say is nobody else's business
_BALLAST = 1 << 20
"""Bytes that are kept for the day on which the card is full: without them not even deleting would go."""
FRESH = ".new"
"""What `Folder.put` is at goes by this name; a power cut may leave it."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Names:
    """The messages' files; other names are none of ours."""

    parts: frozenset[MessageId]
    whole: frozenset[MessageId]
    cuts: frozenset[MessageId]


class PartFile:
    """A file that grows."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = 0
        """Bytes that were written in whole pieces."""

    def write(self, data: bytes) -> None:
        """All of it; if that fails, a piece of it may be there."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self.size += len(data)

    def sync(self) -> None:
        os.fsync(self._descriptor)

    def close(self) -> None:
        with suppress(OSError):  # what matters was synced
            os.close(self._descriptor)


class Folder:
    """The folder `path`, made if it is not there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        if not self.path.is_dir():
            self.path.mkdir(parents=True, mode=0o700)
            sync(self.path.parent)

    def lock(self) -> int:
        """A descriptor that keeps other processes out while it is open. Raises BlockingIOError if one is in."""
        # Not for writing: it can be had on a card that is read-only.
        descriptor = os.open(self.path / "lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, _MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def names(self) -> Names:
        """All messages' files."""
        kinds: dict[str, set[MessageId]] = {"part": set(), "opus": set(), "cut": set()}
        with os.scandir(self.path) as entries:
            for entry in entries:
                if match := _NAME.fullmatch(entry.name):
                    kinds[match[2]].add(MessageId(match[1]))
        return Names(frozenset(kinds["part"]), frozenset(kinds["opus"]), frozenset(kinds["cut"]))

    def free(self) -> int:
        """Bytes that may still be written."""
        told = os.statvfs(self.path)
        return told.f_bavail * told.f_frsize

    def take_ballast(self) -> None:
        """Take some room, if there is plenty."""
        ballast = self.path / "ballast"
        with suppress(OSError):  # it is a help, no need
            if ballast.exists() or self.free() < 4 * _BALLAST:
                return
            descriptor = os.open(ballast, _NEW, _MODE)
            try:
                os.posix_fallocate(descriptor, 0, _BALLAST)
            finally:
                os.close(descriptor)

    def drop_ballast(self) -> bool:
        """Whether there was any."""
        try:
            (self.path / "ballast").unlink()
        except OSError:
            return False
        return True

    def read_only(self) -> bool:
        """Whether what is there cannot be changed."""
        return os.access(self.path, os.R_OK) and not os.access(self.path, os.W_OK)

    def tight(self) -> bool:
        """Whether the ballast is more than what is free."""
        return self.free() < _BALLAST

    def whole(self, id: MessageId) -> Path:
        return self.path / f"{id}.opus"

    def part(self, id: MessageId) -> Path:
        return self.path / f"{id}.part"

    def create(self, id: MessageId) -> PartFile:
        """Raises FileExistsError if that id is taken."""
        return PartFile(os.open(self.part(id), _NEW | os.O_EXCL, _MODE))

    def sync(self) -> None:
        sync(self.path)

    def commit(self, id: MessageId) -> int:
        """The part, which was synced, becomes whole, if it is not already. Its size."""
        if self.part(id).exists() or not self.whole(id).exists():
            self.part(id).rename(self.whole(id))
        self.sync()
        return self.whole(id).stat().st_size

    def commit_instead(self, id: MessageId, data: bytes) -> int:
        """`data` becomes the whole file, instead of the part or of the file that there was. Its size."""
        cut = self.path / f"{id}.cut"
        file = PartFile(os.open(cut, _NEW | os.O_TRUNC, _MODE))
        try:
            file.write(data)
            file.sync()
        finally:
            file.close()
        cut.rename(self.whole(id))
        self.sync()
        self.part(id).unlink(missing_ok=True)
        return len(data)

    def put(self, name: str, data: bytes) -> None:
        """The file of that name, of ours and no message's, holds this now: all of it, or what it held before."""
        fresh = self.path / f"{name}{FRESH}"
        file = PartFile(os.open(fresh, _NEW | os.O_TRUNC, _MODE))
        try:
            file.write(data)
            file.sync()
        finally:
            file.close()
        fresh.rename(self.path / name)
        self.sync()

    def remove(self, paths: Iterable[Path]) -> None:
        """They are gone for good; those that were not there are too."""
        for path in paths:
            path.unlink(missing_ok=True)
        self.sync()

    def remove_cuts(self, names: Names) -> None:
        """What a power cut left of files that were being mended."""
        if names.cuts:
            self.remove(self.path / f"{name}.cut" for name in names.cuts)
