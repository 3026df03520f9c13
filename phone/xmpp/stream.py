"""The border to slixmpp: one connection from TCP to `</stream>`, stanzas as plain elements on both sides of it.

Laws: before TLS nothing but its negotiation is heard; a stream without TLS never signs in; each stream is used once,
what must outlive it (XEP-0198) is carried to the next in `Resume`.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol
from xml.etree.ElementTree import Element

from slixmpp import JID, ClientXMPP
from slixmpp.stanza import Iq, Message, Presence, StreamFeatures
from slixmpp.xmlstream import StanzaBase
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from phone.xmpp import faults
from phone.xmpp.api import Account
from phone.xmpp.faults import Fault
from phone.xmpp.jids import bare, domain
from phone.xmpp.stanzas import IQ, MESSAGE, PRESENCE

log = logging.getLogger(__name__)

_STREAMS = "http://etherx.jabber.org/streams"
_STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"
_TLS = "urn:ietf:params:xml:ns:xmpp-tls"
_BEFORE_TLS = frozenset(
    (f"{{{_STREAMS}}}features", f"{{{_STREAMS}}}error", f"{{{_TLS}}}proceed", f"{{{_TLS}}}failure"),
)
_STANZAS: dict[str, type[Iq | Message | Presence]] = {IQ: Iq, MESSAGE: Message, PRESENCE: Presence}


class Resolver(Protocol):
    """What of aiodns is needed here."""

    def cancel(self) -> None:
        """All that it asked; nobody is told after that."""


class Observer(Protocol):
    """Who owns the stream."""

    def live(self, *, resumed: bool) -> None:
        """Signed in: stanzas go both ways. `resumed`: it is the session of before, nothing was lost."""

    def ended(self, fault: Fault | BaseException) -> None:
        """Once, and the last that is heard. An exception is one that `faults.of_exception` can name."""

    def stanza(self, stanza: Element) -> bool:
        """Whether it was taken; what is not gets slixmpp's own answer (feature-not-implemented)."""


Before = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Resume:
    """What XEP-0198 needs to go on with a session over another connection."""

    jid: str
    id: str
    handled: int
    sent: int
    acknowledged: int
    unacknowledged: tuple[tuple[int, StanzaBase], ...]

    def lost(self) -> list[Element]:
        """Stanzas that the server may not have got, the oldest first."""
        return [stanza.xml for _, stanza in self.unacknowledged]


class Stream(ClientXMPP):
    """Used once: `open()`, then events to the observer until `ended`."""

    def __init__(
        self, account: Account, resource: str, tls: ssl.SSLContext, observer: Observer, before: Before | None = None
    ) -> None:
        """`before` is awaited once, when TLS stands and before the sign-in; False: there shall be none."""
        super().__init__(f"{account.jid}/{resource}", account.password, ssl_context=tls)
        self._account = account
        self._observer = observer
        self._before = before
        self._fault: Fault | BaseException | None = None
        self._refusal = ""
        self._over = False
        self._aborted = False
        self._resolver: Resolver | None = None
        self.is_live = False
        self.heard_at = self.opened_at = asyncio.get_running_loop().time()
        """When the server last sent anything, on the loop's clock."""
        self.enable_direct_tls, self.enable_starttls = account.direct_tls, not account.direct_tls
        self.default_port = 5223 if account.direct_tls else 5222
        # slixmpp's own keepalive detects nothing.
        self.whitespace_keepalive_interval = 86400
        # An acknowledgement for each stanza: few are in doubt after a cut, and a dead link shows at once.
        self.register_plugin("xep_0198", {"window": 1})
        self._listen()

    @property
    def encrypted(self) -> bool:
        return isinstance(self.socket, (ssl.SSLObject, ssl.SSLSocket))

    @property
    def tls(self) -> str:
        """Protocol and cipher; "" before there is one."""
        if not isinstance(self.socket, (ssl.SSLObject, ssl.SSLSocket)) or (cipher := self.socket.cipher()) is None:
            return ""
        return f"{self.socket.version()} {cipher[0]}"

    @property
    def full_jid(self) -> str:
        return str(self.boundjid.full)

    def open(self, resume: Resume | None) -> None:
        """Start to connect; the observer hears how it goes."""
        if resume is not None:
            self._take_over(resume)
        port = self._account.port or self.default_port
        if self._account.host or self._account.port:
            self.connect(self._account.host or domain(self._account.jid), port)
        else:
            self.connect()

    def resume(self) -> Resume | None:
        """For the next stream; None if the server does not offer it."""
        management = self.plugin["xep_0198"]
        if not management.sm_id:
            return None
        return Resume(
            self.full_jid,
            management.sm_id,
            management.handled,
            management.seq,
            management.last_ack,
            tuple(management.unacked_queue),
        )

    def send_element(self, element: Element) -> None:
        """Write a stanza in the next turn of the loop."""
        self.send(_STANZAS[element.tag](self, element))

    def drop(self, fault: Fault | BaseException) -> None:
        """Cut the connection without ceremony, so that the session can be resumed."""
        self._end(fault)

    async def close(self) -> None:
        """End the session in order; gives the server a second."""
        self._over = True
        if self.is_connected():
            await self.disconnect(1.0, ignore_send_queue=True)
        self._retire()

    # --- what slixmpp would do otherwise ---------------------------------------------------------------------

    def data_received(self, data: bytes | str) -> None:
        self.heard_at = self.loop.time()
        super().data_received(data)

    def recv_stanza(self, stanza: StanzaBase) -> None:
        if not self.encrypted and stanza.xml.tag not in _BEFORE_TLS:
            log.warning("ignored before TLS: %s", stanza.xml.tag, extra={"remote": "server"})
            return
        try:
            super().recv_stanza(stanza)
        except Exception as error:  # noqa: BLE001 - slixmpp raises on nonsense, and asyncio would close the connection
            told = {"remote": bare(stanza.xml.get("from", "server"))}
            log.warning("nonsense ignored: %s: %r", stanza.xml.tag, error, extra=told)

    def abort(self) -> None:
        # slixmpp closes and then aborts, perhaps twice: Python 3.11's TLS transport fails on the second call.
        if self.transport is not None and not self._aborted:
            self._aborted = True
            self.transport.abort()

    def configure_dns(self, resolver: Resolver | None, domain: str | None = None, port: int | None = None) -> None:
        del domain, port
        self._resolver = resolver

    def reschedule_connection_attempt(self) -> None:
        # The client has a back-off of its own.
        self._end(self._fault or Fault("server away", "no address of the server takes a connection"))

    async def _handle_stream_features(self, features: StreamFeatures) -> bool | None:
        if not self.encrypted and "starttls" not in features["features"]:
            self._end(faults.without_encryption(domain(self._account.jid)))
            return None
        if self.encrypted and self._before is not None:
            before, self._before = self._before, None
            if not await before():
                return None
        return await super()._handle_stream_features(features)

    # --- events of slixmpp -----------------------------------------------------------------------------------

    def _listen(self) -> None:
        # see-other-host would let a man in the middle choose the name on the certificate; roster, presence and
        # subscriptions are ours.
        for name in ("Stream Error", "Roster Update", "Presence"):
            self.remove_handler(name)
        match = MatchXPath(f"{{{_STREAMS}}}error")
        self.register_handler(Callback("Stream Error", match, self._on_stream_error))
        handlers: dict[str, Callable[..., None]] = {
            "connection_failed": self._on_connection_failed,
            "ssl_invalid_chain": self._end,
            "failed_auth": self._on_refusal,
            "failed_all_auth": self._on_no_way_in,
            "session_start": self._on_bound,
            "stream_negotiated": self._on_negotiated,
            "session_resumed": self._on_resumed,
            "disconnected": self._on_disconnected,
        }
        for event, handler in handlers.items():
            self.add_event_handler(event, handler)
        # Behind the filter of XEP-0198, which must count every stanza.
        self.add_filter("in", self._inbound)

    def _inbound(self, stanza: StanzaBase) -> StanzaBase | None:
        if stanza.xml.tag not in _STANZAS:
            return stanza
        try:
            taken = self._observer.stanza(stanza.xml)
        except Exception as error:  # noqa: BLE001 - a bug of ours must not cut the connection
            self.loop.call_exception_handler({"message": "a stanza could not be handled", "exception": error})
            taken = False
        # Messages and presence end here: slixmpp's own handlers raise on nonsense in them.
        return None if taken or stanza.xml.tag != IQ else stanza

    def _on_connection_failed(self, error: OSError | str) -> None:
        # slixmpp makes a text of a failed name lookup; the client looks up once more to learn which failure.
        self._fault = error if isinstance(error, OSError) else faults.LookupFailedError(error)

    def _on_refusal(self, failure: StanzaBase) -> None:
        self._refusal = str(failure["condition"])

    def _on_no_way_in(self, _: object) -> None:
        nothing = Fault("server away", "the server offers no way to sign in that this phone knows")
        self._end(faults.of_sasl(self._refusal) if self._refusal else nothing)

    def _on_stream_error(self, error: StanzaBase) -> None:
        names = [child.tag.removeprefix(f"{{{_STREAM_ERRORS}}}") for child in error.xml]
        condition = next((name for name in names if "}" not in name and name != "text"), "")
        self._end(faults.of_stream_error(condition, domain(self._account.jid)))

    def _on_bound(self, _: object) -> None:
        if not self.boundjid.resource:
            self._end(Fault("signed in elsewhere", "the server does not give this phone its name"))

    def _on_negotiated(self, _: object) -> None:
        if not self.bound:
            self._end(Fault("server away", "the server ended the sign-in half way"))
        elif not self._over:
            self.is_live = True
            self._observer.live(resumed=False)

    def _on_resumed(self, _: object) -> None:
        self.is_live = True
        self._observer.live(resumed=True)

    def _on_disconnected(self, reason: BaseException | str | None) -> None:
        fallback = reason if isinstance(reason, BaseException) else ConnectionError(reason or "connection closed")
        self._end(self._fault or fallback)

    # --- life ------------------------------------------------------------------------------------------------

    def _take_over(self, resume: Resume) -> None:
        management = self.plugin["xep_0198"]
        management.sm_id, management.handled = resume.id, resume.handled
        management.seq, management.last_ack = resume.sent, resume.acknowledged
        management.unacked_queue.extend(resume.unacknowledged)
        self.boundjid = JID(resume.jid)
        self.end_session_on_disconnect = False

    def _end(self, fault: Fault | BaseException) -> None:
        if self._over:
            return
        self._over, self.is_live = True, False
        self._retire()
        self._observer.ended(fault)

    def _retire(self) -> None:
        self.is_live = False
        self.cancel_connection_attempt()
        if self._resolver is not None:
            # Its own thread would bring the answer to a loop that may be closed by then.
            self._resolver.cancel()
            self._resolver = None
        self.abort()
        if self._run_out_filters is not None:
            self._run_out_filters.cancel()
