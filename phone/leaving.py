"""Leaving a message: finds the address that takes messages for somebody, and calls it.

Google's voicemail extension: his server's address, else our own server's outgoing one (`jingle.gingle_voicemail`); by
Jingle where that address lists it, else in the Google dialect. Where there is none, or it cannot be called, the core is
told (`MessageRefused`) and the user dictates here instead.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from xml.etree.ElementTree import Element

from phone.jingle.api import EndReason
from phone.jingle.gingle_voicemail import Ask, Discovery, Found, Step, dialect

log = logging.getLogger(__name__)

_INFO_SECONDS = 10.0
_DISCO_INFO = "http://jabber.org/protocol/disco#info"
_USER_ENDED = frozenset({EndReason.HANGUP, EndReason.CANCELLED})


class Line(Protocol):
    """What it needs of the engine."""

    def ask(self, to: str, payload: Element, token: str) -> None:
        """An IQ-get; its result comes back by `Leaving.answered`."""

    def call(self, id: str, to: str, regarding: str, *, google: bool) -> None:
        """Call a voicemail address."""

    def refused(self, id: str) -> None:
        """Nobody takes this message."""


@dataclass(slots=True)
class _Search:
    """One message that looks for its address, or is being left there."""

    discovery: Discovery
    found: Found | None = None
    token: str = ""
    """Of the question what `found` speaks."""
    due: float | None = None
    called: bool = False


@dataclass(slots=True)
class Leaving:
    """All messages that are being left, by the ids of their legs."""

    line: Line
    own: Callable[[], str]
    """Our full or bare JID."""
    _searches: dict[str, _Search] = field(default_factory=dict)

    def __contains__(self, id: str) -> bool:
        return id in self._searches

    def begin(self, id: str, callee: str, now: float) -> None:
        """Look for who takes messages for `callee`."""
        search = _Search(Discovery(self.own(), callee, secrets.token_urlsafe))
        self._searches[id] = search
        self._go_on(id, search, search.discovery.start(now), now)

    def forget(self, id: str) -> None:
        """The user gave up, or the leg is over."""
        self._searches.pop(id, None)

    def fell(self, id: str, reason: EndReason) -> bool:
        """The call to the address ended before it was taken; whether that means that the message is refused."""
        search = self._searches.pop(id, None)
        if search is None or reason in _USER_ENDED:
            return False
        log.info("the voicemail address %s cannot be called: %s", search.found, reason.value)
        return True

    def answered(self, token: str, payload: Element | None, now: float) -> bool:
        """The reply to `Line.ask`; False: not ours."""
        for id_, search in tuple(self._searches.items()):
            if search.token and search.token == token:
                self._call(id_, search, payload)
                return True
            if (step := search.discovery.answered(token, payload, now)) is not None:
                self._go_on(id_, search, step, now)
                return True
        return False

    def deadline(self) -> float | None:
        """When `expire` is to be called."""
        times = (at for s in self._searches.values() for at in (s.due, s.discovery.deadline))
        return min((at for at in times if at is not None), default=None)

    def expire(self, now: float) -> None:
        """No answer is an answer."""
        for id_, search in tuple(self._searches.items()):
            if search.due is not None and search.due <= now:
                self._call(id_, search, None)
            elif (step := search.discovery.expire(now)) is not None:
                self._go_on(id_, search, step, now)

    def _go_on(self, id: str, search: _Search, step: Step, now: float) -> None:
        match step:
            case Ask(to, payload, token):
                self.line.ask(to, payload, token)
            case Found(jid):
                search.found, search.token, search.due = step, secrets.token_urlsafe(), now + _INFO_SECONDS
                self.line.ask(jid, Element(f"{{{_DISCO_INFO}}}query"), search.token)
            case _:
                del self._searches[id]
                self.line.refused(id)

    def _call(self, id: str, search: _Search, info: Element | None) -> None:
        found, search.token, search.due = search.found, "", None
        if found is None or search.called:
            return
        search.called = True
        google = dialect(_features(info)) == "google"
        log.info("leaving a message for %s at %s (%s)", found.regarding, found.jid, "Google" if google else "Jingle")
        self.line.call(id, found.jid, found.regarding, google=google)


def _features(info: Element | None) -> frozenset[str]:
    """Of a disco#info result (XEP-0030 section 3.1)."""
    if info is None:
        return frozenset()
    return frozenset(each.get("var", "") for each in info.iter(f"{{{_DISCO_INFO}}}feature"))
