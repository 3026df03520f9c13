"""A config that may become the file: all of what is wrong with it, before it is one."""

from __future__ import annotations

from pathlib import Path

from phone.config.checks import faults
from phone.config.document import Document
from phone.config.reading import checked
from phone.config.values import Config


def check(document: Document, folder: Path) -> Config:
    """Paths in it count from `folder`. Raises ConfigError with a line for each fault."""
    return checked(document, folder, Config, faults)
