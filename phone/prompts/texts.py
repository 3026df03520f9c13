"""What is said, in each language: `texts/<language>.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).with_name("texts")
_PLAIN = "sentence"
"""The table whose keys are names as they are; those of the others have the table's name before them."""
_VOICE = "voice"


@dataclass(frozen=True, slots=True)
class Speaker:
    """How espeak-ng is to speak."""

    name: str
    words_per_minute: str
    pitch: str
    """0 to 99."""


@dataclass(frozen=True, slots=True)
class Script:
    """All prompts of one language: what is spoken, by name."""

    speaker: Speaker
    texts: dict[str, str]


def languages() -> tuple[str, ...]:
    """Those that there are texts for."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def load_script(language: str) -> Script:
    """The script of one of `languages()`."""
    tables = tomllib.loads((_FOLDER / f"{language}.toml").read_text("utf-8"))
    speaker = Speaker(**tables.pop(_VOICE))
    named = {
        key if table == _PLAIN else f"{table}-{key}": text for table, row in tables.items() for key, text in row.items()
    }
    return Script(speaker, named)
