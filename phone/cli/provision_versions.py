"""`phone provision get`, `history` and `confirm`: what there is, and that it stays."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from phone.cli.common import show, table
from phone.config.secrets import masked, rendered
from phone.provision import trials
from phone.provision.draft import values_of
from phone.provision.errors import ProvisionError
from phone.provision.store import Store
from phone.provision.values import Record


class Got(msgspec.Struct, frozen=True):
    """A config, its secrets masked."""

    version: int | None
    config: dict[str, object]
    ok: bool = True


class History(msgspec.Struct, frozen=True):
    """Newest first."""

    current: int | None
    """The version that the phone has; None: somebody edited the file."""
    versions: tuple[Record, ...]
    ok: bool = True


class Confirmed(msgspec.Struct, frozen=True):
    """The trial's end."""

    version: int
    result: str
    ok: bool = True


def get(options: argparse.Namespace) -> int:
    """Raises ProvisionError for a version or a part that there is not."""
    store = Store.of(options.config)
    contents = store.present() if options.version is None else store.contents(options.version)
    if contents.config is None:
        raise ProvisionError(f"there is no config yet at {store.config}: `phone provision < desk.toml` brings one")
    shown = _part(masked(values_of(contents.config)), options.part)
    version = store.current() if options.version is None else options.version
    show(Got(version, shown), rendered(shown).splitlines(), as_json=options.json)
    return 0


def _part(values: Mapping[str, object], name: str | None) -> dict[str, object]:
    """That table alone, under its name."""
    if not name:
        return dict(values)
    inner: object = values
    for part in name.split("."):
        inner = inner.get(part) if isinstance(inner, Mapping) else None
    if not isinstance(inner, Mapping):
        raise ProvisionError(f"the config has no table [{name}]; it has: {', '.join(_tables(values))}")
    found: object = dict(inner)
    for part in reversed(name.split(".")):
        found = {part: found}
    return dict(found) if isinstance(found, Mapping) else {}


def _tables(values: Mapping[str, object]) -> Iterator[str]:
    return (name for name, value in values.items() if isinstance(value, Mapping))


def history(options: argparse.Namespace) -> int:
    """Raises ProvisionError where the store cannot be read."""
    store = Store.of(options.config)
    told = History(store.current(), store.records()[: max(0, options.limit)])
    show(told, _lines(told) if told.versions else ["no version was given yet"], as_json=options.json)
    return 0


def _lines(told: History) -> Sequence[str]:
    return table([_row(record, current=record.version == told.current) for record in told.versions])


def _row(record: Record, *, current: bool) -> tuple[str, ...]:
    about = "; ".join(filter(None, (record.why, record.comment)))  # long ones would push the others' columns away
    return ("*" if current else " ", str(record.version), record.at, str(record.who), record.result, about)


def confirm(options: argparse.Namespace) -> int:
    """Raises ProvisionError if nothing is on trial."""
    record = trials.confirm(Store.of(options.config))
    done = Confirmed(record.version, record.result)
    show(done, [f"version {record.version} is confirmed"], as_json=options.json)
    return 0
