"""The contents that we write: our one audio content, whole or with its transport alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from phone.jingle.api import IceCandidate, LocalMedia
from phone.jingle.elements import ICE_UDP, Content, Description, Fingerprint, Transport
from phone.jingle.negotiate import Terms


def whole(terms: Terms, media: LocalMedia, setup: str) -> tuple[Content, ...]:
    """For session-initiate and session-accept: description, and all of the transport."""
    (content,) = trickled(terms, media, media.candidates, setup)
    return (replace(content, description=Description("audio", terms.receive, rtcp_mux=terms.rtcp_mux)),)


def trickled(
    terms: Terms, media: LocalMedia, candidates: tuple[IceCandidate, ...], setup: str | None = None
) -> tuple[Content, ...]:
    """For transport-info. There is always a `<transport/>` with ufrag and pwd (PEERS.md 10); the fingerprint goes
    along when `setup` says what to write in it.
    """
    return (Content(terms.content, transport=_transport(terms, media, candidates, setup)),)


def named(contents: Sequence[Content]) -> tuple[Content, ...]:
    """Others' contents, to remove or reject them."""
    return tuple(Content(c.name, c.creator, c.senders) for c in contents)


def _transport(terms: Terms, media: LocalMedia, candidates: tuple[IceCandidate, ...], setup: str | None) -> Transport:
    if terms.transport != ICE_UDP:
        # XEP-0177 4.2: one address to send to.
        host = tuple(c for c in candidates if c.component == 1 and c.type == "host")[:1]
        return Transport(terms.transport, candidates=host)
    if setup is None or terms.plain:
        return Transport(ICE_UDP, media.ufrag, media.pwd, None, candidates)
    return Transport(
        ICE_UDP, media.ufrag, media.pwd, Fingerprint(media.fingerprint_hash, media.fingerprint, setup), candidates
    )
