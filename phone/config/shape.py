"""The shape of the file: which tables and keys there are and of which type. By cattrs, all faults at once."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar, cast, get_args, get_type_hints

from cattrs import (
    BaseValidationError,
    ClassValidationError,
    Converter,
    ForbiddenExtraKeysError,
    IterableValidationError,
)
from cattrs import IterableValidationNote as Index
from cattrs.gen import make_dict_structure_fn

from phone.config.document import KeyPath
from phone.config.faults import Fault, UnfitError, did_you_mean
from phone.config.paths import located
from phone.config.values import PeerConfig, Ring

_NAMES: dict[type, str] = {
    str: "a text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list in [ ]",
    dict: "a table",
}

_LONG = 10**9
"""Numbers from here on are not repeated: they fill the screen, and past 4300 digits Python refuses to write them."""

_COLLECTIONS: tuple[tuple[type, type], ...] = (
    (dict[str, str], dict),
    (dict[str, int], dict),
    (dict[str, PeerConfig], dict),
    (tuple[str, ...], list),
    (tuple[int, ...], list),
)

Hook = Callable[[object, type], object]
_T = TypeVar("_T")


def structure(values: Mapping[str, object], folder: Path, kind: type[_T]) -> _T | list[Fault]:
    """The values as the dataclass `kind`, paths counted from `folder`; else what is wrong with their shape."""
    try:
        return _converter(folder).structure(values, kind)
    except BaseValidationError as error:
        return list(_faults(error, (), kind))


def _converter(folder: Path) -> Converter:
    converter = Converter(detailed_validation=True, forbid_extra_keys=True)
    for scalar in (str, bool, int, float):
        converter.register_structure_hook(scalar, _scalar)
    converter.register_structure_hook(Path, lambda value, _: located(str(_scalar(value, str)), folder))
    converter.register_structure_hook_func(_is_literal, _choice)
    converter.register_structure_hook_func(_is_ring, lambda value, _: _ring(value))
    converter.register_structure_hook_factory(is_dataclass, lambda kind: _table(kind, converter))
    for kind, toml in _COLLECTIONS:
        checked = _guarded(converter.get_structure_hook(kind), toml)
        converter.register_structure_hook_func(partial(operator.eq, kind), checked)
    return converter


def _is_literal(kind: object) -> bool:
    return getattr(kind, "__origin__", None) is Literal


def _is_ring(kind: object) -> bool:
    return kind in (Ring, Ring | None)


def _ring(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise UnfitError(f"must be a whole number or a text in quotes, not {_show(value)}")
    return value


def _table(kind: type, converter: Converter) -> Hook:
    hook: Callable[[Mapping[str, object], type], object] = make_dict_structure_fn(
        kind, converter, _cattrs_forbid_extra_keys=True
    )

    def structure_table(value: object, kind: type) -> object:
        return hook(cast("Mapping[str, object]", value), kind)  # _guarded has looked

    return _guarded(structure_table, dict)


def _guarded(hook: Hook, toml: type) -> Hook:
    """By itself cattrs takes any iterable for a list, and looks keys up in whatever it gets."""

    def check(value: object, kind: type) -> object:
        if not isinstance(value, toml):
            raise UnfitError(f"must be {_NAMES[toml]}, not {_show(value)}")
        return hook(value, kind)

    return check


def _scalar(value: object, kind: type) -> object:
    """Unlike cattrs' own: nothing is converted but whole numbers where any number will do."""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return _float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise UnfitError(f"must be {_NAMES[kind]}, not {_show(value)}")
    return value


def _float(value: int) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise UnfitError("is too large a number") from error


def _choice(value: object, kind: type) -> object:
    if isinstance(value, bool) or value not in get_args(kind):
        told = value if type(value) is int and abs(value) < _LONG else _show(value)
        raise UnfitError(f"must be one of {', '.join(map(str, get_args(kind)))}, not {told}")
    return value


def _show(value: object) -> str:
    """Its kind alone: it may be a secret in the wrong place."""
    return _NAMES.get(type(value), "a date or time")


# --- what cattrs found, as sentences --------------------------------------------------------------------------


def _faults(error: BaseException, key: KeyPath, root: type) -> Iterator[Fault]:
    match error:
        case ClassValidationError() | IterableValidationError():
            noted, bare = error.group_exceptions()
            for inner, note in noted:
                yield from _faults(inner, (*key, str(note.index if isinstance(note, Index) else note.name)), root)
            for inner in bare:
                yield from _faults(inner, key, root)
        case ForbiddenExtraKeysError():
            for extra in sorted(error.extra_fields):
                yield Fault((*key, extra), f"is no key of {_table_name(key)}; {_elsewhere(extra, error.cl, key, root)}")
        case KeyError():
            yield Fault(key, "is missing: add it")
        case UnfitError():
            yield Fault(key, str(error))
        case _:
            raise error


def _table_name(key: KeyPath) -> str:
    return f"[{'.'.join(key)}]" if key else "the file's top level"


def _elsewhere(extra: str, here: type, key: KeyPath, root: type) -> str:
    """Where the key may belong."""
    known = [f.name for f in fields(here)]
    if not get_close_matches(extra.lower(), known, n=1, cutoff=0.75):
        for table, names in _tables(root, ()):
            if extra in names and table != key:
                return f"it belongs under {_table_name(table)}"
    return did_you_mean(extra, known)


def _tables(kind: type, key: KeyPath) -> Iterator[tuple[KeyPath, set[str]]]:
    hints = get_type_hints(kind)
    yield key, {f.name for f in fields(kind)}
    for name, inner in hints.items():
        if is_dataclass(inner) and isinstance(inner, type):
            yield from _tables(inner, (*key, name))
