"""Many hands on one keypad. Law: a key is down while any page holds it, and no page that has gone holds one."""

from __future__ import annotations

from collections.abc import Hashable
from typing import assert_never

from phone.drivers.panel.messages import HangUp, Lift, Move, NonsenseError, Press, Release
from phone.drivers.panel.values import PanelKeys


class Hands:
    """Passes moves on to `keys`; `names` are the keys that there are."""

    def __init__(self, keys: PanelKeys, names: frozenset[str]) -> None:
        self._keys = keys
        self._names = names
        self._held: dict[str, set[Hashable]] = {}

    def move(self, hand: Hashable, move: Move) -> None:
        """Do it. Raises NonsenseError for a key that is not there."""
        match move:
            case Press(key=key):
                self._press(hand, key)
            case Release(key=key):
                self._release(hand, key)
            case Lift():
                self._keys.lift()
            case HangUp():
                self._keys.hang_up()
            case _:
                assert_never(move)

    def gone(self, hand: Hashable) -> None:
        """Release what it held. The handset stays: a page that is loaded anew must not end the call."""
        for key in sorted(self._held):
            self._release(hand, key)

    def _press(self, hand: Hashable, key: str) -> None:
        if key not in self._names:
            raise NonsenseError(f"a key that is not there: {key[:16]!r}")
        holders = self._held.setdefault(key, set())
        first = not holders
        holders.add(hand)
        if first:
            self._keys.press(key)

    def _release(self, hand: Hashable, key: str) -> None:
        holders = self._held.get(key, set())
        if hand not in holders:
            return
        holders.discard(hand)
        if not holders:
            del self._held[key]
            self._keys.release(key)
