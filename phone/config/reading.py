"""From any config file of ours to checked values: shape, then meaning, and all of what is wrong in one go."""

from __future__ import annotations

import logging
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from phone.config.document import Document, KeyPath, read
from phone.config.faults import Fault
from phone.config.shape import structure
from phone.errors import ConfigError

log = logging.getLogger(__name__)

_T = TypeVar("_T")
_SHOWN = 1e9
"""Numbers from here on are not repeated: they fill the screen."""


Faults = Callable[[Mapping[str, object], Path], Iterable[Fault]]


def read_as(path: Path, kind: type[_T], faults: Faults, example: str = "phone.example.toml") -> _T:
    """The file as the dataclass `kind`; `faults(values, folder)` tells what is wrong with the values' meaning.

    Raises ConfigError: each line `file:line: key: what is wrong, and what to do`.
    """
    return checked(read(path, example), path.parent, kind, faults)


def checked(document: Document, folder: Path, kind: type[_T], faults: Faults) -> _T:
    """The same for a document that is no file yet; paths in it count from `folder`. Raises ConfigError."""
    config = structure(document.values, folder, kind)
    found = [*(config if isinstance(config, list) else ()), *faults(document.values, folder)]
    if found or isinstance(config, list):
        raise ConfigError("\n".join(_line(document, fault) for fault in _in_order(document, found)))
    return config


def leaves(values: Mapping[str, object]) -> Iterator[tuple[KeyPath, object]]:
    """The values inside all tables and lists, however deep: a file may have thousands."""
    waiting: list[tuple[KeyPath, object]] = [((), values)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [((*key, name), inner) for name, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(key, inner) for inner in reversed(value)]
        else:
            yield key, value


def outside(value: float, bounds: tuple[float, float], *, or_zero: bool = False) -> str | None:
    """What is wrong with a number that must be within bounds, both of them included."""
    low, high = bounds
    if low <= value <= high or (or_zero and value == 0):
        return None
    told = f", not {value:g}" if abs(value) < _SHOWN else ""
    return f"must be {'0 or ' if or_zero else ''}from {low:g} to {high:g}{told}"


def warn_of_open_secret(what: str, path: Path) -> None:
    """A secret that everyone may read is used all the same."""
    if path.stat().st_mode & stat.S_IROTH:
        log.warning("everyone on this machine can read the %s in %s: chmod o-r %s", what, path, path)


def _in_order(document: Document, found: list[Fault]) -> list[Fault]:
    return sorted(found, key=lambda fault: (document.line(fault.key), fault.key))


def _line(document: Document, fault: Fault) -> str:
    return f"{document.place(fault.key)}: {'.'.join(map(_quoted, fault.key))}: {fault.sentence}"


def _quoted(part: str) -> str:
    return part if part.replace("_", "").replace("-", "").isalnum() else f'"{part}"'
