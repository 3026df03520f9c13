"""A new folder takes the place of the one before. Law: whenever the power goes, there is the old one or the new one, or
`mended` brings the old one back.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from pathlib import Path

from phone.durable import sync

_EXCHANGE = 2
"""RENAME_EXCHANGE of rename(2)."""
_HERE = -100
"""AT_FDCWD."""
_CANNOT = (errno.EINVAL, errno.ENOSYS, errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP)
"""What a file system says that has no such thing."""


def draft_of(target: Path) -> Path:
    """Where to make the new one."""
    return target.with_name(f"{target.name}.new")


def _old_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.old")


def put_in_place(target: Path) -> None:
    """The draft becomes the folder, in one step where the file system can do that. Raises OSError."""
    draft, old = draft_of(target), _old_of(target)
    os.sync()  # a name may reach the disk before what it names
    if not target.exists():
        draft.rename(target)
    elif exchange(draft, target):
        draft.rename(old)
    else:
        target.rename(old)
        draft.rename(target)
    sync(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def left_over(target: Path) -> bool:
    """Whether an installation was cut off here."""
    return any(os.path.lexists(path) for path in (draft_of(target), _old_of(target)))


def mended(target: Path) -> None:
    """After one that was cut off: the folder is there if it ever was, and nothing else. Raises OSError."""
    old = _old_of(target)
    if not target.exists() and old.exists():
        old.rename(target)
        sync(target.parent)
    for path in (draft_of(target), old):
        shutil.rmtree(path, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Each has the other's name, in one step; False: this system cannot do that. Raises OSError."""
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        return False
    if function(_HERE, os.fsencode(one), _HERE, os.fsencode(other), ctypes.c_uint(_EXCHANGE)) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))
