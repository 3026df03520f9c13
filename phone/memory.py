"""What outlives a restart beside the call log: volumes, the number that REDIAL calls, do-not-disturb and the keypad's
lock, in one small file.

Law: like the call log it never stops the phone. A file that makes no sense is begun anew, a card that cannot be written
is logged.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import msgspec

from phone.background import Background
from phone.calls.model import Memory
from phone.durable import replace_file

log = logging.getLogger(__name__)

_LONGEST_FILE = 4096  # bytes


def read(path: Path) -> Memory:
    """What was remembered; the defaults where there is nothing of use."""
    try:
        with path.open("rb") as file:
            memory = msgspec.json.decode(file.read(_LONGEST_FILE), type=Memory)
    except FileNotFoundError:
        return Memory()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("%s tells nothing (%s): volumes, REDIAL, do-not-disturb and the lock begin anew", path, error)
        return Memory()
    return replace(
        memory,
        handset_volume=_percent(memory.handset_volume),
        ringer_volume=_percent(memory.ringer_volume),
        speaker_volume=_percent(memory.speaker_volume),
    )


class MemoryWriter:
    """Writes the newest alone, off the loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._newest: Memory | None = None
        self._written: Memory | None = None
        self._background = Background("memory")

    def write(self, memory: Memory) -> None:
        """Write it soon, unless a newer one comes first."""
        self._newest = memory
        self._background.do(self._write)

    def close(self) -> None:
        """Return when the newest is written."""
        self._background.close()

    def _write(self) -> None:
        memory = self._newest
        if memory is None or memory == self._written:
            return
        self._written = memory
        try:
            replace_file(self._path, msgspec.json.encode(memory))
        except OSError as error:
            log.error("cannot write %s: %s; the phone goes on without", self._path, error)  # noqa: TRY400


def _percent(volume: int) -> int:
    return min(100, max(0, volume))
