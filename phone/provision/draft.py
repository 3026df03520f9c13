"""What was sent becomes the text of a whole config: as it stands, put over the present one, or in place of a table.

Law: whatever TOML library writes the text, it says exactly the values that were meant; comments are kept where that can
be done. MASK in the place of a secret means the secret that the phone has.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from phone.config.document import Document, KeyPath, parse
from phone.config.secrets import MASK, is_secret, rendered
from phone.errors import ConfigError
from phone.provision.errors import UnfitInputError

Table = MutableMapping[str, object]
SENT = Path("stdin")
"""What errors call the file that came through the pipe."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A whole config that nobody has checked yet."""

    data: bytes
    document: Document
    """Its values, with the lines of what was sent."""


def whole(sent: bytes, present: bytes | None) -> Draft:
    """The config is what was sent. Raises ConfigError, UnfitInputError."""
    document = parse(sent, SENT)
    if not any(_masked(document.values)):
        return Draft(sent, document)
    values = _copy(document.values)
    _unmask(values, present, document)
    return _draft(sent, values, document, lambda tree: _put(tree, _revealed(document.values, values)))


def merged(sent: bytes, present: bytes | None) -> Draft:
    """Its keys take the place of the present ones, all others stay. Raises ConfigError, UnfitInputError."""
    document = parse(sent, SENT)
    part = _copy(document.values)
    _unmask(part, present, document)
    values = values_of(present)
    _put(values, part)
    return _draft(present or b"", values, document, lambda tree: _put(tree, part))


def replaced(sent: bytes, present: bytes | None, name: str) -> Draft:
    """The table of that name is what was sent, and all else stays. Raises ConfigError, UnfitInputError."""
    document = parse(sent, SENT)
    part = _copy(document.values)
    key = tuple(name.split("."))
    table = _the_only(part, key)
    _unmask(part, present, document)
    values = values_of(present)
    _set(values, key, table)
    return _draft(present or b"", values, document, lambda tree: _set(tree, key, table))


def edited(made: Draft, changes: Mapping[KeyPath, object]) -> Draft:
    """With these values; None: without that key."""
    if not changes:
        return made

    def edit(tree: Table) -> None:
        for key, value in changes.items():
            _set(tree, key, value)

    values = _copy(made.document.values)
    edit(values)
    return _draft(made.data, values, made.document, edit)


def values_of(present: bytes | None) -> dict[str, object]:
    """Of the present config. Raises UnfitInputError where it is none: then only a whole one helps."""
    try:
        return tomllib.loads((present or b"").decode())
    except ValueError as error:
        raise UnfitInputError("the phone's present config is no TOML: send a whole one") from error


def _draft(base: bytes, values: Mapping[str, object], document: Document, edit: Callable[[Table], None]) -> Draft:
    return Draft(_written(base, values, edit).encode(), Document(document.path, values, document.lines))


def _written(base: bytes, values: Mapping[str, object], edit: Callable[[Table], None]) -> str:
    """With the comments of `base`, if the library gets it right."""
    try:
        tree = tomlkit.parse(base)
        edit(tree)
        text = tomlkit.dumps(tree)
        if tomllib.loads(text) == values:
            return text
    except (TOMLKitError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        pass  # it has bugs with tables out of order and with dotted keys
    return rendered(values)


def _the_only(part: Mapping[str, object], key: KeyPath) -> Mapping[str, object]:
    """The table of that key; there must be nothing beside it."""
    inner: object = part
    for name in key:
        if not isinstance(inner, Mapping) or inner.keys() != {name}:
            table = ".".join(key)
            raise UnfitInputError(f"what was sent must have the table [{table}] and nothing else (or leave --part out)")
        inner = inner[name]
    if not isinstance(inner, Mapping):
        raise UnfitInputError(f"{'.'.join(key)} is no table: send `[{'.'.join(key)}]` with its keys below")
    return inner


# --- secrets --------------------------------------------------------------------------------------------------


def _masked(values: Mapping[str, object], above: KeyPath = ()) -> Iterator[KeyPath]:
    for name, value in values.items():
        key = (*above, name)
        if isinstance(value, Mapping):
            yield from _masked(value, key)
        elif value == MASK and is_secret(key):
            yield key


def _unmask(values: dict[str, object], present: bytes | None, document: Document) -> None:
    for key in tuple(_masked(values)):
        kept = look_up(values_of(present), key)
        if not isinstance(kept, str) or kept == MASK:
            place = f"{document.place(key)}: {'.'.join(key)}"
            raise ConfigError(f"{place}: is masked, and the phone has no such secret that it could keep: write it")
        _set(values, key, kept)


def _revealed(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    """What unmasking has changed."""
    found: dict[str, object] = {}
    for key in _masked(before):
        _set(found, key, look_up(after, key))
    return found


# --- trees ----------------------------------------------------------------------------------------------------


def look_up(values: Mapping[str, object], key: KeyPath) -> object:
    """None where there is no such key."""
    inner: object = values
    for name in key:
        inner = inner.get(name) if isinstance(inner, Mapping) else None
    return inner


def _copy(values: Mapping[str, object]) -> dict[str, object]:
    return copy.deepcopy(dict(values))


def _put(tree: Table, part: Mapping[str, object]) -> None:
    for name, value in part.items():
        there = tree.get(name)
        if isinstance(value, Mapping) and isinstance(there, MutableMapping):
            _put(there, value)
        else:
            tree[name] = value


def _set(tree: Table, key: KeyPath, value: object) -> None:
    for name in key[:-1]:
        inner = tree.get(name)
        if not isinstance(inner, MutableMapping):
            tree[name] = {}
            inner = tree[name]
        if not isinstance(inner, MutableMapping):
            raise TypeError(name)
        tree = inner
    if value is None:
        del tree[key[-1]]
    else:
        tree[key[-1]] = value
