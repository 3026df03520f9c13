"""Whom the account does not want to hear of (XEP-0191). The list is the server's; this is our copy of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from xml.etree.ElementTree import Element, SubElement

from phone.xmpp.jids import bare, canonical, domain, resource
from phone.xmpp.requests import Failed, Requests, Result
from phone.xmpp.stanzas import BLOCKING

log = logging.getLogger(__name__)

_ITEM = f"{{{BLOCKING}}}item"


class BlockList:
    """`changed` is called whenever the list is another than before."""

    def __init__(self, requests: Requests, changed: Callable[[], None]) -> None:
        self._requests = requests
        self._changed = changed
        self._blocked: frozenset[str] = frozenset()

    def items(self) -> frozenset[str]:
        """Full and bare JIDs, domains, and domains with a resource."""
        return self._blocked

    def blocks(self, jid: str) -> bool:
        """Whether any of the list's entries covers this address, given in canonical form (XEP-0191 3.1)."""
        place = domain(jid)
        covers = {jid, bare(jid), place, f"{place}/{resource(jid)}"}
        return not covers.isdisjoint(self._blocked)

    def renew(self) -> None:
        """A new session: ask for the list, which is also what makes the server push its changes."""
        self._requests.ask("get", None, Element(f"{{{BLOCKING}}}blocklist"), self._came)

    def block(self, jid: str, *, on: bool) -> None:
        """Ask the server to; the list changes when it has."""
        address = canonical(jid)
        if address is None:
            log.warning("cannot block %r: that is no address", jid)
            return
        request = Element(f"{{{BLOCKING}}}{'block' if on else 'unblock'}")
        SubElement(request, _ITEM, {"jid": address})
        self._requests.ask("set", None, request, partial(self._answered, address, on))

    def pushed(self, payload: Element) -> bool:
        """`<block/>` or `<unblock/>`; whether it is one. The caller has checked that it comes from our server."""
        named = _jids(payload)
        if payload.tag == f"{{{BLOCKING}}}block":
            self._become(self._blocked | named)
        elif payload.tag == f"{{{BLOCKING}}}unblock":
            # Without any item it means all (XEP-0191 3.5); with nonsense for items it means nobody.
            self._become(self._blocked - named if payload.find(_ITEM) is not None else frozenset())
        else:
            return False
        return True

    def _came(self, outcome: Result | Failed) -> None:
        if isinstance(outcome, Failed):
            log.info("no block list: %s", outcome.condition)
        elif outcome.payload is not None and outcome.payload.tag == f"{{{BLOCKING}}}blocklist":
            self._become(_jids(outcome.payload))

    def _answered(self, jid: str, on: bool, outcome: Result | Failed) -> None:
        if isinstance(outcome, Failed):
            log.warning("the server does not %s %s: %s", "block" if on else "unblock", jid, outcome.condition)
            return
        self._become(self._blocked | {jid} if on else self._blocked - {jid})

    def _become(self, blocked: frozenset[str]) -> None:
        if blocked != self._blocked:
            self._blocked = blocked
            self._changed()


def _jids(payload: Element) -> frozenset[str]:
    return frozenset(jid for item in payload.findall(_ITEM) if (jid := canonical(item.get("jid"))))
