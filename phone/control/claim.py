"""One phone at a time: a lock beside the control socket, taken before anything else of the phone is opened.

It dies with its process: a socket that a crash left behind is known as such.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from phone.control.messages import ControlError

CONTROL_SOCKET = "control.sock"
"""Its name in `run_dir`."""
PATH_LIMIT = 107
"""Bytes in the name of a Unix socket (unix(7), less the closing NUL)."""


class AlreadyRunningError(ControlError):
    """Another daemon holds the control socket."""


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """The control socket at `path` is this process's.

    Raises `AlreadyRunningError`, or `ControlError` where nothing can be made beside it.
    """
    held = _lock(path)
    try:
        yield
    finally:
        os.close(held)


@dataclass(slots=True)
class Claims:
    """All that this process claims, given up together when the context ends."""

    _stack: ExitStack = field(default_factory=ExitStack)
    _held: set[Path] = field(default_factory=set)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._held.clear()

    def take(self, path: Path) -> None:
        """As `claimed`; one that is held already stays so. Raises what that raises."""
        if path not in self._held:
            self._stack.enter_context(claimed(path))
            self._held.add(path)


def prepare(path: Path) -> None:
    """Make its folder. Raises `ControlError` where no socket can ever be made at `path`."""
    if len(os.fsencode(path)) > PATH_LIMIT:
        raise ControlError(f"the path of the control socket is too long, choose a shorter run_dir: {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _lock(path: Path) -> int:
    prepare(path)
    try:
        held = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        raise AlreadyRunningError(f"a phone is running already (it holds {path}): stop it first") from error
    return held


def _cannot_write(path: Path, error: OSError) -> ControlError:
    return ControlError(f"cannot write in run_dir {path.parent}: {error.strerror}; let the phone's user write there")
