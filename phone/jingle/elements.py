"""Jingle and JMI elements as frozen values, and the namespaces and features that they live under.

Sources: XEP-0166 1.1.2, 0167 1.2.3, 0176 1.1.1, 0177 1.1.1, 0320 1.0.0, 0353 0.8.0, 0181 0.12, 0251 0.2. Values carry
what a voice phone uses; whatever else a peer sends (0293, 0294, 0338 beyond BUNDLE, 0339) is dropped by the codec.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from phone.jingle.api import IceCandidate, Payload

JINGLE = "urn:xmpp:jingle:1"
JINGLE_ERRORS = "urn:xmpp:jingle:errors:1"
RTP = "urn:xmpp:jingle:apps:rtp:1"
RTP_INFO = "urn:xmpp:jingle:apps:rtp:info:1"
RTP_AUDIO = "urn:xmpp:jingle:apps:rtp:audio"
ICE_UDP = "urn:xmpp:jingle:transports:ice-udp:1"
RAW_UDP = "urn:xmpp:jingle:transports:raw-udp:1"
RAW_UDP_INFO = "urn:xmpp:jingle:transports:raw-udp:info:1"
GOOGLE_P2P = "http://www.google.com/transport/p2p"
DTLS = "urn:xmpp:jingle:apps:dtls:0"
DTMF = "urn:xmpp:jingle:dtmf:0"
GROUPING = "urn:xmpp:jingle:apps:grouping:0"
JMI = "urn:xmpp:jingle-message:0"
TRANSFER = "urn:xmpp:jingle:transfer:0"
EARLY = "urn:xmpp:deskphone:early-media:0"
"""Ours: the callee may tell its transport while it rings, so that ICE and DTLS are done before the answer."""
VOICEMAIL = "http://www.google.com/session/voicemail"
"""Google's voicemail extension; as a feature: here messages are taken."""
VOICE_V1 = "http://www.google.com/xmpp/protocol/voice/v1"
"""The disco#info feature of whoever may be called by a Google session; the XEP-0115 `ext` of that is `voice-v1`."""

FEATURES = (JINGLE, RTP, RTP_AUDIO, ICE_UDP, DTLS, JMI, TRANSFER, EARLY)
"""Its disco#info features in a phone. raw-udp is understood where the config allows plain RTP, never advertised."""


def features(*, plain: bool) -> tuple[str, ...]:
    """What a phone lists in disco#info; `plain`: its config allows plain RTP to somebody, which Google sessions are."""
    return (*FEATURES, VOICE_V1) if plain else FEATURES


def service_features(*, plain: bool) -> tuple[str, ...]:
    """What a voicemail address lists in disco#info: it is called, and never transferred."""
    taken = (VOICEMAIL, JINGLE, RTP, RTP_AUDIO, ICE_UDP, DTLS, JMI, EARLY)
    return (*taken, VOICE_V1) if plain else taken


class Action(Enum):
    """XEP-0166 7.2."""

    CONTENT_ACCEPT = "content-accept"
    CONTENT_ADD = "content-add"
    CONTENT_MODIFY = "content-modify"
    CONTENT_REJECT = "content-reject"
    CONTENT_REMOVE = "content-remove"
    DESCRIPTION_INFO = "description-info"
    SECURITY_INFO = "security-info"
    SESSION_ACCEPT = "session-accept"
    SESSION_INFO = "session-info"
    SESSION_INITIATE = "session-initiate"
    SESSION_TERMINATE = "session-terminate"
    TRANSPORT_ACCEPT = "transport-accept"
    TRANSPORT_INFO = "transport-info"
    TRANSPORT_REJECT = "transport-reject"
    TRANSPORT_REPLACE = "transport-replace"


class Verb(Enum):
    """XEP-0353, and the `accept` to the own bare JID of its versions before 0.4 (Dino and Conversations send it)."""

    PROPOSE = "propose"
    RINGING = "ringing"
    PROCEED = "proceed"
    REJECT = "reject"
    RETRACT = "retract"
    FINISH = "finish"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Reason:
    """XEP-0166 7.4. `condition` is spelled with hyphens whatever the peer wrote; "" when none was there."""

    condition: str = ""
    text: str = ""
    transferred: bool = False
    """XEP-0251 `<transferred/>`."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """XEP-0320. `hash` is lower case, `value` upper-case hex with colons."""

    hash: str
    value: str
    setup: str | None = None
    """active | passive | actpass, or None when the peer left it out."""


@dataclass(frozen=True, slots=True)
class Transport:
    """XEP-0176 or XEP-0177, told apart by `namespace`; another namespace: not understood, all else empty."""

    namespace: str = ICE_UDP
    ufrag: str | None = None
    pwd: str | None = None
    fingerprint: Fingerprint | None = None
    candidates: tuple[IceCandidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """XEP-0167 description. `sdes_required`: `<encryption required='true'/>`."""

    media: str = "audio"
    payloads: tuple[Payload, ...] = ()
    rtcp_mux: bool = False
    sdes_required: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """XEP-0166 7.3. `description` is None when there is none or it is not RTP."""

    name: str
    creator: str = "initiator"
    senders: str = "both"
    description: Description | None = None
    transport: Transport | None = None


@dataclass(frozen=True, slots=True)
class Info:
    """The payload of a session-info. `code` is XEP-0181's."""

    namespace: str
    name: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """XEP-0251 `<transfer/>`. In a session-info: please call `to` (in the place of my session `sid` with it). In a
    session-initiate or propose: I call because `attendant` asked me to (in the place of its session `sid` with you).
    """

    attendant: str | None = None
    """The attribute `from`."""
    to: str | None = None
    sid: str | None = None


@dataclass(frozen=True, slots=True)
class Jingle:
    """One `<jingle/>`."""

    action: Action
    sid: str
    contents: tuple[Content, ...] = ()
    initiator: str | None = None
    responder: str | None = None
    reason: Reason | None = None
    info: Info | None = None
    early: bool = False
    bundle: bool = False
    """XEP-0338: a BUNDLE group, which implies rtcp-mux."""
    transfer: Transfer | None = None
    regarding: str = ""
    """Google's voicemail extension: the bare JID of whom a message is for."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One JMI element. `media`: that of its RTP descriptions."""

    verb: Verb
    id: str
    media: tuple[str, ...] = ()
    reason: Reason | None = None
    tie_break: bool = False
    migrated_to: str | None = None
    transfer: Transfer | None = None
