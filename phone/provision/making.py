"""What a session sends becomes a proposal: a config (or a part of one), a bundle, or an earlier version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from phone.config.document import parse
from phone.provision.apply import Make, Proposal
from phone.provision.contents import Contents
from phone.provision.draft import Draft
from phone.provision.store import Store


def from_config(write: Callable[[bytes | None], Draft]) -> Make:
    """`write` makes the whole config from the present one; the keys stay."""

    def make(present: Contents) -> Proposal:
        made = write(present.config)
        return Proposal(Contents(made.data, present.keys), made.document)

    return make


def from_version(store: Store, version: int) -> Make:
    """An earlier version, as it was: the files that it needs may have gone since."""

    def make(_: Contents) -> Proposal:
        contents = store.contents(version)
        if contents.config is None:
            return Proposal(contents, None)
        return Proposal(contents, parse(contents.config, Path(f"version {version}")))

    return make
