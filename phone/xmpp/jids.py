"""Addresses (RFC 7622) in one canonical form, so that they can be compared as text."""

from __future__ import annotations

import re

_LABEL = r"[a-z0-9]{1,30}(?:-[a-z0-9]{1,30})?"
_PLAIN = re.compile(rf"(?:[a-z0-9._+-]{{1,500}}@)?{_LABEL}(?:\.{_LABEL}){{0,3}}")
"""Addresses, as most are, that are canonical already, without a resource."""


def canonical(text: str | None) -> str | None:
    """The address with its parts prepared (case folded where it does not matter); None if it is none."""
    if not text:
        return None
    return text if _PLAIN.fullmatch(text) else _prepared(text)


def _prepared(text: str) -> str | None:
    """By slixmpp, which takes a slow card seconds to import: a phone starts without, where it can."""
    from slixmpp.jid import JID, InvalidJID  # noqa: PLC0415

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
