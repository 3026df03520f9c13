"""Plays back what a process did to a folder (see disk.c) up to any moment, and cuts the power there.

What was not synced may be there, be missing or be there in part: names in any choice, files by sectors of 512 bytes.
More is not assumed of a file system than POSIX says; real ones are kinder.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_HEAD = struct.Struct("<c7xqqq")
_SECTOR = 512


@dataclass(frozen=True, slots=True)
class Act:
    kind: str
    inode: int
    number: int
    data: bytes


def journal(data: bytes) -> Iterator[Act]:
    at = 0
    while at < len(data):
        kind, inode, number, size = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        yield Act(kind.decode(), inode, number, data[at : at + size])
        at += size


@dataclass
class File:
    synced: bytes = b""
    acts: list[Act] = field(default_factory=list)

    def sync(self) -> None:
        for act in self.acts:
            self.synced = _done(self.synced, act)
        self.acts.clear()

    def torn(self, chance: random.Random) -> bytes:
        content = self.synced
        share = chance.choice([0.0, 0.1, 0.5, 0.9, 1.0])
        for act in self.acts:
            pieces = _sectors(act) if act.kind == "w" else [act]
            for piece in pieces:
                if chance.random() < share:
                    content = _done(content, piece)
                elif piece.kind == "w" and chance.random() < share:  # the size is there, the data is not
                    content += bytes(max(0, piece.number + len(piece.data) - len(content)))
        return content


def _done(content: bytes, act: Act) -> bytes:
    if act.kind == "t":
        return content[: act.number].ljust(act.number, b"\0")
    before = content[: act.number].ljust(act.number, b"\0")
    return before + act.data + content[act.number + len(act.data) :]


def _sectors(act: Act) -> Iterator[Act]:
    at = 0
    while at < len(act.data):
        end = min(len(act.data), at + _SECTOR - (act.number + at) % _SECTOR)
        yield Act("w", act.inode, act.number + at, act.data[at:end])
        at = end


class Disk:
    """A folder while things are done to it."""

    def __init__(self) -> None:
        self._files: dict[int, File] = {}
        self._names: dict[str, File] = {}
        self._synced: dict[str, File] = {}
        self._acts: list[tuple[str, str, File | None]] = []

    def do(self, act: Act) -> None:
        match act.kind:
            case "c":
                self._create(act.inode, act.data.decode())
            case "w" | "t":
                self._files[act.inode].acts.append(Act(act.kind, act.inode, act.number, act.data))
            case "s":
                self._files[act.inode].sync()
            case "d":
                self._synced = dict(self._names)
                self._acts.clear()
            case "u":
                self._name("", act.data.decode(), None)
            case "r":
                old, _, new = act.data.decode().partition("/")
                self._name(old, new, self._names[old])

    def _create(self, inode: int, name: str) -> None:
        if self._names.get(name) is not self._files.get(inode) or name not in self._names:
            self._files[inode] = File()  # inodes are used again
            self._name("", name, self._files[inode])

    def _name(self, old: str, new: str, file: File | None) -> None:
        self._acts.append((old, new, file))
        _rename(self._names, old, new, file)

    def cut(self, chance: random.Random, folder: Path) -> None:
        """What is in the folder when the power is there again."""
        names = dict(self._synced)
        kept = chance.choice([0.0, 0.3, 0.7, 1.0])
        in_order = chance.random() < 0.5
        for act in self._acts:
            if chance.random() < kept:
                _rename(names, *act)
            elif in_order:
                break
        for name, file in names.items():
            if not name.endswith("-shm"):  # memory that processes share
                (folder / name).write_bytes(file.torn(chance))


def _rename(names: dict[str, File], old: str, new: str, file: File | None) -> None:
    if old:
        if names.get(old) is not file:
            return  # what should be renamed is not there
        del names[old]
    if file is None:
        names.pop(new, None)
    else:
        names[new] = file
