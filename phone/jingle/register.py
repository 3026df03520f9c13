"""The ids of all calls of an agent, and how many there may be: one for both dialects.

Law: at most `most` calls, at most MAX_STRANGERS of them offered by strangers, no two of them with one id.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from phone.jingle.api import PeerPolicy
from phone.jingle.errors import LocalProtocolError

MAX_LEGS: Final = 16
MAX_STRANGERS: Final = 4
MAX_ID_SHOWN: Final = 64
"""A far end's id names the call in logs and on the control socket only if it is short printable ASCII."""


class Register:
    """Which calls there are. `add` and `admit` put one in, `remove` takes it out when it is over."""

    def __init__(self, new_id: Callable[[], str], most: int = MAX_LEGS) -> None:
        self._new_id = new_id
        self._most = most
        self._strangers: dict[str, bool] = {}
        """Call id -> a stranger offered it."""

    def __contains__(self, id: str) -> bool:
        return id in self._strangers

    def check(self, id: str) -> None:
        """Raises LocalProtocolError when the id is taken."""
        if id in self:
            raise LocalProtocolError(f"call id {id!r} is in use: take a fresh one")

    def add(self, id: str) -> None:
        """A call that we place. Raises LocalProtocolError when the id is taken."""
        self.check(id)
        self._strangers[id] = False

    def full(self, policy: PeerPolicy) -> bool:
        """Whether one more incoming call of such a far end is one too many."""
        if len(self._strangers) >= self._most:
            return True
        return not policy.contact and sum(self._strangers.values()) >= MAX_STRANGERS

    def admit(self, wanted: str, policy: PeerPolicy) -> str:
        """The id of one more incoming call: its own unless that is no name, or another call's."""
        plain_text = wanted.isascii() and wanted.isprintable() and len(wanted) <= MAX_ID_SHOWN
        call = wanted if plain_text and wanted not in self else self._new_id()
        self._strangers[call] = not policy.contact
        return call

    def remove(self, id: str) -> None:
        """It is over."""
        del self._strangers[id]
