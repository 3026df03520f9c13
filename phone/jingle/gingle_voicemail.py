"""Where to leave a message (Google Talk voicemail extension): the callee's voicemail address by his server, else our
own outgoing one by ours, else nowhere. A machine without IO: it says whom to ask and takes what they answer.

The reply's address is opaque, and used as it stands. Any error, none at all for 10 s, or a result of no use means that
a server does not know the extension.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal
from xml.etree.ElementTree import Element

from phone.jingle.elements import DTLS, JINGLE, VOICEMAIL
from phone.jingle.jid import bare, normal, valid
from phone.jingle.parse import _split

DISCO_ITEMS: Final = "http://jabber.org/protocol/disco#items"
QUERY_SECONDS: Final = 10.0


class Via(Enum):
    """Which try led there; the value is the disco#items node."""

    THEIRS = "voicemail"
    OURS = "outgoingvoicemail"


@dataclass(frozen=True, slots=True)
class Ask:
    """An IQ-get to send. Its result or error comes back by `answered`, with the token."""

    to: str
    payload: Element
    token: str


@dataclass(frozen=True, slots=True)
class Found:
    """The address to call, with `regarding`: whom the message is for, as a bare JID."""

    jid: str
    via: Via
    regarding: str


@dataclass(frozen=True, slots=True)
class NotSupported:
    """Neither server knows the extension."""


Step = Ask | Found | NotSupported


class Discovery:
    """One search for a voicemail address. Each method gives the next step, or None to wait on."""

    def __init__(self, own: str, callee: str, new_id: Callable[[], str]) -> None:
        """`own`: our full or bare JID; `callee`: theirs."""
        self._own = bare(own)
        self._callee = bare(callee)
        self._new_id = new_id
        self._via: Via | None = None
        self._token = ""
        self.deadline: float | None = None
        """When `expire` should be called."""

    def start(self, now: float) -> Ask:
        """First try: the callee's bare JID."""
        return self._ask(self._callee, Via.THEIRS, now)

    def answered(self, token: str, query: Element | None, now: float) -> Step | None:
        """The answer to an Ask: the payload of a result, or None for an error."""
        if token != self._token or self._via is None:
            return None
        jid = "" if query is None else item(query, self._via)
        if not jid:
            return self._next(now)
        found = Found(jid, self._via, self._callee)
        self._done()
        return found

    def expire(self, now: float) -> Step | None:
        """No answer is an answer."""
        if self.deadline is None or self.deadline > now:
            return None
        return self._next(now)

    def _next(self, now: float) -> Step:
        if self._via is Via.THEIRS:
            return self._ask(self._own, Via.OURS, now)
        self._done()
        return NotSupported()

    def _ask(self, to: str, via: Via, now: float) -> Ask:
        self._via = via
        self._token = self._new_id()
        self.deadline = now + QUERY_SECONDS
        return Ask(to, Element(f"{{{DISCO_ITEMS}}}query", {"node": via.value}), self._token)

    def _done(self) -> None:
        self._via = None
        self.deadline = None


def dialect(features: frozenset[str]) -> Literal["jingle", "google"]:
    """How to call a voicemail address whose disco#info lists these features: by Jingle, where it says that it takes
    messages so and keeps them from who listens on the way; else as Google's own did.
    """
    return "jingle" if features >= {JINGLE, DTLS, VOICEMAIL} else "google"


def item(query: Element, via: Via) -> str:
    """The address in a disco#items result, "" when there is none that can be used.

    Only the first item counts, as in libjingle. The extension's examples write the namespace with a space before it.
    """
    if not _is(query, "query") or query.get("node", "").strip() != via.value:
        return ""
    first = next((child for child in query if _is(child, "item")), None)
    jid = "" if first is None else first.get("jid", "").strip()
    return jid if valid(normal(jid)) else ""


def _is(element: Element, name: str) -> bool:
    namespace, local = _split(element.tag)
    return namespace.strip() == DISCO_ITEMS and local == name
