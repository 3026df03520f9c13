"""What two ends can agree on: content, transport, security, codecs. Pure choice, no state.

Laws: payload ids and their order are the initiator's (XEP-0167 4.1); DTLS is answered with a fingerprint alone,
even when SDES is offered too (Dino would encrypt twice); plain RTP only where the policy allows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from phone.jingle.api import EndReason, Payload
from phone.jingle.elements import GOOGLE_P2P, ICE_UDP, RAW_UDP, Content, Description, Fingerprint, Jingle, Transport

OPUS: Final = Payload(111, "opus", 48000, 2, (("useinbandfec", "1"),))
PCMU: Final = Payload(0, "PCMU", 8000)
PCMA: Final = Payload(8, "PCMA", 8000)
OFFER: Final = (
    OPUS,
    PCMU,
    PCMA,
    Payload(101, "telephone-event", 8000),
    Payload(110, "telephone-event", 48000),
)
"""What we offer, our preference first."""

CONTENT: Final = "audio"
"""The content name of our offers."""
_PTIMES: Final = (10, 20, 40, 60)


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed, or offered so far. `codecs` and `receive` as in `MediaWish`."""

    content: str
    transport: str  # namespace
    plain: bool
    codecs: tuple[Payload, ...] = ()
    receive: tuple[Payload, ...] = ()
    rtcp_mux: bool = True
    ptime: int = 20
    others: tuple[Content, ...] = ()
    """Contents of the offer that we did not take."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing can be agreed: the XEP-0166 7.4 condition, and what the user is told."""

    condition: str
    reason: EndReason


NO_CODEC: Final = Refusal("failed-application", EndReason.INCOMPATIBLE)
NO_AUDIO: Final = Refusal("unsupported-applications", EndReason.INCOMPATIBLE)
NO_TRANSPORT: Final = Refusal("unsupported-transports", EndReason.INCOMPATIBLE)
NOT_ENCRYPTED: Final = Refusal("security-error", EndReason.INSECURE)


def offer(*, plain: bool) -> Terms:
    """What we propose as initiator."""
    return Terms(CONTENT, ICE_UDP, plain, receive=OFFER)


def foreign(jingle: Jingle) -> bool:
    """Jingle over Google's transport alone: not our dialect. `feature-not-implemented` makes the peer try its next."""
    transports = {c.transport.namespace for c in jingle.contents if c.transport is not None}
    return GOOGLE_P2P in transports and not transports & {ICE_UDP, RAW_UDP}


def take(jingle: Jingle, *, plain: bool) -> Terms | Refusal:
    """Answer an offer: one audio content, ice-udp before raw-udp, in the order offered otherwise.

    `plain`: the policy allows plain RTP for this peer.
    """
    audio = [
        (c, c.description) for c in jingle.contents if c.description is not None and c.description.media == "audio"
    ]
    answers = [_answer(c, d, jingle, plain=plain) for c, d in sorted(audio, key=lambda pair: _is_raw(pair[0]))]
    taken = next((a for a in answers if isinstance(a, Terms)), None)
    if taken is None:
        return answers[0] if answers else NO_AUDIO
    return replace(taken, others=tuple(c for c in jingle.contents if c.name != taken.content))


def settle(offered: Terms, jingle: Jingle, fingerprint_known: bool, *, plain: bool) -> Terms | Refusal:
    """Read an answer to our offer. `fingerprint_known`: the peer has told it, now or before (early media)."""
    content = _answered(offered, jingle)
    if content is None or content.description is None:
        return NO_AUDIO
    if content.transport is not None and content.transport.namespace != offered.transport:
        return NO_TRANSPORT
    if not offered.plain and not fingerprint_known and (not plain or content.description.sdes_required):
        return NOT_ENCRYPTED
    codecs = common(content.description.payloads)
    if not codecs:
        return NO_CODEC
    if not speech(codecs):
        # Asterisk now and then accepts with telephone-event alone; G.711 is what it then speaks (PEERS.md, Asterisk 9).
        if not plain:
            return NO_CODEC
        codecs = (PCMU, PCMA, *codecs)
    return replace(
        offered,
        plain=offered.plain or not fingerprint_known,
        codecs=codecs,
        rtcp_mux=content.description.rtcp_mux or jingle.bundle,
        ptime=_ptime(codecs),
    )


def common(payloads: Sequence[Payload]) -> tuple[Payload, ...]:
    """Those that we speak too, in their order with their ids. Names compare without case (Gajim writes OPUS)."""
    known = {(p.name.lower(), p.clock_rate) for p in OFFER}
    return tuple(
        p for p in payloads if (p.name.lower(), p.clock_rate) in known and p.channels in ((1, 2) if _opus(p) else (1,))
    )


def speech(payloads: Sequence[Payload]) -> bool:
    """Whether any of them carries speech."""
    return any(p.name.lower() != "telephone-event" for p in payloads)


def _answer(content: Content, description: Description, jingle: Jingle, *, plain: bool) -> Terms | Refusal:
    transport = content.transport
    if transport is None or transport.namespace not in (ICE_UDP, RAW_UDP):
        return NO_TRANSPORT
    encrypted = transport.fingerprint is not None and transport.namespace == ICE_UDP
    if not encrypted and (not plain or description.sdes_required):
        return NOT_ENCRYPTED
    codecs = common(description.payloads)
    if not speech(codecs):
        return NO_CODEC
    return Terms(
        content=content.name,
        transport=transport.namespace,
        plain=not encrypted,
        codecs=codecs,
        receive=tuple(_ours(p) for p in codecs),
        rtcp_mux=description.rtcp_mux or jingle.bundle,
        ptime=_ptime(codecs),
    )


def _answered(offered: Terms, jingle: Jingle) -> Content | None:
    """Our content in an answer, by name (Asterisk gets `creator` wrong); a lone one is ours whatever its name."""
    named = next((c for c in jingle.contents if c.name == offered.content), None)
    return jingle.contents[0] if named is None and len(jingle.contents) == 1 else named


def _ours(payload: Payload) -> Payload:
    """The same payload type as we answer it: our parameters, the peer's id and spelling."""
    parameters = OPUS.parameters if _opus(payload) else ()
    return replace(payload, channels=2 if _opus(payload) else 1, parameters=parameters, ptime=None)


def _opus(payload: Payload) -> bool:
    return payload.name.lower() == "opus"


def _ptime(codecs: Sequence[Payload]) -> int:
    asked = next((p.ptime for p in codecs if p.ptime is not None), None)
    return asked if asked in _PTIMES else 20


def _is_raw(content: Content) -> bool:
    transport = content.transport or Transport("")
    return transport.namespace != ICE_UDP


def setup(role: str, *, initiator: bool) -> str:
    """RFC 5763 5: offer actpass; answer active, unless the offerer wants to be that itself."""
    if initiator:
        return "actpass"
    return "passive" if role == "server" else "active"


def dtls_role(theirs: Fingerprint | None, *, initiator: bool) -> str:
    """client, server, or either while their fingerprint is not known (or there is none to come)."""
    if theirs is None:
        return "either"
    if initiator:
        # An answer of actpass or none at all is wrong; active is what an answerer should be.
        return "client" if theirs.setup == "passive" else "server"
    return "server" if theirs.setup == "active" else "client"
