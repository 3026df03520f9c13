"""What people call themselves: vCards (XEP-0054), vCard4 (XEP-0292) and nicknames (XEP-0172).

Laws: one question at a time per account and once per session; who calls goes first, contacts without a name in the
roster follow slowly; nobody fills our memory or the display, whatever they write into their vCard.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from xml.etree.ElementTree import Element, SubElement

from phone.xmpp.requests import TIMEOUT, Failed, Requests, Result

_LONGEST = 64
"""Characters of a name."""
_AT_ONCE = 2
"""Contacts who are asked at the same time."""
_PAUSE = 0.5
"""Seconds between them: ten thousand questions at sign-in are an attack."""
_CALLERS = 32
"""Callers who are asked at the same time."""
_STRANGERS = 1000
"""Who are remembered besides the roster's; the oldest go."""

_VCARD = "vcard-temp"
_VCARD4 = "urn:ietf:params:xml:ns:vcard-4.0"
_PUBSUB = "http://jabber.org/protocol/pubsub"
_NICK = "http://jabber.org/protocol/nick"


def clean(text: str | None) -> str:
    """One line that can be shown: no control characters, nothing that turns the writing around, at most 64 characters.

    "" where nothing is left.
    """
    line = " ".join((text or "")[: 16 * _LONGEST].split())
    # Cc and Cf steer terminals and bidirectional writing; Cs, Co and Cn have no shape.
    shown = "".join(each for each in line if not unicodedata.category(each).startswith("C"))
    return " ".join(unicodedata.normalize("NFC", shown)[:_LONGEST].split())


@dataclass(frozen=True, slots=True)
class _Source:
    """One place to look for a name: what to ask, and where in the answer it may stand, the best first."""

    question: Callable[[], Element]
    paths: tuple[str, ...]


def _node(name: str) -> Callable[[], Element]:
    def question() -> Element:
        pubsub = Element(f"{{{_PUBSUB}}}pubsub")
        SubElement(pubsub, f"{{{_PUBSUB}}}items", {"node": name, "max_items": "1"})
        return pubsub

    return question


_ITEM = f"{{{_PUBSUB}}}items/{{{_PUBSUB}}}item"
_SOURCES = (
    _Source(lambda: Element(f"{{{_VCARD}}}vCard"), (f"{{{_VCARD}}}FN", f"{{{_VCARD}}}NICKNAME")),
    _Source(
        _node("urn:xmpp:vcard4"),
        tuple(f"{_ITEM}/{{{_VCARD4}}}vcard/{{{_VCARD4}}}{name}/{{{_VCARD4}}}text" for name in ("fn", "nickname")),
    ),
    _Source(_node(_NICK), (f"{_ITEM}/{{{_NICK}}}nick",)),
)


class Names:
    """`changed`: a name came; `named`: it is that of a caller. All addresses are bare and canonical."""

    def __init__(self, requests: Requests, changed: Callable[[], None], named: Callable[[str, str], None]) -> None:
        self._requests = requests
        self._changed = changed
        self._named = named
        self._names: dict[str, str] = {}
        self._asked: dict[str, None] = {}
        self._contacts: frozenset[str] = frozenset()
        self._waiting: deque[str] = deque()
        self._slow: set[str] = set()
        """Contacts who are being asked."""
        self._callers: set[str] = set()
        """Callers who are being asked: their names are told."""
        self._live = False
        self._timer: asyncio.TimerHandle | None = None

    def name_of(self, bare: str) -> str | None:
        return self._names.get(bare)

    def renew(self) -> None:
        """A new session: who had no name may have one now."""
        self._asked.clear()
        self._waiting.clear()

    def resume(self) -> None:
        """There is a session."""
        self._live = True
        self._next()

    def pause(self) -> None:
        """There is none."""
        self._live = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def want(self, contacts: Iterable[str]) -> None:
        """All contacts without a name in the roster."""
        self._contacts = frozenset(contacts)
        self._waiting = deque(sorted(self._contacts - self._asked.keys() - self._names.keys()))
        self._next()

    def learn(self, caller: str) -> None:
        """Ask at once, unless more call than anybody has callers."""
        if caller in self._slow:
            self._callers.add(caller)
        elif caller not in self._names and caller not in self._asked and len(self._callers) < _CALLERS:
            self._callers.add(caller)
            self._ask(caller, 0)

    def _next(self) -> None:
        while self._live and self._timer is None and len(self._slow) < _AT_ONCE and self._waiting:
            contact = self._waiting.popleft()
            if contact not in self._asked and contact not in self._names:
                self._slow.add(contact)
                self._ask(contact, 0)

    def _ask(self, whom: str, step: int) -> None:
        self._asked[whom] = None
        self._bound(self._asked)
        self._requests.ask("get", whom, _SOURCES[step].question(), partial(self._came, whom, step))

    def _came(self, whom: str, step: int, outcome: Result | Failed) -> None:
        name = _name_in(outcome, _SOURCES[step])
        # Who does not answer at all will not answer the next question either.
        if not name and step + 1 < len(_SOURCES) and outcome != Failed(TIMEOUT):
            self._ask(whom, step + 1)
            return
        if name:
            self._names[whom] = name
            self._bound(self._names)
            self._changed()
        if whom in self._callers:
            self._callers.remove(whom)
            if name:
                self._named(whom, name)
        if whom in self._slow:
            self._slow.remove(whom)
            self._rest()

    def _rest(self) -> None:
        if self._live and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PAUSE, self._rested)

    def _rested(self) -> None:
        self._timer = None
        self._next()

    def _bound(self, table: dict[str, str] | dict[str, None]) -> None:
        if len(table) > len(self._contacts) + _STRANGERS:
            del table[next(each for each in table if each not in self._contacts)]


def _name_in(outcome: Result | Failed, source: _Source) -> str:
    if isinstance(outcome, Failed) or outcome.payload is None:
        return ""
    return next((name for path in source.paths if (name := clean(outcome.payload.findtext(path)))), "")
