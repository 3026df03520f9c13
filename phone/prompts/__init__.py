"""What the phone says: made of texts by espeak-ng beforehand (`python -m phone.prompts.build`), files when it runs."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

SUFFIX = ".opus"
_BUILT = Path(__file__).with_name("built")


def default_folder() -> Path:
    """Where the built prompts are: $PHONE_PROMPTS, else inside the package."""
    return Path(os.environ.get("PHONE_PROMPTS") or _BUILT)


@dataclass(frozen=True, slots=True)
class Prompts:
    """The prompts of one language in `folder`."""

    folder: Path
    language: str
    _known: dict[str, str] = field(default_factory=dict)

    def path(self, name: str) -> str:
        """The prompt's Ogg Opus file; "" if it is not there, which is logged once."""
        known = self._known.get(name)
        return self._find(name) if known is None else known

    def _find(self, name: str) -> str:
        file = self.folder / self.language / f"{name}{SUFFIX}"
        there = file.is_file()
        if not there:
            log.error("the prompt %s is not there; make it: python -m phone.prompts.build %s", file, self.folder)
        return self._known.setdefault(name, str(file) if there else "")
