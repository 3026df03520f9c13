"""What a session sends becomes a proposal: a config (or a part of one), a bundle, or an earlier version."""

from __future__ import annotations

from collections.abc import Callable

from phone.config.candidate import check
from phone.config.document import parse
from phone.provision import draft
from phone.provision.apply import Make, Proposal
from phone.provision.contents import Contents
from phone.provision.draft import Draft
from phone.provision.store import Store


def from_config(store: Store, write: Callable[[bytes | None], Draft]) -> Make:
    """`write` makes the whole config from the present one; the keys stay."""

    def make(present: Contents) -> Proposal:
        made = write(present.config)
        config = check(made.document, store.config.parent)
        return Proposal(Contents(made.data, present.keys), config)

    return make


def from_version(store: Store, version: int) -> Make:
    """An earlier version, as it was: the files that it needs may have gone since."""

    def make(_: Contents) -> Proposal:
        contents = store.contents(version)
        if contents.config is None:
            return Proposal(contents, None)
        document = parse(contents.config, draft.SENT.with_name(f"version {version}"))
        return Proposal(contents, check(document, store.config.parent))

    return make
