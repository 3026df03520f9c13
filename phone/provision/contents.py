"""What a version is made of: the config, and the keys that may provision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from phone.provision import files

KEYS = "authorized_keys"
"""Beside the config; sshd reads it by AuthorizedKeysCommand."""
FILES = "files"
"""Beside the config: what bundles brought, under names by content."""
_IN_STORE = "phone.toml"


@dataclass(frozen=True, slots=True)
class Contents:
    """None: there is no such file."""

    config: bytes | None = None
    keys: bytes | None = None

    @classmethod
    def present(cls, config: Path) -> Contents:
        """What the daemon reads at its next start. Raises OSError."""
        return cls(_read(config), _read(config.with_name(KEYS)))

    @classmethod
    def kept(cls, folder: Path) -> Contents:
        """Of one version in the store. Raises OSError."""
        return cls(_read(folder / _IN_STORE), _read(folder / KEYS))

    def as_files(self) -> dict[str, bytes]:
        """For the store."""
        named = {_IN_STORE: self.config, KEYS: self.keys}
        return {name: data for name, data in named.items() if data is not None}

    def reserve(self, config: Path) -> None:
        """Have room for `install`, whatever becomes of the disk. Raises OSError."""
        for field, path in self._places(config):
            data: bytes | None = getattr(self, field)
            if data is not None:
                files.reserve(path, len(data))

    def install(self, config: Path, *, reserved: bool = False) -> None:
        """Make it the present. Each file is old or new at any time; those that are right are not touched. `reserved`:
        by what was reserved, where the disk is full.

        Raises OSError.
        """
        there = Contents.present(config)
        for field, path in self._places(config):
            data: bytes | None = getattr(self, field)
            if data == getattr(there, field):
                continue
            if data is None:
                files.remove(path)
            else:
                files.replace(path, data, reserved=reserved)

    @classmethod
    def release(cls, config: Path) -> None:
        """What was reserved beside it. Raises OSError."""
        for _, path in cls._places(config):
            files.release(path)

    @staticmethod
    def _places(config: Path) -> Iterator[tuple[str, Path]]:
        # The config last: where it is the new one, all is.
        yield "keys", config.with_name(KEYS)
        yield "config", config


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
