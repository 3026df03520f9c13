"""udev rules: the profiles' sound cards keep their names, whatever is plugged in first."""

from __future__ import annotations

from pathlib import Path

from phone.drivers.profilebook import load
from phone.drivers.udev import udev_rules


def card_rules(profiles: Path) -> str:
    """Rules for the cards of all profiles in that folder; "" if none needs any. Raises ConfigError for their faults."""
    found: dict[str, str] = {}
    for file in sorted(profiles.glob("*.toml")):
        text = udev_rules(load(str(file)))
        # The same card, in another profile by another comment, is the same rule.
        found.setdefault(text.rstrip("\n").rpartition("\n")[2], text)
    return "".join(found.values())
