"""The typed border of the component side of the xmpp room: what the voicemail service sees of it. Nothing of slixmpp
shows here.

A component (XEP-0114) speaks for every address of its domain: `frm` is always one of them, or ValueError is raised,
since servers end the whole stream over a foreign one. An address of others that is none makes a stanza fail quietly,
as one to nobody would.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol
from xml.etree.ElementTree import Element

from phone.xmpp.api import IceServerFact, IqError, VoiceMessage

IqKind = Literal["get", "set"]


@dataclass(frozen=True, slots=True)
class InnerIq:
    """An IQ to an account of the server that the server leaves to us to answer (XEP-0355 4). `sender` "": unknown."""

    sender: str
    to: str
    id: str
    kind: IqKind
    payload: Element
    version: int = 2
    """Of the delegation namespace that the server speaks: ejabberd 23.01 speaks 1."""


class ComponentListener(Protocol):
    """What the component tells; called on the event loop, must not block or raise. Nothing is answered without it:
    service discovery is the listener's as well.
    """

    def online(self) -> None:
        """The server took us: stanzas go both ways."""

    def offline(self, sentence: str) -> None:
        """No connection, and what to do about it. Tried again for ever; told once for each failed try."""

    def iq(self, sender: str, to: str, iq_id: str, kind: IqKind, payload: Element) -> bool:
        """A request. True: the listener answers it, now or later, by `Component.reply` or `result` with `frm` = `to`
        and `to` = `sender`. False: feature-not-implemented is answered.
        """

    def replied(self, token: str, error: str | None) -> None:
        """The reply to `Component.send_iq`: None for a result, else the defined condition; no reply: "timeout"."""

    def answered(self, token: str, payload: Element | None) -> None:
        """The reply to `Component.ask`: the payload of a result (an empty element if it has none); None for an error,
        or if none came in time.
        """

    def message(self, sender: str, to: str, stanza: Element) -> None:
        """Any message, whole, in the namespace jabber:client. Type "error": one of ours of that id came back."""

    def presence(self, sender: str, to: str, kind: str) -> None:
        """`kind` is the type (RFC 6121 4.7.1); "" for available."""

    def delegated(self, server: str, iq_id: str, inner: InnerIq) -> bool:
        """A request that `server` got for one of its accounts (XEP-0355); `inner.to` is an address of that server.
        True: the listener answers by `Component.answer_delegated`. False: service-unavailable is answered.
        """


class Component(Protocol):
    """What the service asks of it. What is sent while there is no connection waits 20 s for one."""

    async def run(self) -> None:
        """Connect and stay connected until cancelled: back-off with jitter, no give-up."""

    @property
    def is_online(self) -> bool: ...

    def send_iq(self, frm: str, to: str, payload: Element, token: str) -> None:
        """An IQ-set: `ComponentListener.replied`."""

    def ask(self, frm: str, to: str, payload: Element, token: str, *, kind: IqKind = "get") -> None:
        """An IQ whose reply's payload matters: `ComponentListener.answered`."""

    def reply(self, frm: str, to: str, iq_id: str, error: IqError | None) -> None:
        """Answer a request that `ComponentListener.iq` took: an empty result when `error` is None."""

    def result(self, frm: str, to: str, iq_id: str, payload: Element) -> None:
        """Answer a request that `ComponentListener.iq` took with that payload."""

    def answer_delegated(self, server: str, iq_id: str, inner: InnerIq, answer: Element | IqError | None) -> None:
        """Answer what `ComponentListener.delegated` took: payload of a result, an error, or None: an empty result."""

    def send_message(
        self, frm: str, to: str, children: Iterable[Element] = (), *, kind: str = "normal", body: str | None = None
    ) -> str:
        """A message of that type; returns its id, by which a bounce can be known."""

    def send_chat(self, frm: str, to: str, body: str, *, subject: str | None = None, message_id: str = "") -> str:
        """A chat message that a person reads; returns its id. `message_id`: the same each time that it is sent (and as
        its origin-id, XEP-0359), so that a repetition is known for one; "": a fresh one.
        """

    def send_voice(self, frm: str, to: str, message: VoiceMessage) -> str:
        """A voice message to the account `to`; returns its id."""

    def send_event(self, frm: str, to: str, event: Element) -> str:
        """A PubSub event (XEP-0060) to a subscriber; returns its id. It is a headline: kept nowhere for later, and
        bounced (`ComponentListener.message`) if that address is no more.
        """

    async def taken(self, message_id: str) -> bool:
        """Whether the server has a message that was sent; False: it may be lost. A component has no acknowledgements
        (XEP-0198), but the server works in order: it is asked for a sign of life behind the message.
        """

    async def upload(self, path: Path, name: str, media_type: str, *, frm: str | None = None) -> str:
        """Put a file on the server's web space (XEP-0363), as `frm` (None: the component itself); returns its URL.
        Raises UploadError.
        """

    def ice_servers(self) -> tuple[IceServerFact, ...]:
        """The STUN and TURN services that the server names to us (XEP-0215) and that can be used now."""
