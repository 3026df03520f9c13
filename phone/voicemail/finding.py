"""Which service takes our messages: the `voicemail` item of the own account (XEP-0030), if it speaks our protocol.

Without IO. A server without voicemail answers with an error, or without an item; so does one whose service is of
another kind when it is asked for its features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from phone.voicemail.wire import NS

DISCO_ITEMS: Final = "http://jabber.org/protocol/disco#items"
DISCO_INFO: Final = "http://jabber.org/protocol/disco#info"
NODE: Final = "voicemail"
_LONGEST: Final = 3071  # bytes of a JID (RFC 7622 section 3.1)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where our messages are."""

    address: str
    """Of the mailbox, as the server gave it."""

    @property
    def service(self) -> str:
        """Its domain."""
        return bare(self.address).rpartition("@")[2]


def bare(jid: str) -> str:
    """Without resource."""
    return jid.partition("/")[0]


def items_query() -> Element:
    """To the own bare JID: where are messages left for us?"""
    return Element(f"{{{DISCO_ITEMS}}}query", {"node": NODE})


def info_query() -> Element:
    """To the service: what does it speak?"""
    return Element(f"{{{DISCO_INFO}}}query")


def mailbox_in(query: Element | None) -> Mailbox | None:
    """By the answer to `items_query`; the first item counts."""
    item = None if query is None else query.find(f"{{{DISCO_ITEMS}}}item")
    mailbox = None if item is None else Mailbox(item.get("jid", "").strip())
    return mailbox if mailbox is not None and _fit(mailbox) else None


def is_ours(query: Element | None) -> bool:
    """By the answer to `info_query`."""
    features = () if query is None else query.iterfind(f"{{{DISCO_INFO}}}feature")
    return any(feature.get("var") == NS for feature in features)


def _fit(mailbox: Mailbox) -> bool:
    address = mailbox.address
    return bool(mailbox.service) and address.isprintable() and " " not in address and len(address.encode()) <= _LONGEST
