"""Calls that came while the phone was away, from the account's own archive (XEP-0313).

Laws
1. A result counts only from our own account or server, and only for the question that is open.
2. Asked is after our presence is out: from then on everything comes live, so nothing falls between the two. A call
   whose proposal came live is not told again from the archive. What the server kept and brings meanwhile waits for the
   archive's word, and is told with it.
3. A server without archive is no fault; then only what it kept in its offline storage is told.
4. Pages are asked backwards. The newest are told first, for one of their calls may ring still; a phone that was off for
   weeks looks for the others then, beside all else, and tells them when it has them.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from xml.etree.ElementTree import Element, SubElement

from phone.clock import Clock
from phone.xmpp import stanzas
from phone.xmpp.api import ArchivedMessage
from phone.xmpp.jids import bare, canonical
from phone.xmpp.requests import TIMEOUT, Failed, Requests, Result
from phone.xmpp.stanzas import FORWARD, JMI, MAM, MESSAGE, RSM

log = logging.getLogger(__name__)

_PAGE = 100
_NEWEST = 500
"""Messages of any kind that are looked at before anything is told."""
_MOST = 5000
"""And in all: what is older is not looked for."""
_SECONDS = 30.0
"""For all of it: a page that is not asked by then is not."""
_FIRST_TIME = 86_400.0
"""How far back a phone looks that has never been online (seconds)."""
_MARGIN = 60.0
"""Our clock and the server's differ by less (seconds)."""


class Archive:
    """`told` gets the newest, and then the others, oldest first; it is not called for nothing."""

    def __init__(
        self, requests: Requests, own: str, clock: Clock, told: Callable[[tuple[ArchivedMessage, ...]], None]
    ) -> None:
        self._requests = requests
        self._own = own
        self._clock = clock
        self._told = told
        self._query = ""
        self._since = 0.0
        self._seen = 0
        self._until = 0.0
        self._newest_told = False
        self._on_page = 0
        self._page: list[ArchivedMessage] = []
        self._found: list[ArchivedMessage] = []
        self._live: list[ArchivedMessage] = []
        self._rang: set[str] = set()
        self.caught_up = False
        """Whether all since the last time is known."""

    def ask(self, last_seen: float | None) -> None:
        """A new session. `last_seen`: Unix seconds when the last one was known to live; None: never."""
        now = self._clock.wall()
        known = last_seen is not None and last_seen <= now + _MARGIN
        self._since = last_seen - _MARGIN if last_seen is not None and known else now - _FIRST_TIME
        self._query = secrets.token_hex(16)
        self._seen, self.caught_up = 0, False
        self._until, self._newest_told = self._clock.monotonic() + _SECONDS, False
        self._found, self._live, self._rang = [], [], set()
        self._ask_page("")

    @property
    def asking(self) -> bool:
        """The newest are not told yet: what is history will be told with them."""
        return bool(self._query) and not self._newest_told

    def heard(self, sender: str, to: str, payload: Element, stamp: float | None) -> None:
        """A JMI message that came live, or (with its `stamp`) out of the server's offline storage."""
        if not self.asking:
            return
        if stamp is None and payload.tag == f"{{{JMI}}}propose" and len(self._rang) < _NEWEST:
            self._rang.add(payload.get("id", ""))
        if len(self._live) < _NEWEST:
            self._live.append(ArchivedMessage(sender, to, payload, self._clock.wall() if stamp is None else stamp))

    def result(self, result: Element) -> bool:
        """A `<result/>`, of which the caller has checked that our own server sent it; whether it was asked for."""
        if not self._query or result.get("queryid") != self._query or self._on_page >= _PAGE:
            return False
        message = self._message(result.find(f"{{{FORWARD}}}forwarded"))
        self._seen += 1
        self._on_page += 1
        if message is not None:
            self._page.append(message)
        return True

    def _message(self, forwarded: Element | None) -> ArchivedMessage | None:
        """A JMI message between our account and somebody else."""
        inner = forwarded.find(MESSAGE) if forwarded is not None else None
        if forwarded is None or inner is None or inner.get("type") in ("error", "groupchat"):
            return None
        sender, to = canonical(inner.get("from")), canonical(inner.get("to")) or self._own
        payload, stamp = stanzas.child_in(inner, JMI), stanzas.sent_at(forwarded)
        if sender is None or payload is None or stamp is None or self._own not in (bare(sender), bare(to)):
            return None
        return ArchivedMessage(sender, to, payload, stamp)

    def _ask_page(self, before: str) -> None:
        """The newest page before that result; backwards, so that what is too much is the oldest."""
        self._page, self._on_page = [], 0
        query = Element(f"{{{MAM}}}query", {"queryid": self._query})
        form = SubElement(query, f"{{{stanzas.FORMS}}}x", {"type": "submit"})
        _field(form, "FORM_TYPE", MAM).set("type", "hidden")
        _field(form, "start", stanzas.datetime_of(self._since))
        page = SubElement(query, f"{{{RSM}}}set")
        SubElement(page, f"{{{RSM}}}max").text = str(_PAGE)
        SubElement(page, f"{{{RSM}}}before").text = before
        asked = self._query
        self._requests.ask("set", None, query, lambda outcome: self._page_came(asked, outcome))

    def _page_came(self, asked: str, outcome: Result | Failed) -> None:
        if asked != self._query:
            return  # of a session that is over
        self._found[:0] = self._page
        if isinstance(outcome, Failed):
            log.info("no calls from the archive: %s", outcome.condition)
            self._finish(caught_up=outcome.condition != TIMEOUT)
            return
        first = _first_of(outcome.payload)
        if not first or not self._on_page:
            self._finish(caught_up=True)
        elif self._seen >= _MOST or self._clock.monotonic() >= self._until:
            log.info("calls before the last %d messages are not looked for", self._seen)
            self._finish(caught_up=True)
        else:
            if self._seen >= _NEWEST and not self._newest_told:
                self._tell_newest()
            self._ask_page(first)

    def _tell_newest(self) -> None:
        """What belongs to calls that began before them is told once more, with these."""
        all_of_them = self._tell()
        begun = {each.payload.get("id") for each in all_of_them if each.payload.tag == f"{{{JMI}}}propose"}
        self._found = [each for each in all_of_them if each.payload.get("id") not in begun]
        self._live, self._newest_told = [], True

    def _finish(self, *, caught_up: bool) -> None:
        self._query, self.caught_up = "", caught_up
        self._tell()
        self._found, self._live, self._page = [], [], []

    def _tell(self) -> list[ArchivedMessage]:
        """All that was found."""
        known = {_key(each) for each in self._found}
        all_of_them = self._found + [each for each in self._live if _key(each) not in known]
        news = [each for each in all_of_them if each.payload.get("id", "") not in self._rang]
        if news:
            self._told(tuple(sorted(news, key=lambda each: each.stamp)))
        return all_of_them


def _key(message: ArchivedMessage) -> tuple[str, str, str]:
    return message.sender, message.payload.tag, message.payload.get("id", "")


def _field(form: Element, name: str, value: str) -> Element:
    field = SubElement(form, f"{{{stanzas.FORMS}}}field", {"var": name})
    SubElement(field, f"{{{stanzas.FORMS}}}value").text = value
    return field


def _first_of(fin: Element | None) -> str:
    """Of which result the page before must be asked; "" where there is none."""
    if fin is None or fin.tag != f"{{{MAM}}}fin" or fin.get("complete") in ("true", "1"):
        return ""
    return fin.findtext(f"{{{RSM}}}set/{{{RSM}}}first", "")
