"""Service discovery and entity capabilities (XEP-0030, XEP-0115): what we can do, what others say they can. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from phone.xmpp.stanzas import CAPS, DISCO_INFO, PING

NODE = "https://phone.example/caps"
"""Names this client software; only the hash beside it means anything (XEP-0115 4)."""

IDENTITY = ("client", "phone", "", "phone")
VOICE_V1 = "http://www.google.com/xmpp/protocol/voice/v1"
_BUNDLE = "voice-v1"
"""How clients from before the hash are told the same (XEP-0115 1.3): libjingle and Yate look for this one."""
_ALWAYS = frozenset((DISCO_INFO, CAPS, PING))
_HASHES = {"sha-1": "sha1", "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
_FORMS = "jabber:x:data"


@dataclass(frozen=True, slots=True)
class CapsKey:
    """What a presence says of its sender's capabilities."""

    node: str
    algorithm: str
    ver: str


class OurCaps:
    """Our own disco#info and the hash that stands for it."""

    def __init__(self, features: Iterable[str]) -> None:
        self.features = frozenset(features) | _ALWAYS
        self.ver = verification(self.info(None), "sha-1") or ""

    def element(self) -> Element:
        """For our presence."""
        told = {"hash": "sha-1", "node": NODE, "ver": self.ver}
        return Element(f"{{{CAPS}}}c", told | ({"ext": _BUNDLE} if VOICE_V1 in self.features else {}))

    def info(self, node: str | None) -> Element:
        """The answer to disco#info; the asked node is given back (XEP-0115 6.2)."""
        query = info_query(node)
        category, kind, _, name = IDENTITY
        SubElement(query, f"{{{DISCO_INFO}}}identity", {"category": category, "type": kind, "name": name})
        for feature in sorted(self.features):
            SubElement(query, f"{{{DISCO_INFO}}}feature", {"var": feature})
        return query

    def knows(self, node: str | None) -> bool:
        """Whether disco#info for that node is about us."""
        return not node or node == f"{NODE}#{self.ver}" or (VOICE_V1 in self.features and node == f"{NODE}#{_BUNDLE}")


def info_query(node: str | None) -> Element:
    return Element(f"{{{DISCO_INFO}}}query", {"node": node} if node else {})


def caps_of(presence: Element) -> CapsKey | None:
    """None where the sender states none, or in the form before version 1.4 (no hash)."""
    c = presence.find(f"{{{CAPS}}}c")
    if c is None:
        return None
    node, algorithm, ver = (c.get(name, "") for name in ("node", "hash", "ver"))
    return CapsKey(node, algorithm, ver) if node and algorithm and ver else None


def features_in(query: Element | None) -> frozenset[str]:
    """The features of a disco#info answer."""
    if query is None:
        return frozenset()
    return frozenset(var for each in query.findall(f"{{{DISCO_INFO}}}feature") if (var := each.get("var")))


def verification(query: Element, algorithm: str) -> str | None:
    """XEP-0115 5.1: the hash over a disco#info answer. None for an unknown algorithm or an answer that 5.4 calls
    ill-formed (duplicates, forms without type): its hash must not be trusted for others.
    """
    name = _HASHES.get(algorithm)
    identities, features = _identities(query), [each.get("var", "") for each in query.iter(f"{{{DISCO_INFO}}}feature")]
    forms = [_form(form) for form in query.findall(f"{{{_FORMS}}}x")]
    kinds = [form[0] for form in forms if form]
    if name is None or None in forms or any(len(set(each)) != len(each) for each in (identities, features, kinds)):
        return None
    text = "".join(f"{part}<" for part in (*sorted(identities), *sorted(features)))
    text += "".join(f"{part}<" for form in sorted(form for form in forms if form) for part in form)
    return base64.b64encode(hashlib.new(name, text.encode(), usedforsecurity=False).digest()).decode()


def _identities(query: Element) -> list[str]:
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    return [
        "/".join(each.get(key, "") for key in ("category", "type", lang, "name"))
        for each in query.findall(f"{{{DISCO_INFO}}}identity")
    ]


def _form(form: Element) -> tuple[str, ...] | None:
    """An extended form (XEP-0128) as the parts that are hashed; None without exactly one FORM_TYPE."""
    fields = {
        field.get("var", ""): sorted(value.text or "" for value in field.findall(f"{{{_FORMS}}}value"))
        for field in form.findall(f"{{{_FORMS}}}field")
    }
    kind = fields.pop("FORM_TYPE", [])
    if len(kind) != 1:
        return None
    parts = [kind[0]]
    for var in sorted(fields):
        parts += [var, *fields[var]]
    return tuple(parts)
