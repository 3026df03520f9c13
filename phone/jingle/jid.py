"""As much of JIDs as calls need (RFC 7622 3.1); servers have normalised what they deliver."""

from __future__ import annotations


def bare(jid: str) -> str:
    """Without the resource."""
    return jid.partition("/")[0]
