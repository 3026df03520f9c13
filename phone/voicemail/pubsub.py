"""The service's mailbox as a PubSub node (XEP-0060): subscribing, listing page by page (XEP-0059), events.

The node is the namespace, `#` and the owner's bare JID. One item is one message; deleting one retracts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, assert_never
from xml.etree.ElementTree import Element, SubElement

from phone.voicemail.wire import NS, RemoteMessage, WireError, checked_id, id_of, message_element, parse_message

PUBSUB: Final = "http://jabber.org/protocol/pubsub"
EVENT: Final = "http://jabber.org/protocol/pubsub#event"
RSM: Final = "http://jabber.org/protocol/rsm"
PAGE: Final = 100
"""Messages in one stanza."""
_COUNT = re.compile(r"[0-9]{1,9}")


def node_of(owner: str) -> str:
    """The node of an owner's mailbox; `owner`: bare JID."""
    return f"{NS}#{owner}"


@dataclass(frozen=True, slots=True)
class Subscribe:
    """An IQ-set: events of `node` are wanted at `jid`, a full JID (XEP-0060 section 6.1)."""

    node: str
    jid: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """An IQ-set: no more (section 6.2)."""

    node: str
    jid: str


@dataclass(frozen=True, slots=True)
class Items:
    """An IQ-get: the messages of `node` in an order of the service's that does not change, those behind the message
    `after`; PAGE at most (section 6.5, XEP-0059). A message that is not there:
    item-not-found, and the phone begins anew.
    """

    node: str
    after: str = ""
    """"": from the first one on."""


Request = Subscribe | Unsubscribe | Items
"""What a phone asks of the node."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The result of `Items`."""

    messages: tuple[RemoteMessage, ...]
    next: str = ""
    """To be asked for as `after`: there are more behind it. "": there are not."""
    refused: int = 0
    """Items that were nonsense."""
    count: int | None = None
    """Messages of the whole mailbox (XEP-0059 2.6): a list of less was cut off. None: it does not say."""


@dataclass(frozen=True, slots=True)
class Event:
    """What has changed at the node (section 7.1): messages that are new, or not what they were, and ids of those that
    were deleted.
    """

    node: str
    published: tuple[RemoteMessage, ...] = ()
    retracted: tuple[str, ...] = ()


def parse_request(payload: Element) -> Request:
    """The payload of an IQ to the service. Raises WireError."""
    if payload.tag != f"{{{PUBSUB}}}pubsub":
        raise WireError(f"{payload.tag} is no request to a node")
    for each in payload:
        match each.tag:
            case "{http://jabber.org/protocol/pubsub}subscribe":
                return Subscribe(_node(each), _needed(each, "jid"))
            case "{http://jabber.org/protocol/pubsub}unsubscribe":
                return Unsubscribe(_node(each), _needed(each, "jid"))
            case "{http://jabber.org/protocol/pubsub}items":
                return Items(_node(each), _page_border(payload, "after"))
    raise WireError("the node can be subscribed to, unsubscribed from, and listed; nothing else")


def request_element(request: Request) -> Element:
    """What `parse_request` reads."""
    pubsub = Element(f"{{{PUBSUB}}}pubsub")
    match request:
        case Subscribe(node, jid):
            SubElement(pubsub, f"{{{PUBSUB}}}subscribe", {"node": node, "jid": jid})
        case Unsubscribe(node, jid):
            SubElement(pubsub, f"{{{PUBSUB}}}unsubscribe", {"node": node, "jid": jid})
        case Items(node, after):
            SubElement(pubsub, f"{{{PUBSUB}}}items", {"node": node})
            _set(pubsub, max=str(PAGE), **({"after": after} if after else {}))
        case _:
            assert_never(request)
    return pubsub


def subscribed_element(request: Subscribe) -> Element:
    """The result of a `Subscribe`."""
    pubsub = Element(f"{{{PUBSUB}}}pubsub")
    about = {"node": request.node, "jid": request.jid, "subscription": "subscribed"}
    SubElement(pubsub, f"{{{PUBSUB}}}subscription", about)
    return pubsub


def listed_element(node: str, listed: Listed) -> Element:
    """The result of `Items`. Raises ValueError for more than PAGE messages."""
    if len(listed.messages) > PAGE:
        raise ValueError(f"{len(listed.messages)} messages are more than a page of {PAGE}")
    pubsub = Element(f"{{{PUBSUB}}}pubsub")
    items = SubElement(pubsub, f"{{{PUBSUB}}}items", {"node": node})
    _put(items, PUBSUB, listed.messages)
    about = {"last": listed.next, "count": "" if listed.count is None else str(listed.count)}
    if any(about.values()):
        _set(pubsub, **{name: text for name, text in about.items() if text})
    return pubsub


def parse_listed(payload: Element, node: str) -> Listed:
    """The same, read; single items that are nonsense are left out. Raises WireError if it is no such list."""
    items = payload.find(f"{{{PUBSUB}}}items")
    if items is None or items.get("node") != node:
        raise WireError(f"this does not list {node}")
    messages, refused = _messages(items, PUBSUB)
    return Listed(messages, _page_border(payload, "last"), refused, _count(payload))


def event_element(event: Event) -> Element:
    """The payload of a headline message from the service to each subscriber."""
    told = Element(f"{{{EVENT}}}event")
    items = SubElement(told, f"{{{EVENT}}}items", {"node": event.node})
    _put(items, EVENT, event.published)
    for each in event.retracted:
        SubElement(items, f"{{{EVENT}}}retract", {"id": each})
    return told


def parse_event(payload: Element) -> Event:
    """The same, read. Raises WireError."""
    items = payload.find(f"{{{EVENT}}}items")
    if payload.tag != f"{{{EVENT}}}event" or items is None:
        raise WireError("an event without items")
    published, refused = _messages(items, EVENT)
    if refused:
        raise WireError(f"an event with {refused} items that are no messages")
    return Event(_node(items), published, tuple(map(id_of, items.iterfind(f"{{{EVENT}}}retract"))))


def _put(items: Element, namespace: str, messages: Iterable[RemoteMessage]) -> None:
    for each in messages:
        SubElement(items, f"{{{namespace}}}item", {"id": each.id}).append(message_element(each))


def _messages(items: Element, namespace: str) -> tuple[tuple[RemoteMessage, ...], int]:
    found = list(_read(items.iterfind(f"{{{namespace}}}item")))
    messages = tuple(each for each in found if each is not None)
    return messages, len(found) - len(messages)


def _read(items: Iterable[Element]) -> Iterator[RemoteMessage | None]:
    for each in items:
        payload = each.find(f"{{{NS}}}message")
        try:
            yield None if payload is None else parse_message(each.get("id", ""), payload)
        except WireError:
            yield None


def _set(pubsub: Element, **children: str) -> None:
    rsm = SubElement(pubsub, f"{{{RSM}}}set")
    for name, text in children.items():
        SubElement(rsm, f"{{{RSM}}}{name}").text = text


def _page_border(payload: Element, name: str) -> str:
    id = payload.findtext(f"{{{RSM}}}set/{{{RSM}}}{name}") or ""  # noqa: A001 - the field's word
    return checked_id(id) if id else ""


def _count(payload: Element) -> int | None:
    text = payload.findtext(f"{{{RSM}}}set/{{{RSM}}}count") or ""
    return int(text) if _COUNT.fullmatch(text) else None


def _node(element: Element) -> str:
    return _needed(element, "node")


def _needed(element: Element, name: str) -> str:
    if not (text := element.get(name, "")) or len(text) > 4096:
        raise WireError(f"{name} is missing, or too long")
    return text
