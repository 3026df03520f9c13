"""What of the hardware does not work now, a sentence for each part: told when it begins and when it is over."""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)


class Troubles:
    """By part ("keypad", "hook switch", ...). Any thread may call it."""

    def __init__(self) -> None:
        self._sentences: dict[str, str] = {}

    def tell(self, part: str, why: str, *, logged: bool = True) -> None:
        """It does not work, while the rest of the phone goes on. `logged`: unless somebody else does that."""
        told = f"The {part} is out of order: {why}{'' if why.endswith('?') else '.'}"
        if logged and self._sentences.get(part) != told:
            log.warning("%s", told)
        self._sentences[part] = told

    def over(self, part: str, *, logged: bool = True) -> None:
        """It works (again)."""
        if self._sentences.pop(part, None) is not None and logged:
            log.info("The %s works again.", part)

    def sentences(self) -> tuple[str, ...]:
        """All there are now, in the order in which they began."""
        return tuple(self._sentences.values())
