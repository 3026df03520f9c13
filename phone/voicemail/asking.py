"""Questions to a server: one at a time of each kind, asked again after a pause when there is no good answer.

Without IO: `Ask` says what to send, times are the caller's monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal
from xml.etree.ElementTree import Element

ANSWER_SECONDS: Final = 30.0
FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 600.0


@dataclass(frozen=True, slots=True)
class Ask:
    """An IQ to send. Its answer comes back with the token."""

    to: str
    payload: Element
    token: str
    kind: Literal["get", "set"] = "get"


class Question:
    """One kind of question: idle, asked, or paused before it is asked again."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._token = ""
        self._failed = 0
        self.due: float | None = None
        """When waiting ends: for the answer, or for the end of the pause."""

    @property
    def idle(self) -> bool:
        return self.due is None

    def ask(self, to: str, payload: Element, now: float, kind: Literal["get", "set"] = "get") -> Ask:
        """It is asked."""
        self._token = self._new_id()
        self.due = now + ANSWER_SECONDS
        return Ask(to, payload, self._token, kind)

    def answers(self, token: str) -> bool:
        """Whether that is the answer; then it is idle."""
        if not self._token or token != self._token:
            return False
        self._token, self.due = "", None
        return True

    def well(self) -> None:
        """The answer was good: pauses begin anew."""
        self._failed = 0

    def pause(self, now: float, longest: float = LONGEST_PAUSE) -> None:
        """It was not."""
        self._token = ""
        self.due = now + min(longest, FIRST_PAUSE * 2**self._failed)
        self._failed = min(self._failed + 1, 16)

    def rest(self, until: float) -> None:
        """All is well until then."""
        self._token, self._failed, self.due = "", 0, until

    def reset(self) -> None:
        """The connection is gone, and so are questions."""
        self._token, self._failed, self.due = "", 0, None

    def silent(self, now: float) -> bool:
        """It was asked, and no answer came; then it is idle."""
        if self._token and self._over(now):
            self._token, self.due = "", None
            return True
        return False

    def rested(self, now: float) -> bool:
        """Its pause is over; then it is idle."""
        if not self._token and self._over(now):
            self.due = None
            return True
        return False

    def _over(self, now: float) -> bool:
        return self.due is not None and self.due <= now
