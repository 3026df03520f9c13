"""The values at the border of the Jingle room: what `agent.Agent` takes and gives. It imports nothing of ours.

XML travels as `xml.etree.ElementTree.Element` of the payload (`<jingle/>`, or the JMI element), never of the
whole stanza: the xmpp room wraps and unwraps.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from xml.etree.ElementTree import Element


class EndReason(Enum):
    """Why a call ended: Jingle reasons (XEP-0166 7.4) and JMI verbs (XEP-0353) folded to what a user can tell apart.

    Values match `calls.model.Reason`, so that the engine maps by value.
    """

    HANGUP = "hang-up"
    BUSY = "busy"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    NO_ANSWER = "no answer"
    NOT_FOUND = "unknown number"
    UNREACHABLE = "not reachable"
    INCOMPATIBLE = "no common codec"
    INSECURE = "not encrypted"
    MEDIA_LOST = "connection lost"
    FAILED = "failed"
    ANSWERED_ELSEWHERE = "answered elsewhere"
    DECLINED_ELSEWHERE = "declined elsewhere"
    TRANSFERRED = "transferred"
    """`<success/>` with `<transferred/>` (XEP-0251)."""


# --- media, as the agent sees it ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IceCandidate:
    """XEP-0176 candidate (UDP only; others are dropped by the parser) or XEP-0177 (priority 0, type host)."""

    component: int
    foundation: str
    ip: str
    port: int
    priority: int
    type: str = "host"
    related_ip: str | None = None
    related_port: int | None = None
    generation: int = 0
    username: str = ""
    """Of the Google dialect alone, where each candidate has its own."""


@dataclass(frozen=True, slots=True)
class Payload:
    """XEP-0167 payload-type. `name` keeps the sender's spelling; compare without case."""

    id: int
    name: str
    clock_rate: int
    channels: int = 1
    parameters: tuple[tuple[str, str], ...] = ()
    ptime: int | None = None


@dataclass(frozen=True, slots=True)
class LocalMedia:
    """What our media process told of its side of a leg."""

    ufrag: str
    pwd: str
    fingerprint_hash: str
    fingerprint: str
    candidates: tuple[IceCandidate, ...]
    restart: int = 0


@dataclass(frozen=True, slots=True)
class MediaWish:
    """A level: how a leg's media should stand now. The engine turns it into a `media.plan.LegPlan`."""

    id: str
    controlling: bool
    transport: str = "ice"  # ice | raw | gice
    security: str = "dtls"  # dtls | plain
    dtls_role: str = "either"  # client | server | either
    codecs: tuple[Payload, ...] = ()
    receive: tuple[Payload, ...] = ()
    ptime: int = 20
    rtcp_mux: bool = True
    ufrag: str | None = None
    pwd: str | None = None
    fingerprint_hash: str | None = None
    fingerprint: str | None = None
    candidates: tuple[IceCandidate, ...] = ()
    restart: int = 0
    before_ice: bool = False


# --- policy and peers -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target:
    """One resource of the far end that could be called, with its disco#info features."""

    jid: str  # full JID
    features: frozenset[str]
    priority: int = 0


@dataclass(frozen=True, slots=True)
class PeerPolicy:
    """What the config allows for one far end."""

    plain_rtp: bool = False
    direct: bool = False
    """Never JMI: send session-initiate to the address as it stands (gateways, PBXes)."""
    contact: bool = False
    """Subscribed to our presence: it may learn that we ring, and our addresses before the answer."""


class Permission(Enum):
    """What the policy says to a far end that asks us to call somebody else (XEP-0251)."""

    ALLOW = "allow"
    ASK = "ask"  # the user decides
    REFUSE = "refuse"  # not to such an address: gateways, numbers that cost, what is no contact


class TransferFault(Enum):
    """Why a transfer that we asked for came to nothing. Values match `calls.events.TransferFault`."""

    UNSUPPORTED = "unsupported"
    REFUSED = "refused"
    FAILED = "failed"


# --- what comes out -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendIq:
    """An IQ-set to send. Its reply (or timeout) comes back by `Agent.replied(token, error)`."""

    to: str
    payload: Element
    token: str
    own: str = ""
    """Which of our addresses it is from, where an agent goes by several: the one that the far end called. An account's
    stanzas need none.
    """


@dataclass(frozen=True, slots=True)
class StanzaError:
    """RFC 6120 8.3: condition, type, and an optional application condition as (namespace, name)."""

    condition: str
    type: str = "cancel"
    extra: tuple[str, str] | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer an IQ that came in: result when `error` is None."""

    to: str
    iq_id: str
    error: StanzaError | None = None


@dataclass(frozen=True, slots=True)
class SendMessage:
    """A JMI message: type chat, with a `<store xmlns='urn:xmpp:hints'/>` beside it (XEP-0353, PEERS.md 15)."""

    to: str
    payload: Element


@dataclass(frozen=True, slots=True)
class SendPresence:
    """Directed presence with caps, so that a stranger's client may call or be called (XEP-0353 3.1)."""

    to: str
    available: bool = True


@dataclass(frozen=True, slots=True)
class CallOffered:
    """`transferred_by`: the full JID that the caller names as the attendant (not verified). `replaces`: the id of our
    leg with that attendant, if from, sid and to are right for it (XEP-0251, attended): told at most once for a leg.
    """

    id: str
    peer: str
    transferred_by: str = ""
    replaces: str | None = None
    regarding: str = ""
    """Whose mailbox the caller says that it is for (Google's voicemail extension): a claim."""


@dataclass(frozen=True, slots=True)
class CallAlerting:
    id: str


@dataclass(frozen=True, slots=True)
class CallAccepted:
    id: str


@dataclass(frozen=True, slots=True)
class CallHeld:
    id: str
    held: bool


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """The far end of an active call asks us to call `to`. The IQ is answered by `Agent.answer_transfer`."""

    id: str
    to: str
    ask: bool
    """The user must say yes first."""


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """What `Agent.transfer` asked for came to nothing; the call is still there. (Success is CallEnded.)"""

    id: str
    fault: TransferFault


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The far end or the protocol ended it: the core must not terminate it again."""

    id: str
    reason: EndReason


@dataclass(frozen=True, slots=True)
class DigitReceived:
    """XEP-0181 inbound."""

    id: str
    digit: str


@dataclass(frozen=True, slots=True)
class Nonsense:
    """Remote nonsense: counted, logged and ignored (an error reply may go with it)."""

    peer: str
    what: str


Effect = (
    SendIq
    | Reply
    | SendMessage
    | SendPresence
    | CallOffered
    | CallAlerting
    | CallAccepted
    | CallHeld
    | TransferAsked
    | TransferFailed
    | CallEnded
    | DigitReceived
    | Nonsense
)


CallEffect = CallOffered | CallAlerting | CallAccepted | CallHeld | TransferAsked | TransferFailed | CallEnded
"""Those that tell the core of one call."""

Effects = tuple[Effect, ...]
"""In the order in which they must happen."""
