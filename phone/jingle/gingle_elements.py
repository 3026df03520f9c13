"""Google Talk's own session protocol ("Gingle", libjingle before Jingle was a standard) as frozen values.

There is no specification left: the sources are Google's voicemail extension, libjingle 0.3 to 0.7, Asterisk's
chan_motif, Yate, wocky, and captures of them (tests/captures/gingle). Two forms differ in how candidates travel:
GTALK3 (libjingle 0.3, Asterisk "google-v1", Windows client) puts them straight into the session, GTALK4 (libjingle
0.4) wraps them into a `<transport/>` and acks that with a transport-accept.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from phone.jingle.api import IceCandidate, Payload
from phone.jingle.elements import GOOGLE_P2P, Info

SESSION: Final = "http://www.google.com/session"
PHONE: Final = "http://www.google.com/session/phone"
VIDEO: Final = "http://www.google.com/session/video"
P2P: Final = GOOGLE_P2P
DTMF_INFO: Final = "http://jabber.org/protocol/jingle/info/dtmf"

OLD_TALK: Final = (Payload(103, "ISAC", 16000), Payload(0, "PCMU", 8000))
"""What a description without payload types means: the first Google Talk client."""


class Act(Enum):
    """The attribute `type`. `modify` never had a message; what is not here is answered bad-request."""

    INITIATE = "initiate"
    ACCEPT = "accept"
    REJECT = "reject"
    TERMINATE = "terminate"
    CANDIDATES = "candidates"
    TRANSPORT_INFO = "transport-info"
    TRANSPORT_ACCEPT = "transport-accept"
    INFO = "info"
    CONTENT_INFO = "content-info"  # Yate's DTMF
    UPDATE = "update"  # libjingle 0.7's description-info
    REDIRECT = "redirect"  # libjingle 0.4


class Dialect(Enum):
    """How a far end wants its candidates."""

    UNKNOWN = "both forms"
    GTALK3 = "candidates"
    GTALK4 = "transport-info"


@dataclass(frozen=True, slots=True)
class P2pCandidate(IceCandidate):
    """A candidate of Google's p2p transport: its checks name its username."""

    password: str = ""
    """Written, and never used by anybody."""


@dataclass(frozen=True, slots=True)
class Crypto:
    """One SDES offer (RFC 4568) of an `<encryption/>`."""

    tag: str
    suite: str
    key_params: str
    session_params: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """`<description/>`. `video`: it was a video call's, whose audio payload types these are."""

    payloads: tuple[Payload, ...] = ()
    cryptos: tuple[Crypto, ...] = ()
    encryption_required: bool = False
    video: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """Call `target` instead, and copy `cookie` (XML, "" for none) into the new initiate. `redirector`: the name in
    its `<regarding/>`, which is not the voicemail extension's.
    """

    target: str = ""
    cookie: str = ""
    redirector: str = ""


@dataclass(frozen=True, slots=True)
class Gingle:
    """One `<session/>`."""

    act: Act
    id: str
    initiator: str = ""
    """As written, byte for byte: Google compared strings."""
    description: Description | None = None
    transport: bool = False
    """There is a p2p `<transport/>`."""
    wrapped: tuple[P2pCandidate, ...] = ()
    """The candidates inside it."""
    bare: tuple[P2pCandidate, ...] = ()
    """The candidates straight in the session."""
    regarding: str = ""
    """Google's voicemail extension: the bare JID of whom the recorded message is for."""
    redirect: Redirect | None = None
    """In an initiate: its `target` is "", the cookie that came with a redirect comes back."""
    reason: str = ""
    """XEP-0166 7.4 condition, whatever the peer's spelling; "" for none."""
    info: Info | None = None
