"""Roster, presence and capabilities of others (RFC 6121, XEP-0115)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from xml.etree.ElementTree import Element

from phone.xmpp import caps
from phone.xmpp.api import ContactFact, PeerResource
from phone.xmpp.caps import CapsKey
from phone.xmpp.jids import bare, canonical
from phone.xmpp.names import Names, clean
from phone.xmpp.requests import Failed, Requests, Result
from phone.xmpp.stanzas import ROSTER

log = logging.getLogger(__name__)

_MOST_RESOURCES = 1000
"""Presence of strangers is remembered up to here: nobody may fill our memory."""
_MOST_OF_ONE = 32
"""Resources of one account."""
_MOST_HASHES = 256
"""Of capabilities: the oldest go. Who changes its own all day must not fill our memory."""


@dataclass(frozen=True, slots=True)
class _Contact:
    name: str | None
    subscription: str


class Contacts:
    """Asks for capabilities once per hash, trusts a hash for others only after having computed it."""

    def __init__(
        self, requests: Requests, names: Names, gone: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        self._requests = requests
        self._names = names
        self._gone = gone
        self._changed = changed
        self._roster: dict[str, _Contact] = {}
        self._online: dict[str, dict[str, PeerResource]] = {}
        """By bare JID, then by full JID."""
        self._strangers: set[str] = set()
        """Full JIDs of the present who are not in the roster."""
        self._keys: dict[str, CapsKey | None] = {}
        self._known: dict[CapsKey, frozenset[str]] = {}
        self._asked: set[str] = set()

    def renew(self) -> None:
        """A new session: nobody is known to be there until they say so again."""
        self._online.clear()
        self._strangers.clear()
        self._keys.clear()
        self._asked.clear()
        self._requests.ask("get", None, Element(f"{{{ROSTER}}}query"), self._roster_came)

    def resources(self, address: str) -> tuple[PeerResource, ...]:
        """Available ones, the highest priority first."""
        found = self._online.get(bare(canonical(address) or ""), {}).values()
        return tuple(sorted(found, key=lambda each: -each.priority))

    def features(self, full_jid: str) -> frozenset[str] | None:
        """Of an address in canonical form; None while unknown."""
        resource = self._resource(full_jid)
        return resource.features or None if resource is not None else None

    def is_contact(self, jid: str) -> bool:
        return self._contact(jid).subscription in ("from", "both")

    def name_of(self, jid: str) -> str | None:
        """The roster's name, else the one of the vCard."""
        return self._contact(jid).name or self._names.name_of(bare(canonical(jid) or ""))

    def all(self) -> tuple[ContactFact, ...]:
        return tuple(
            ContactFact(jid, each.name or self._names.name_of(jid), each.subscription)
            for jid, each in self._roster.items()
        )

    def nameless(self) -> tuple[str, ...]:
        """Whom the roster does not name."""
        return tuple(jid for jid, each in self._roster.items() if each.name is None)

    def roster_pushed(self, query: Element) -> None:
        """RFC 6121 2.1.6; the caller has checked that it comes from our server."""
        self._take(query)
        self._changed()

    def _take(self, query: Element) -> None:
        for item in query.findall(f"{{{ROSTER}}}item"):
            jid, subscription = canonical(item.get("jid")), item.get("subscription", "none")
            if jid is None:
                continue
            if subscription == "remove":
                self._roster.pop(jid, None)
            else:
                self._roster[jid] = _Contact(clean(item.get("name")) or None, subscription)

    def presence_came(self, presence: Element) -> None:
        """Available, unavailable or error; subscription stanzas change nothing here (the roster push will)."""
        sender, kind = canonical(presence.get("from")), presence.get("type")
        if sender is None or kind not in (None, "unavailable", "error"):
            return
        if kind is None:
            self._available(sender, presence)
        else:
            self._unavailable(sender)

    def _contact(self, jid: str) -> _Contact:
        return self._roster.get(bare(canonical(jid) or ""), _Contact(None, "none"))

    def _roster_came(self, outcome: Result | Failed) -> None:
        if isinstance(outcome, Failed):
            log.warning("the roster did not come: %s", outcome.condition)
        elif outcome.payload is not None:
            self._roster.clear()
            self._take(outcome.payload)
            self._changed()

    def _resource(self, jid: str) -> PeerResource | None:
        return self._online.get(bare(jid), {}).get(jid)

    def _has_room(self, sender: str) -> bool:
        if len(self._online.get(bare(sender), {})) >= _MOST_OF_ONE:
            return False
        return bare(sender) in self._roster or len(self._strangers) < _MOST_RESOURCES

    def _available(self, sender: str, presence: Element) -> None:
        before = self._resource(sender)
        if before is None and not self._has_room(sender):
            log.warning("presence of %s ignored: too many resources", sender, extra={"remote": bare(sender)})
            return
        key = caps.caps_of(presence)
        if sender in self._keys and self._keys[sender] != key:
            self._asked.discard(sender)
        features = self._known.get(key) if key else None
        if features is None:
            features = before.features if before and self._keys.get(sender) == key else frozenset()
        self._keys[sender] = key
        self._online.setdefault(bare(sender), {})[sender] = PeerResource(sender, features, _priority(presence))
        if bare(sender) not in self._roster:
            self._strangers.add(sender)
        if (key is None or key not in self._known) and sender not in self._asked:
            self._ask(sender, key)

    def _unavailable(self, sender: str) -> None:
        there = self._online.get(bare(sender), {})
        # From a bare JID it means every resource (a server that lost the contact's session).
        for jid in [each for each in there if sender in (each, bare(each))]:
            del there[jid]
            self._strangers.discard(jid)
            self._keys.pop(jid, None)
            self._asked.discard(jid)
            self._gone(jid)
        if not there:
            self._online.pop(bare(sender), None)

    def _ask(self, sender: str, key: CapsKey | None) -> None:
        self._asked.add(sender)
        node = f"{key.node}#{key.ver}" if key else None
        self._requests.ask("get", sender, caps.info_query(node), partial(self._info_came, sender, key))

    def _info_came(self, sender: str, key: CapsKey | None, outcome: Result | Failed) -> None:
        if isinstance(outcome, Failed) or outcome.payload is None:
            log.info("%s does not say what it can do: %s", sender, outcome, extra={"remote": bare(sender)})
            return
        features = caps.features_in(outcome.payload)
        if key and caps.verification(outcome.payload, key.algorithm) == key.ver:
            self._known[key] = features
            if len(self._known) > _MOST_HASHES:
                del self._known[next(iter(self._known))]
            for there in self._online.values():
                for jid in there:
                    if self._keys.get(jid) == key:
                        there[jid] = replace(there[jid], features=features)
        elif self._keys.get(sender) == key and (resource := self._resource(sender)) is not None:
            self._online[bare(sender)][sender] = replace(resource, features=features)


def _priority(presence: Element) -> int:
    text = presence.findtext("{jabber:client}priority", "0").strip()
    try:
        return max(-128, min(127, int(text)))
    except ValueError:
        return 0
