"""Where a report or a capture goes: a file that its user alone may read, or stdout ("-") for the far end of an ssh."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from phone.control import ControlError

STDOUT = Path("-")


def not_for_a_terminal(path: Path | None) -> None:
    """Raises ControlError if it is one, for terminals obey what they are sent."""
    if path == STDOUT and sys.stdout.isatty():
        raise ControlError("this is not for a terminal: name a file with --out, or write `--out - > FILE`")


@contextmanager
def output(path: Path) -> Iterator[BinaryIO]:
    """Open it for writing. A file that is there already is replaced (mode 0600) once all is written; where that fails
    it stays as it was. Raises ControlError.
    """
    if path == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    fresh = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(_opened(fresh), "wb") as file:
            yield file
        fresh.replace(path)
    except OSError as error:
        raise ControlError(f"cannot write {path}: {error.strerror}; name another file with --out") from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def _opened(path: Path) -> int:
    path.unlink(missing_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
