"""The typed border of the xmpp room: what the engine sees of it. Nothing of slixmpp shows here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol
from xml.etree.ElementTree import Element

from phone.errors import PhoneError

ServiceName = Literal[
    "starting",
    "looking up",
    "online",
    "no network",
    "wrong time",
    "bad password",
    "bad certificate",
    "unknown server",
    "server away",
    "signed in elsewhere",
    "no account",
]
"""Values of `calls.model.Service`."""


@dataclass(frozen=True, slots=True)
class Account:
    """How to sign in."""

    jid: str
    password: str = field(repr=False)
    resource: str = "phone"
    host: str | None = None
    """Connect here instead of asking DNS (SRV)."""
    port: int | None = None
    direct_tls: bool = False
    ca_file: Path | None = None
    """Trust these certificates only; None: the system's."""
    services: bool = True
    """Ask for STUN and TURN services (XEP-0215), and use them."""


@dataclass(frozen=True, slots=True)
class IceServerFact:
    """One stun/turn service by XEP-0215; `expires_in` seconds from now, None: never."""

    kind: Literal["stun", "turn"]
    host: str
    port: int
    transport: str = "udp"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    expires_in: float | None = None


@dataclass(frozen=True, slots=True)
class PeerResource:
    """An available resource of a contact with its caps features (empty while unknown)."""

    jid: str
    features: frozenset[str]
    priority: int


@dataclass(frozen=True, slots=True)
class ContactFact:
    """One roster entry. `name`: the roster's, else that of the contact's vCard, else None."""

    jid: str
    name: str | None
    subscription: str
    """RFC 6121 2.1.2.5: none, to, from or both."""


@dataclass(frozen=True, slots=True)
class ArchivedMessage:
    """A JMI message from the account's archive (XEP-0313), oldest first. `stamp` is Unix seconds, by the server."""

    sender: str
    to: str
    payload: Element
    stamp: float


@dataclass(frozen=True, slots=True)
class IqError:
    """RFC 6120 8.3; `extra` is an application condition as (namespace, name)."""

    condition: str
    type: str = "cancel"
    extra: tuple[str, str] | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class VoiceMessage:
    """A recording on the web, to be sent as XEP-0066 and XEP-0447 describe it; the body is its URL and nothing else."""

    url: str
    name: str
    """Of the file."""
    media_type: str
    size: int
    """Bytes."""
    seconds: float
    sha256: bytes
    id: str = ""
    """Of the stanza: the same each time that it is sent, so that a repetition is known for one; "": a fresh one."""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """How the account was signed in."""

    seconds: float
    """From the first packet to the session."""
    tls: str
    """Protocol and cipher: "TLSv1.3 TLS_AES_256_GCM_SHA384"."""


class UploadError(PhoneError, RuntimeError):
    """The file could not be put on the web (XEP-0363). `lasting`: no use to try the same again, unless somebody changes
    the server; `unfit`: the file itself is the reason.
    """

    def __init__(self, sentence: str, *, lasting: bool = False, unfit: bool = False) -> None:
        super().__init__(sentence)
        self.lasting = lasting or unfit
        self.unfit = unfit


class Listener(Protocol):
    """What the xmpp room tells; called on the event loop, must not block or raise."""

    def service(self, name: ServiceName, detail: str) -> None: ...

    def iq(self, sender: str, iq_id: str, payload: Element) -> bool:
        """An IQ-set with a `<jingle xmlns='urn:xmpp:jingle:1'/>` or `<session xmlns='http://www.google.com/session'/>`
        payload. The listener answers it by `Client.reply`. Returns whether it will.
        """

    def message(self, sender: str, to: str, payload: Element, *, carbon: bool, sent_by_us: bool) -> None:
        """A message with a JMI child (urn:xmpp:jingle-message:0). `carbon`: a copy (XEP-0280), `sent_by_us`:
        of what another resource of our own account sent.
        """

    def bounced(self, sender: str, proposal: str, condition: str) -> None:
        """Our JMI propose of that id could not be delivered to `sender`: nobody of that address, or no server."""

    def replied(self, token: str, error: str | None) -> None:
        """The reply to `Client.send_iq`: None for a result, else the defined condition; no reply: "timeout"."""

    def unavailable(self, full_jid: str) -> None:
        """A resource went away."""

    def contacts_changed(self) -> None:
        """Roster, names or block list are not what they were."""

    def named(self, jid: str, name: str) -> None:
        """What the vCard of a bare JID, asked for by `Client.learn`, calls it."""

    def features(self, full_jid: str, features: frozenset[str]) -> None:
        """disco#info of a full JID, asked for by `Client.learn`; empty where it does not answer."""

    def answered(self, token: str, payload: Element | None) -> None:
        """The reply to `Client.ask`: the payload of a result (an empty element if it has none); None for an error, or
        if none came in time.
        """

    def published(self, sender: str, event: Element) -> None:
        """A message of `sender` with `<event xmlns='http://jabber.org/protocol/pubsub#event'/>` (XEP-0060)."""

    def archived(self, messages: tuple[ArchivedMessage, ...]) -> None:
        """JMI messages that came since this phone was last here, after a sign-in that was no resumption."""


class Client(Protocol):
    """What the engine asks of the xmpp room."""

    async def run(self) -> None:
        """Connect and stay connected until cancelled: back-off with jitter, no give-up, 0198 resumption."""

    def send_iq(self, to: str, payload: Element, token: str) -> None: ...

    def ask(self, to: str, payload: Element, token: str, *, kind: Literal["get", "set"] = "get") -> None:
        """An IQ whose reply's payload matters: `Listener.answered`. `to` "": our own account."""

    async def upload(self, path: Path, name: str, media_type: str) -> str:
        """Put a file on the server's web space (XEP-0363); returns its URL. Raises UploadError."""

    def send_voice(self, to: str, message: VoiceMessage) -> None:
        """A voice message to the account `to`."""

    def reply(self, to: str, iq_id: str, error: IqError | None) -> None:
        """Answer an IQ-set that `Listener.iq` took: a result when `error` is None."""

    def send_message(self, to: str, payload: Element) -> None: ...

    def send_presence(self, to: str, *, available: bool) -> None: ...

    def resources(self, bare: str) -> tuple[PeerResource, ...]: ...

    def is_contact(self, jid: str) -> bool:
        """Subscribed to our presence (from or both)."""

    def name_of(self, jid: str) -> str | None:
        """The roster's name, else the vCard's if it is known."""

    def contacts(self) -> tuple[ContactFact, ...]:
        """The whole roster."""

    def learn(self, full_jid: str) -> None:
        """Ask for features (disco#info) and, of whom no name is known, for the vCard: `Listener.features`, `named`."""

    def send_chat(self, to: str, body: str) -> None:
        """A chat message that a person reads."""

    def blocked(self) -> frozenset[str]:
        """The block list (XEP-0191): bare or full JIDs, domains."""

    def block(self, jid: str, *, on: bool) -> None:
        """Block, or no more."""

    def ice_servers(self) -> tuple[IceServerFact, ...]: ...

    @property
    def full_jid(self) -> str | None: ...
