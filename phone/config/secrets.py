"""The config as others may see it: the typed values say what is secret, and what they do not know is not shown.

Law: a value is shown only where a key of ours says that it is no secret (`field(repr=False)` says that it is). Comments
are never shown: people park old passwords in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_args, get_origin, get_type_hints

from phone.config.document import KeyPath
from phone.config.faults import UnfitError
from phone.config.paths import located
from phone.config.reading import leaves
from phone.config.values import Config, read_secret
from phone.errors import ConfigError

MASK = "***"

Hide = Callable[[object], object]


def masked(values: Mapping[str, object], kind: type = Config) -> dict[str, object]:
    """What the file says, with MASK for each secret (not for an empty one: that is none) and for what has another shape
    than `kind` says, and without keys that `kind` does not know.
    """
    return _table_shown(values, kind, lambda value: "" if value == "" else MASK)


def secret_values(values: Mapping[str, object], folder: Path, kind: type = Config) -> frozenset[str]:
    """The texts that `masked` hides, and the first line of each file that a secret is kept in, where it can be read;
    paths count from `folder`.
    """
    hidden: set[str] = set()

    def hide(value: object) -> None:
        hidden.update(text for _, text in _texts({"": value}))

    _table_shown(values, kind, hide)
    return frozenset(filter(None, hidden.union(_in_files(values, folder, kind))))


def is_secret(key: KeyPath, kind: type = Config) -> bool:
    """Whether that key of the file holds a secret."""
    return key in set(_secret_keys(kind, ()))


def _table_shown(values: Mapping[str, object], kind: type, hide: Hide) -> dict[str, object]:
    hints = get_type_hints(kind)
    secret = {field.name for field in fields(kind) if not field.repr}
    shown = {}
    for name, value in values.items():
        fitting = hide(value) if name in secret or name not in hints else _fitting(value, hints[name], hide)
        if name in hints:
            shown[name] = fitting
    return shown


def _fitting(value: object, hint: object, hide: Hide) -> object:
    """The value as far as it has the shape of `hint`: a secret may stand in a wrong place."""
    if is_dataclass(hint) and isinstance(hint, type):
        return _table_shown(value, hint, hide) if isinstance(value, Mapping) else hide(value)
    if get_origin(hint) is dict:
        if not isinstance(value, Mapping):
            return hide(value)
        return {name: _fitting(inner, get_args(hint)[1], hide) for name, inner in value.items()}
    if isinstance(value, list) and get_origin(hint) is tuple:
        return [_fitting(inner, get_args(hint)[0], hide) for inner in value]
    return hide(value) if isinstance(value, (Mapping, list)) else value


def _secret_keys(kind: type, above: KeyPath) -> Iterator[KeyPath]:
    hints = get_type_hints(kind)
    for field in fields(kind):
        inner = hints[field.name]
        if not field.repr:
            yield (*above, field.name)
        elif is_dataclass(inner) and isinstance(inner, type):
            yield from _secret_keys(inner, (*above, field.name))


def _texts(values: Mapping[str, object]) -> Iterator[tuple[KeyPath, str]]:
    for key, value in leaves(values):
        if isinstance(value, str):
            yield key, value


def _in_files(values: Mapping[str, object], folder: Path, kind: type) -> Iterator[str]:
    """`password_file` is where `password` may be kept, and so on."""
    kept = {(*key[:-1], f"{key[-1]}_file") for key in _secret_keys(kind, ())}
    for key, text in _texts(values):
        if key in kept:
            try:
                yield read_secret(located(text, folder))
            except (ConfigError, UnfitError):
                continue


# --- as TOML --------------------------------------------------------------------------------------------------


def rendered(values: Mapping[str, object]) -> str:
    """TOML of these values: first those that are no tables, then each table under its name."""
    return "\n".join(_table(values, ())).strip("\n") + "\n"


def _table(values: Mapping[str, object], name: KeyPath) -> Iterator[str]:
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    if name and (plain or not values):
        yield f"\n[{'.'.join(map(_key, name))}]"
    yield from (f"{_key(key)} = {_value(value)}" for key, value in plain.items())
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _table(value, (*name, key))


def _key(text: str) -> str:
    bare = text and text.isascii() and text.replace("_", "").replace("-", "").isalnum()
    return text if bare else _quoted(text)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case list() | tuple():
            return f"[{', '.join(_list(value))}]"
        case Mapping():
            return "{ " + ", ".join(f"{_key(str(key))} = {_value(inner)}" for key, inner in value.items()) + " }"
        case _:
            return str(value)


def _list(values: Iterable[object]) -> Iterator[str]:
    return map(_value, values)


def _quoted(text: str) -> str:
    """A basic string: backslash, quote and control characters are escaped."""
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(c: str) -> str:
    if c in '"\\':
        return f"\\{c}"
    return f"\\u{ord(c):04x}" if ord(c) < 0x20 or ord(c) == 0x7F else c
