"""Why a server makes no account: its errors (RFC 6120, 8.3.3) as plain sentences. Pure."""

from __future__ import annotations

from typing import Literal
from xml.etree.ElementTree import Element

from phone.xmpp.stanzas import child_in

Step = Literal["token", "form", "account"]

_STANZA_ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas"
_REGISTER = "jabber:iq:register"
_DATA = "jabber:x:data"
_LONGEST = 200
_UNKNOWN = frozenset({"feature-not-implemented", "service-unavailable", "bad-request"})
_BUSY = frozenset({"resource-constraint", "policy-violation"})
_INSTEAD = "ask for an account with its password, and give them to the phone (`phone provision`)"


def sentence(step: Step, condition: str, text: str, host: str) -> str:
    """`text`: the server's own words, "" if it has none."""
    said = f" (it says: {text})" if text else ""
    if condition in _BUSY:
        return f"{host} takes no more accounts for now: try again later{said}"
    if step == "token":
        if condition in _UNKNOWN:
            return f"{host} does not know invitations: {_INSTEAD}{said}"
        return f"the invitation was used already, or is too old: ask for a new one{said}"
    if condition in ("internal-server-error", "remote-server-timeout"):
        return f"{host} has a fault of its own: try again later{said}"
    if condition in ("not-acceptable", "jid-malformed") and step == "account":
        return f"{host} does not make this account: try another name (--name), or ask for an invitation{said}"
    return f"{host} makes no accounts for phones: {_INSTEAD}{said}"


def of_form(reply: Element, host: str) -> str:
    """Why what the server wants to know (XEP-0077, 3.1) is more than a phone can tell; "": it is not."""
    query = reply.find(f"{{{_REGISTER}}}query")
    asked = {child.tag.rpartition("}")[2] for child in (() if query is None else query)}
    if {"username", "password"} <= asked:
        return ""
    if query is not None and child_in(query, _DATA) is not None:
        return f"{host} asks more than a phone can answer (perhaps that it is human): {_INSTEAD}"
    return f"{host} makes no accounts for phones: {_INSTEAD}"


def words(reply: Element) -> str:
    """What the server adds for people, fit for one line."""
    found = reply.find(f".//{{{_STANZA_ERRORS}}}text")
    text = "" if found is None else " ".join((found.text or "").split())
    return "".join(c for c in text if c.isprintable())[:_LONGEST]
