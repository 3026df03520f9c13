"""As much of JIDs as calls need (RFC 7622 3.1). Servers have normalised the addresses of stanzas, but not what stands
inside a payload.
"""

from __future__ import annotations

import re
from typing import Final

MAX_PART: Final = 1023
"""Octets of each part (RFC 7622 3.1)."""
_LOCAL: Final = re.compile(r"""[^"&'/:<>@\s]+\Z""")
_DOMAIN: Final = re.compile(r"(?:[\w-]+(?:\.[\w-]+)*|\[[0-9a-f:.]+\])\Z")


def bare(jid: str) -> str:
    """Without the resource."""
    return jid.partition("/")[0]


def normal(jid: str) -> str:
    """Lower case before the resource, and no dot at the end of the domain (RFC 7622 3.2, 3.3)."""
    address, slash, resource = jid.partition("/")
    return address.lower().removesuffix(".") + slash + resource


def valid(jid: str) -> bool:
    """Whether a normal JID is well formed (RFC 7622 3.2 to 3.4). No URI is, nor what would smuggle a line, a turn of
    the writing direction or a second address into a log or a screen.
    """
    address, slash, resource = jid.partition("/")
    local, at, domain = address.rpartition("@")
    if not jid.isprintable() or any(
        len(part.encode("utf-8", "replace")) > MAX_PART for part in (local, domain, resource)
    ):
        return False
    named = not at or _LOCAL.match(local) is not None
    return named and _DOMAIN.match(domain) is not None and bool(resource) == bool(slash)
