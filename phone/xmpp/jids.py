"""Addresses (RFC 7622) in one canonical form, so that they can be compared as text."""

from __future__ import annotations

from slixmpp.jid import JID, InvalidJID


def canonical(text: str | None) -> str | None:
    """The address with its parts prepared (case folded where it does not matter); None if it is none."""
    if not text:
        return None
    try:
        return str(JID(text)) or None
    except InvalidJID:
        return None


def bare(text: str) -> str:
    """Without the resource."""
    return text.partition("/")[0]


def domain(text: str) -> str:
    """Of a bare or full JID, or of a domain itself."""
    return bare(text).rpartition("@")[2]


def resource(text: str) -> str:
    """After the first slash; may hold more of them."""
    return text.partition("/")[2]
