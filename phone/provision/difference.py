"""What a new version changes, as it may be shown: without secrets."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping

import msgspec

from phone.config.document import KeyPath
from phone.config.secrets import MASK, is_secret, masked, rendered
from phone.provision.contents import Contents
from phone.provision.keyfile import listed

_NOT_SHOWN = "(not shown)"


class Change(msgspec.Struct, frozen=True):
    """One key. Values are as TOML writes them; None: there is none."""

    key: str
    before: str | None
    after: str | None
    secret: bool = False

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.key} = {self.after}"
        if self.after is None:
            return f"- {self.key} = {self.before}"
        return f"~ {self.key} (changed)" if self.secret else f"~ {self.key} = {self.before} -> {self.after}"


def difference(before: Contents, after: Contents) -> tuple[Change, ...]:
    """All that differs in meaning, by key; comments and order are not."""
    return (*_of_config(_values(before.config), _values(after.config)), *_of_keys(before.keys, after.keys))


def same(before: Contents, after: Contents) -> bool:
    """Nothing differs in meaning."""
    return (before.config is None) == (after.config is None) and not difference(before, after)


def _of_config(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[Change]:
    old, new = dict(_leaves(before)), dict(_leaves(after))
    old_shown, new_shown = dict(_leaves(masked(before))), dict(_leaves(masked(after)))
    for key in sorted(old.keys() | new.keys()):
        if key in old and key in new and _equal(old[key], new[key]):
            continue
        yield Change(
            ".".join(_quoted(part) for part in key),
            _shown(key, old_shown) if key in old else None,
            _shown(key, new_shown) if key in new else None,
            is_secret(key),
        )


def _of_keys(before: bytes | None, after: bytes | None) -> Iterator[Change]:
    old, new = listed(before), listed(after)
    for key in sorted(old.keys() - new.keys()):
        yield Change(f"key {key}", old[key], None)
    for key in sorted(new.keys() - old.keys()):
        yield Change(f"key {key}", None, new[key])


def _values(config: bytes | None) -> Mapping[str, object]:
    """Somebody may have edited the present one into nonsense: then everything is new."""
    try:
        return tomllib.loads((config or b"").decode())
    except ValueError:
        return {}


def _leaves(values: Mapping[str, object], above: KeyPath = ()) -> Iterator[tuple[KeyPath, object]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), value


def _equal(one: object, other: object) -> bool:
    """1, 1.0 and true are three values in TOML."""
    return type(one) is type(other) and one == other


def _shown(key: KeyPath, shown: Mapping[KeyPath, object]) -> str:
    if key not in shown:
        return _NOT_SHOWN
    value = shown[key]
    return MASK if value == MASK else rendered({"x": value})[4:].rstrip("\n")


def _quoted(part: str) -> str:
    return part if part.isascii() and part.replace("_", "").replace("-", "").isalnum() else f'"{part}"'
