"""One moment kept over a restart as the time of a file: nothing can be torn, and no format grows old."""

from __future__ import annotations

import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)


def read(path: Path) -> float | None:
    """Unix seconds; None if nothing was kept."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def keep(path: Path, at: float) -> None:
    """Keep `at` (Unix seconds). A card that cannot be written is logged, and the phone goes on without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (at, at))
    except OSError as error:
        log.warning("cannot keep a time in %s: %s; the phone goes on without", path, error)
