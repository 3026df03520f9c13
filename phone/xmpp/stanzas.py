"""Stanzas as elements: built here, taken apart here. Pure; every input may be nonsense."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from phone.xmpp.api import IqError
from phone.xmpp.jids import bare, canonical

CLIENT = "jabber:client"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
JINGLE = "urn:xmpp:jingle:1"
GOOGLE_SESSION = "http://www.google.com/session"
JMI = "urn:xmpp:jingle-message:0"
CARBONS = "urn:xmpp:carbons:2"
FORWARD = "urn:xmpp:forward:0"
HINTS = "urn:xmpp:hints"
DELAY = "urn:xmpp:delay"
PUBSUB_EVENT = "http://jabber.org/protocol/pubsub#event"
DISCO_INFO = "http://jabber.org/protocol/disco#info"
DISCO_ITEMS = "http://jabber.org/protocol/disco#items"
CAPS = "http://jabber.org/protocol/caps"
PING = "urn:xmpp:ping"
ROSTER = "jabber:iq:roster"
EXTDISCO = "urn:xmpp:extdisco:2"
BLOCKING = "urn:xmpp:blocking"
MAM = "urn:xmpp:mam:2"
RSM = "http://jabber.org/protocol/rsm"
FORMS = "jabber:x:data"

IQ = f"{{{CLIENT}}}iq"
MESSAGE = f"{{{CLIENT}}}message"
PRESENCE = f"{{{CLIENT}}}presence"

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (2.2): a server ends the stream over one of them."""


class ForgedError(ValueError):
    """A carbon that did not come from our own account (XEP-0280 11: it must be ignored)."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it was sent, carbon wrapping taken off."""

    sender: str
    to: str
    stanza: Element
    carbon: bool = False
    sent_by_us: bool = False


def iq(kind: str, to: str | None, id: str, payload: Element | None = None) -> Element:
    """`kind`: get, set or result; without `to` the server answers for our account."""
    stanza = _stanza(IQ, to, type=kind, id=id)
    if payload is not None:
        stanza.append(payload)
    return stanza


def error(to: str, id: str, fault: IqError) -> Element:
    """An IQ error (RFC 6120 8.3): condition, then text, then the application's condition."""
    stanza = _stanza(IQ, to, type="error", id=id)
    holder = SubElement(stanza, f"{{{CLIENT}}}error", {"type": fault.type})
    SubElement(holder, f"{{{STANZAS}}}{fault.condition}")
    if fault.text:
        SubElement(holder, f"{{{STANZAS}}}text").text = printable(fault.text)
    if fault.extra:
        namespace, name = fault.extra
        SubElement(holder, f"{{{namespace}}}{name}")
    return stanza


def call_message(to: str, id: str, payload: Element) -> Element:
    """A JMI message. Type chat and the store hint make every server carbon and archive it (XEP-0353 3, 0334)."""
    stanza = _stanza(MESSAGE, to, type="chat", id=id)
    stanza.append(payload)
    SubElement(stanza, f"{{{HINTS}}}store")
    return stanza


def chat_message(to: str, id: str, body: str) -> Element:
    """What a person reads (RFC 6121 5.2); characters that XML cannot hold are left out."""
    stanza = _stanza(MESSAGE, to, type="chat", id=id)
    SubElement(stanza, f"{{{CLIENT}}}body").text = printable(body)
    return stanza


def clean(element: Element) -> Element:
    """A copy of its own, without what XML cannot hold and without the text that follows it."""
    copied = Element(element.tag, {name: printable(value) for name, value in element.attrib.items()})
    copied.text = printable(element.text or "")
    for child in element:
        copied.append(clean(child))
        copied[-1].tail = printable(child.tail or "")
    return copied


def printable(text: str) -> str:
    """Without what XML cannot hold."""
    return _NOT_XML.sub("", text)


def presence(to: str | None, *, available: bool, caps: Element | None) -> Element:
    """Ours, broadcast or directed; with capabilities while we are available."""
    stanza = _stanza(PRESENCE, to)
    if not available:
        stanza.set("type", "unavailable")
    elif caps is not None:
        stanza.append(caps)
    return stanza


def condition_of(stanza: Element) -> str:
    """The defined condition of an error stanza; "undefined-condition" where the sender gave none."""
    holder = stanza.find(f"{{{CLIENT}}}error")
    for child in holder if holder is not None else ():
        namespace, _, name = child.tag.rpartition("}")
        if namespace == f"{{{STANZAS}" and name != "text":
            return name
    return "undefined-condition"


def unwrap(stanza: Element, own_bare: str) -> Letter | None:
    """The message itself, or what a carbon carries; None if it has no usable sender.

    Raises ForgedError for a carbon from anyone but our own account.
    """
    sender = canonical(stanza.get("from")) or own_bare
    for direction in ("received", "sent"):
        wrapper = stanza.find(f"{{{CARBONS}}}{direction}")
        if wrapper is not None:
            if sender != own_bare:
                raise ForgedError(f"a carbon from {sender}")
            return _carbon(wrapper.find(f"{{{FORWARD}}}forwarded/{MESSAGE}"), own_bare, sent=direction == "sent")
    if canonical(stanza.get("from")) is None:
        return None
    return Letter(sender, canonical(stanza.get("to")) or own_bare, stanza)


def _carbon(inner: Element | None, own_bare: str, *, sent: bool) -> Letter | None:
    if inner is None:
        return None
    sender, to = canonical(inner.get("from")), canonical(inner.get("to")) or own_bare
    # Of the two ends of a copy one is always our account.
    if sender is None or bare(sender if sent else to) != own_bare:
        return None
    return Letter(sender, to, inner, carbon=True, sent_by_us=sent)


def age(stanza: Element, now: float) -> float:
    """Seconds since a server put the message aside (XEP-0203); 0 for one that came straight. `now`: wall clock."""
    moment = sent_at(stanza)
    return max(0.0, now - moment) if moment is not None else 0.0


def sent_at(holder: Element) -> float | None:
    """What the `<delay/>` of a message, or of a `<forwarded/>` around it, says: seconds since 1970 (XEP-0203)."""
    delay = holder.find(f"{{{DELAY}}}delay")
    return timestamp(delay.get("stamp")) if delay is not None else None


def timestamp(text: str | None) -> float | None:
    """A XEP-0082 date and time as seconds since 1970; None if it is none."""
    try:
        moment = dt.datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()


def datetime_of(moment: float) -> str:
    """Seconds since 1970 as XEP-0082 writes them."""
    return dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def child_in(stanza: Element, namespace: str) -> Element | None:
    """The first child of that namespace."""
    return next((child for child in stanza if child.tag.startswith(f"{{{namespace}}}")), None)


def _stanza(tag: str, to: str | None, **attributes: str) -> Element:
    stanza = Element(tag, attributes)
    if to is not None:
        stanza.set("to", to)
    return stanza
