"""Files that are either the old or the new one, whenever the power goes, and locks that die with their holder."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from phone.durable import sync

MODE = 0o660
"""For the group, which the folder hands down (setgid): daemon and provisioning are different users of it."""
FOLDER_MODE = 0o2770
FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system says of a disk that is full."""
_FRESH = ".new"
_RESERVE = ".reserve"


def replace(path: Path, data: bytes, *, reserved: bool = False) -> None:
    """The whole file, or the one that was there. `reserved`: where the disk is full, by what was reserved for it.

    Raises OSError.
    """
    try:
        _replace(path, data)
    except OSError as error:
        if not reserved or error.errno not in FULL or not _fits(path, data):
            raise
        _replace_by_reserve(path, data)
    sync(path.parent)


def _replace(path: Path, data: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}{_FRESH}")
    try:
        _write(fresh, data)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def reserve(path: Path, size: int) -> None:
    """Have a file beside it, of so many bytes on the disk. Raises OSError where there is no room for that."""
    # Not zeros: no file system may keep it as a hole.
    _write(_reserve(path), os.urandom(size))


def release(path: Path) -> None:
    """What was reserved for it."""
    _reserve(path).unlink(missing_ok=True)


def _reserve(path: Path) -> Path:
    return path.with_name(f".{path.name}{_RESERVE}")


def _fits(path: Path, data: bytes) -> bool:
    with suppress(OSError):
        return len(data) <= _reserve(path).stat().st_size
    return False


def _replace_by_reserve(path: Path, data: bytes) -> None:
    size = _reserve(path).stat().st_size
    held = os.open(_reserve(path), os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    with os.fdopen(held, "wb", buffering=0) as file:
        file.write(data)  # over what is there: it needs no room
        file.truncate()
        os.fsync(held)
    _reserve(path).replace(path)
    with suppress(OSError):  # there is as much room now as the old one had
        reserve(path, size)


def remove(path: Path) -> None:
    """For good, if it was there."""
    path.unlink(missing_ok=True)
    sync(path.parent)


def make_folder(path: Path, files: dict[str, bytes]) -> None:
    """A folder with these files: whole, or not there at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}{_FRESH}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        fresh.chmod(FOLDER_MODE)
        for name, data in files.items():
            _write(fresh / name, data)
        sync(fresh)
        fresh.rename(path)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    sync(path.parent)


def sweep(folder: Path, name: str = "*") -> None:
    """What a kill left half made; with `name`, of that file alone."""
    for path in folder.glob(f".{name}.*{_FRESH}"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    held = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(held, "wb") as file:
        file.write(data)
        file.flush()
        with suppress(PermissionError):  # not our group: then the folder is not either, and it is one user's affair
            os.fchown(held, -1, path.parent.stat().st_gid)
        os.fchmod(held, MODE)
        os.fsync(held)


@contextmanager
def lock(path: Path, patience: float | None = None) -> Iterator[None]:
    """Hold it: nobody else does until then, or until this process ends, however it does.

    `patience`: seconds, None for ever; raises BlockingIOError after that. Raises OSError.
    """
    held = _open_lock(path)
    try:
        _take(held, patience)
        yield
    finally:
        os.close(held)


def is_locked(path: Path) -> bool:
    """Whether anybody holds it."""
    held = _open_lock(path)
    try:
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(held)


def _open_lock(path: Path) -> int:
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
    with suppress(PermissionError):  # another user's: he has done it
        os.fchmod(held, MODE)  # what the umask took away
    return held


def _take(held: int, patience: float | None) -> None:
    if patience is None:
        fcntl.flock(held, fcntl.LOCK_EX)
        return
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.02)
        else:
            return
