"""A bundle: one tar file with a config, the files that it names, the keys that may provision, and contacts."""

from __future__ import annotations

from phone.provision.apply import Make
from phone.provision.errors import UnfitInputError
from phone.provision.store import Store

MOST_BYTES = 32 << 20


def from_bundle(store: Store, data: bytes) -> Make:
    raise UnfitInputError("")
