"""What spoils a phone's config: another server, other words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """A server as the config names it; it need not be there."""

    port: int
    ca_file: Path
    domain: str = "localhost"


def swap(old: str, new: str) -> Callable[[str], str]:
    """An edit of the config's text that must find what it changes."""

    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return edit
