"""Namespace delegation (XEP-0355): requests to a server's accounts that the server leaves to a component. Pure.

Of the two namespaces ejabberd 23.01 speaks the older, of version 0.4; the elements are the same.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from phone.xmpp.api import IqError
from phone.xmpp.component_api import InnerIq, IqKind
from phone.xmpp.jids import canonical, domain
from phone.xmpp.stanzas import DISCO_INFO, FORWARD, IQ, clean, error, iq

_KINDS: dict[str | None, IqKind] = {"get": "get", "set": "set"}
_VERSIONS = {1: "urn:xmpp:delegation:1", 2: "urn:xmpp:delegation:2"}
_BY_TAG = {f"{{{namespace}}}delegation": version for version, namespace in _VERSIONS.items()}


def is_delegation(payload: Element) -> bool:
    return payload.tag in _BY_TAG


def unwrap(payload: Element, server: str) -> InnerIq | None:
    """The request inside; None for nonsense and for one that is not to an account of `server`: nobody answers for the
    accounts of others.
    """
    inner = payload.find(f"{{{FORWARD}}}forwarded/{IQ}")
    content = next(iter(inner), None) if inner is not None else None
    if inner is None or content is None:
        return None
    kind, to, sender, iq_id = (inner.get(name) for name in ("type", "to", "from", "id"))
    # A request without an address is to the account of its sender (RFC 6120 10.3.3).
    address = canonical(to) if to is not None else (canonical(sender) or "").partition("/")[0]
    known = _KINDS.get(kind)
    if not address or known is None or not iq_id or domain(address) != server:
        return None
    return InnerIq(canonical(sender) or "", address, iq_id, known, content, _BY_TAG[payload.tag])


def wrap(inner: InnerIq, answer: Element | IqError | None) -> Element:
    """The payload of our result to the server: the answer as the account would have given it."""
    if isinstance(answer, IqError):
        reply = error(inner.sender, inner.id, answer)
    else:
        reply = iq("result", inner.sender, inner.id, clean(answer) if answer is not None else None)
    reply.set("from", inner.to)
    if not inner.sender:
        del reply.attrib["to"]
    namespace = _VERSIONS[inner.version]
    payload = Element(f"{{{namespace}}}delegation")
    SubElement(payload, f"{{{FORWARD}}}forwarded").append(reply)
    return payload


def probe_answer(payload: Element) -> Element | IqError | None:
    """How to answer a server that asks, when we connect, which part of a namespace we manage (XEP-0355 7): not the
    server's own addresses, only those of accounts. None: `payload` is no such question.
    """
    node = payload.get("node", "")
    if payload.tag != f"{{{DISCO_INFO}}}query":
        return None
    for namespace in _VERSIONS.values():
        if node.startswith(f"{namespace}::"):
            return IqError("item-not-found")
        if node.startswith(f"{namespace}:bare:"):
            return Element(payload.tag, {"node": node})
    return None
