"""Every sentence of the display, from `text/<language>.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from phone.errors import ConfigError

_FOLDER = Path(__file__).parent / "text"


@dataclass(frozen=True)
class Texts:
    """The texts of one language, by table and key; tables that speak of an enum's members use their names."""

    tables: dict[str, dict[str, str]]

    def get(self, table: str, key: str | Enum) -> str:
        """One text. Raises KeyError: a text that is missing is our own bug."""
        return self.tables[table][key.name.lower() if isinstance(key, Enum) else key]

    def fill(self, table: str, key: str | Enum, **facts: str) -> str:
        """One text with its places, such as {who}, taken by `facts`. Raises KeyError, too."""
        text = self.get(table, key)
        for place, fact in facts.items():
            text = text.replace(f"{{{place}}}", fact)
        return text

    @property
    def replies(self) -> tuple[str, ...]:
        """The ready-made texts to refuse a call with, in the order of the keys 1, 2, ..."""
        return tuple(self.tables["reply"].values())


def languages() -> tuple[str, ...]:
    """What `load_texts` can load."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def load_texts(language: str) -> Texts:
    """The texts of a language such as "en". Raises ConfigError for one that is not there."""
    if language not in languages():
        raise ConfigError(f'no texts for language "{language}"; there are: {", ".join(languages())}')
    return Texts(tomllib.loads((_FOLDER / f"{language}.toml").read_text("utf-8")))
