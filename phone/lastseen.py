"""When this phone was last in service: the archive is asked for what came since. The time of a file tells it."""

from __future__ import annotations

import logging
from pathlib import Path

log = logging.getLogger(__name__)


def last_seen(path: Path) -> float | None:
    """Unix seconds; None before the first service."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def seen_now(path: Path) -> None:
    """In service at this moment. Calls are known by their ids: asking for some of them again does no harm, so this
    need not happen often.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        log.warning("cannot keep when this phone was last in service in %s: %s", path, error)
