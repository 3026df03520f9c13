"""Service discovery (XEP-0030) of the component and its addresses (pure).

Every voicemail address answers alike, whether there is such an account or not.
"""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element, SubElement

from phone.jingle.elements import service_features
from phone.jingle.jid import bare, normal
from phone.service.addresses import OUTGOING, VOICEMAIL, Addresses
from phone.voicemail.pubsub import PUBSUB
from phone.voicemail.wire import NS

INFO: Final = "http://jabber.org/protocol/disco#info"
ITEMS: Final = "http://jabber.org/protocol/disco#items"
INFO_QUERY: Final = "{http://jabber.org/protocol/disco#info}query"
ITEMS_QUERY: Final = "{http://jabber.org/protocol/disco#items}query"
ACCOUNT_QUERIES: Final = (ITEMS_QUERY, "{ http://jabber.org/protocol/disco#items}query")
"""To accounts: as Google's text prints it there is a space before the namespace, and somebody may have copied that."""
_PING: Final = "urn:xmpp:ping"
_NAME: Final = "Voicemail"


def info(payload: Element, *, plain: bool) -> Element | None:
    """The result of a disco#info query; None: there is no such node. `plain`: Google's dialect is spoken."""
    node = payload.get("node")
    if node is not None:
        return None
    query = Element(INFO_QUERY)
    SubElement(query, f"{{{INFO}}}identity", {"category": "component", "type": "generic", "name": _NAME})
    for feature in (INFO, ITEMS, NS, PUBSUB, _PING, *service_features(plain=plain)):
        SubElement(query, f"{{{INFO}}}feature", {"var": feature})
    return query


def items(payload: Element) -> Element:
    """The result of a disco#items query to us: nothing, so that nobody learns of accounts."""
    node = payload.get("node")
    return Element(ITEMS_QUERY, {} if node is None else {"node": node})


def account_items(addresses: Addresses, asker: str, account: str, payload: Element) -> Element | None:
    """The result of a disco#items query to an account of ours, which its server handed to us; None: there is nothing.

    `voicemail` may be asked by everybody, `outgoingvoicemail` by the account itself. Of other nodes, and of none, we
    know nothing.
    """
    node = payload.get("node")
    if not addresses.is_local(account):
        return None
    if node is None:
        return Element(payload.tag)
    if node == VOICEMAIL:
        item = addresses.mailbox(bare(normal(account)))
    elif node == OUTGOING and bare(normal(asker)) == bare(normal(account)):
        item = addresses.outgoing()
    else:
        return None
    query = Element(payload.tag, {"node": node})
    SubElement(query, f"{payload.tag.removesuffix('query')}item", {"jid": item})
    return query
