"""Stanzas that wait for a session, and those that a lost one may have swallowed: none outlives its use."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from xml.etree.ElementTree import Element

from phone.xmpp.stanzas import PRESENCE

LIFE = 20.0
"""Seconds after which nobody waits for a stanza any more: of a call by then all is over."""


class Outbox:
    """`now` is monotonic, in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._waiting: deque[tuple[float, Element]] = deque()
        self._sent: deque[tuple[float, Element]] = deque()

    def wait(self, stanza: Element) -> None:
        """There is no session now."""
        now = self._now()
        while self._waiting and self._waiting[0][0] <= now:
            self._waiting.popleft()
        self._waiting.append((now + LIFE, stanza))

    def sent(self, stanza: Element) -> None:
        """Handed to a session; presence is renewed by every new session anyway."""
        now = self._now()
        while self._sent and self._sent[0][0] <= now:
            self._sent.popleft()
        if stanza.tag != PRESENCE:
            self._sent.append((now + LIFE, stanza))

    def due(self, lost: Iterable[Element] = ()) -> list[Element]:
        """What a session that begins must send: of the `lost` ones those still of use, then those that waited."""
        now, in_doubt = self._now(), {id(each) for each in lost}
        again = [stanza for end, stanza in self._sent if end > now and id(stanza) in in_doubt]
        fresh = [stanza for end, stanza in self._waiting if end > now]
        self._sent.clear()
        self._waiting.clear()
        return again + fresh
