"""Paths as the config file writes them: relative ones count from its folder, `~` is a home."""

from __future__ import annotations

from pathlib import Path

from phone.config.faults import UnfitError


def located(text: str, folder: Path) -> Path:
    """Where the path leads. Raises UnfitError for one that leads nowhere whatever the disk has."""
    if "\0" in text:
        raise UnfitError("has a NUL character, and no path may have one: take it out")
    try:
        return folder / Path(text).expanduser()
    except RuntimeError as error:
        raise UnfitError(f'begins with "{text.partition("/")[0]}", and nobody here has that name') from error
