"""Root looks after a config as the user whose it is: the daemon's. Its folders are that user's, and so is whatever link
he has put there, which root alone could follow to somewhere else.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def acting_as_owner(config: Path) -> Iterator[None]:
    """Within, files are read and written as the owner of the config's folder. Nothing changes for who is not root."""
    try:
        status = config.absolute().parent.stat()
    except OSError:  # told by whoever needs it
        status = None
    if status is None or os.geteuid() != 0 or status.st_uid == 0:
        yield
        return
    before = os.getegid(), os.getgroups()
    _become(status.st_uid, status.st_gid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(before[0])
        os.setgroups(before[1])


def _become(user: int, group: int) -> None:
    """In effect alone: the history still tells that it was root. credentials(7)."""
    os.setgroups([group])
    with suppress(KeyError):
        known = pwd.getpwuid(user)
        group = known.pw_gid
        os.initgroups(known.pw_name, group)
    os.setegid(group)
    os.seteuid(user)
