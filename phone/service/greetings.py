"""What callers hear: the owner's own greeting, else the config's, else the built-in one; then the beep.

The media processes play files: greetings of the store are kept beside the spool, each version under a name of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from functools import partial
from pathlib import Path

from phone.service import boxes
from phone.service.store import Store, StoreError

log = logging.getLogger(__name__)


class Greetings:
    """`folder`: for the files; `default` and `beep`: paths, "" where there is none."""

    def __init__(self, store: Store, folder: Path, default: str, beep: str) -> None:
        self._store = store
        self._folder = folder
        self._default = default
        self._beep = beep
        self._known: dict[str, tuple[str, str]] = {}
        """Owner -> (version, path)."""

    async def files(self, owner: str) -> tuple[str, ...]:
        """For callers of that mailbox; "": of none. Never raises: the built-in greeting is better than no service."""
        own = ""
        if owner:
            try:
                own = await self._own(owner)
            except (StoreError, OSError) as error:
                log.error("the greeting of %s cannot be had: %s", owner, error)  # noqa: TRY400
        return tuple(path for path in (own or self._default, self._beep) if path)

    async def _own(self, owner: str) -> str:
        known, path = self._known.get(owner, ("", ""))
        version, data = await self._store.read(partial(boxes.greeting_of, owner=owner, known=known))
        if not version:
            self._known.pop(owner, None)
            return ""
        if data is None:
            return path
        file = self._folder / f"{hashlib.sha256(owner.encode()).hexdigest()[:32]}-{version}.opus"
        await asyncio.to_thread(_put, file, data)
        self._known[owner] = (version, str(file))
        return str(file)


def _put(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_suffix(".part")
    part.write_bytes(data)
    part.replace(file)
    for older in file.parent.glob(f"{file.name.partition('-')[0]}-*.opus"):
        if older != file:
            older.unlink(missing_ok=True)  # who plays it has it open
