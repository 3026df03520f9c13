"""What a report is made of, and the archive that holds it."""

from __future__ import annotations

import io
import lzma
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

_PRESET = 1
"""Of xz: the others want more memory than a Pi Zero can spare."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the archive."""

    name: str
    what: str
    """A line about it, for the one who reads the archive."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Missing:
    """What could not be had."""

    what: str
    why: str
    """A sentence."""


Found = Part | Missing


def text_part(name: str, what: str, text: str) -> Part:
    """A text that ends with its line."""
    return Part(name, what, f"{text.rstrip()}\n".encode(errors="backslashreplace"))


def write_archive(file: BinaryIO, folder: str, parts: Sequence[Part], at: float) -> None:
    """A tar.xz with these in one folder, their time `at` (Unix seconds)."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for part in parts:
            entry = tarfile.TarInfo(f"{folder}/{part.name}")
            entry.size, entry.mtime, entry.mode = len(part.data), int(at), 0o600
            archive.addfile(entry, io.BytesIO(part.data))
    file.write(lzma.compress(made.getvalue(), preset=_PRESET))
