"""What of the hardware does not work now, a sentence for each part: told when it begins and when it is over."""

from __future__ import annotations

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)


class Troubles:
    """By part ("keypad", "hook switch", ...). Any thread may call it."""

    def __init__(self) -> None:
        self._sentences: dict[str, str] = {}
        self._changed: Callable[[], None] = lambda: None

    def watch(self, changed: Callable[[], None]) -> None:
        """From now on call that whenever a trouble begins, changes or is over, in the thread that noticed it."""
        self._changed = changed

    def tell(self, part: str, why: str, *, logged: bool = True) -> None:
        """It does not work, while the rest of the phone goes on. `logged`: unless somebody else does that."""
        told = f"The {part} is out of order: {why}{'' if why.endswith('?') else '.'}"
        if self._sentences.get(part) == told:
            return
        self._sentences[part] = told
        if logged:
            log.warning("%s", told)
        self._changed()

    def over(self, part: str, *, logged: bool = True) -> None:
        """It works (again)."""
        if self._sentences.pop(part, None) is None:
            return
        if logged:
            log.info("The %s works again.", part)
        self._changed()

    def sentences(self) -> tuple[str, ...]:
        """All there are now, in the order in which they began."""
        return tuple(self._sentences.values())
