"""A component's life (XEP-0114): connect, stay, come back for ever."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from xml.etree.ElementTree import Element

from phone.clock import Clock, SystemClock
from phone.errors import PhoneError
from phone.xmpp import stanzas
from phone.xmpp.api import IceServerFact, IqError, VoiceMessage
from phone.xmpp.backoff import Backoff
from phone.xmpp.component_api import ComponentListener, InnerIq, IqKind
from phone.xmpp.component_bridge import ComponentBridge
from phone.xmpp.component_stream import ComponentStream
from phone.xmpp.jids import canonical
from phone.xmpp.keepalive import Keepalive, Pace
from phone.xmpp.outbox import Outbox
from phone.xmpp.requests import Requests, Result
from phone.xmpp.services import IceServers
from phone.xmpp.upload import Uploads

log = logging.getLogger(__name__)

_STEADY = 10.0
"""A connection that lasted so long was a good one (seconds): the next is tried at once."""
_REMEMBERED = 1024
"""Messages of which can be told whether the server has them."""
_PING = f"{{{stanzas.PING}}}ping"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ComponentError(PhoneError, ValueError):
    """The component cannot be used as it is configured."""


class XmppComponent:
    """Implements `component_api.Component`. Made and used on one event loop.

    Raises ComponentError for a domain that is none.
    """

    def __init__(
        self,
        domain: str,
        secret: str,
        host: str,
        port: int,
        listener: ComponentListener,
        clock: Clock | None = None,
        *,
        server: str | None = None,
        ca_file: Path | None = None,
        pace: Pace | None = None,
        random: Callable[[], float] | None = None,
    ) -> None:
        """`server`: the domain whose web space, STUN and TURN services are used; None: what is left of `domain` without
        its first label. `ca_file`: trust these certificates of its web server only; None: the system's.
        """
        name = canonical(domain)
        if name is None or "@" in name or "/" in name:
            raise ComponentError(f"{domain!r} is no domain: it must read like vm.example.org")
        if host not in _LOOPBACK:
            log.warning("%s is another machine: what is said to it is not encrypted (XEP-0114); use a tunnel", host)
        self._name, self._secret, self._host, self._port = name, secret, host, port
        self._listener = listener
        self._pace = pace or Pace()
        self._backoff = Backoff(random)
        self._stream: ComponentStream | None = None
        self._keepalive: Keepalive | None = None
        self._over: asyncio.Future[str] | None = None
        self._live_since = 0.0
        self._session_number = 0
        self._sent: dict[str, int] = {}
        clock = clock or SystemClock()
        self._outbox = Outbox(clock.monotonic)
        self._requests = Requests(self._send)
        self._bridge = ComponentBridge(self._send, listener, name, self._requests)
        tls = partial(ssl.create_default_context, cafile=ca_file)
        home = server or name.partition(".")[2] or name
        self._uploads = Uploads(self._requests, home, tls)
        self._ice = IceServers(self._requests, clock, home, name)

    # --- component_api.Component -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Connect and stay connected until cancelled; then end the stream in order."""
        try:
            while True:
                sentence = await self._session()
                log.warning("no connection: %s", sentence)
                self._listener.offline(sentence)
                await asyncio.sleep(self._backoff.next())
        finally:
            await self._close()

    @property
    def is_online(self) -> bool:
        return self._stream is not None and self._stream.is_live

    def send_iq(self, frm: str, to: str, payload: Element, token: str) -> None:
        self._bridge.send_iq(frm, to, payload, token)

    def ask(self, frm: str, to: str, payload: Element, token: str, *, kind: IqKind = "get") -> None:
        self._bridge.ask(frm, to, payload, token, kind)

    def reply(self, frm: str, to: str, iq_id: str, error: IqError | None) -> None:
        self._bridge.reply(frm, to, iq_id, error)

    def result(self, frm: str, to: str, iq_id: str, payload: Element) -> None:
        self._bridge.result(frm, to, iq_id, payload)

    def answer_delegated(self, server: str, iq_id: str, inner: InnerIq, answer: Element | IqError | None) -> None:
        self._bridge.answer_delegated(server, iq_id, inner, answer)

    def send_message(
        self, frm: str, to: str, children: Iterable[Element] = (), *, kind: str = "normal", body: str | None = None
    ) -> str:
        return self._bridge.send_message(frm, to, children, kind, body)

    def send_chat(self, frm: str, to: str, body: str, *, subject: str | None = None, message_id: str = "") -> str:
        return self._bridge.send_chat(frm, to, body, subject, message_id)

    def send_voice(self, frm: str, to: str, message: VoiceMessage) -> str:
        return self._bridge.send_voice(frm, to, message)

    def send_event(self, frm: str, to: str, event: Element) -> str:
        return self._bridge.send_message(frm, to, (event,), "headline", None)

    async def taken(self, message_id: str) -> bool:
        session = self._sent.get(message_id)
        if session is None or session != self._session_number or not self.is_online:
            return False
        outcome = await self._requests.fetch("get", self._name, Element(_PING), sender=self._name)
        return isinstance(outcome, Result) and session == self._session_number

    async def upload(self, path: Path, name: str, media_type: str, *, frm: str | None = None) -> str:
        return await self._uploads.upload(path, name, media_type, frm or self._name)

    def ice_servers(self) -> tuple[IceServerFact, ...]:
        return self._ice.facts()

    # --- component_stream.Observer ---------------------------------------------------------------------------

    def stanza(self, stanza: Element) -> None:
        self._bridge.stanza(stanza)

    def live(self) -> None:
        if self._stream is None:
            return
        self._session_number += 1
        self._live_since = asyncio.get_running_loop().time()
        self._uploads.forget()
        self._ice.renew()
        self._watch(self._stream)
        for stanza in self._outbox.due():
            self._send(stanza)
        log.info("%s is connected to %s:%d", self._name, self._host, self._port)
        self._listener.online()

    def ended(self, sentence: str) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(sentence)

    # --- life ------------------------------------------------------------------------------------------------

    async def _session(self) -> str:
        """One connection, from its first packet to its end; returns why it ended."""
        loop = asyncio.get_running_loop()
        self._over = loop.create_future()
        self._stream = stream = ComponentStream(self._name, self._secret, self._host, self._port, self)
        stream.open()
        await asyncio.wait((self._over,), timeout=self._pace.sign_in)
        if not self._over.done() and not stream.is_live:
            stream.drop(f"{self._host}:{self._port} does not answer: is that the XMPP server's port for components?")
        sentence = await self._over
        if self._keepalive is not None:
            self._keepalive.close()
            self._keepalive = None
            # A server that takes us and throws us out at once is not asked at once again.
            if loop.time() - self._live_since > _STEADY:
                self._backoff.reset()
        self._stream = None
        return sentence

    def _watch(self, stream: ComponentStream) -> None:
        gone = f"{self._host}:{self._port} does not answer any more"
        self._keepalive = Keepalive(self._pace, lambda: stream.heard_at, self._ping, partial(stream.drop, gone))

    def _ping(self) -> None:
        # To ourselves: the server passes it on, whichever domains it serves.
        self._requests.ask("get", self._name, Element(_PING), lambda _: None, sender=self._name)
        if self._keepalive is not None:
            self._keepalive.sent()

    def _send(self, stanza: Element) -> None:
        if self._stream is None or not self._stream.is_live:
            self._outbox.wait(stanza)
            return
        if stanza.tag == stanzas.MESSAGE:
            self._sent[stanza.get("id", "")] = self._session_number
            while len(self._sent) > _REMEMBERED:
                del self._sent[next(iter(self._sent))]
        self._stream.send_element(stanza)

    async def _close(self) -> None:
        self._requests.close()
        self._ice.close()
        if self._keepalive is not None:
            self._keepalive.close()
            self._keepalive = None
        if self._stream is not None:
            with suppress(OSError):
                await self._stream.close()
            self._stream = None
