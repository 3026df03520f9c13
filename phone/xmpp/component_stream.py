"""The border to slixmpp for a component (XEP-0114): one connection from TCP to `</stream>`, used once.

Stanzas are plain elements in the namespace jabber:client on both sides of it, as everywhere in this room.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol
from xml.etree.ElementTree import Element

from slixmpp import ComponentXMPP
from slixmpp.stanza import Iq, Message, Presence
from slixmpp.xmlstream import StanzaBase
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from phone.xmpp.jids import bare
from phone.xmpp.stanzas import CLIENT, IQ, MESSAGE, PRESENCE

log = logging.getLogger(__name__)

_ACCEPT = "jabber:component:accept"
_HANDSHAKE = f"{{{_ACCEPT}}}handshake"
_STREAMS = "http://etherx.jabber.org/streams"
_STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"
_STANZAS: dict[str, type[Iq | Message | Presence]] = {IQ: Iq, MESSAGE: Message, PRESENCE: Presence}
_THEIRS = frozenset(f"{{{_ACCEPT}}}{tag.rpartition('}')[2]}" for tag in _STANZAS)


class Observer(Protocol):
    """Who owns the stream."""

    def live(self) -> None:
        """The server took us: stanzas go both ways."""

    def ended(self, sentence: str) -> None:
        """Once, and the last that is heard."""

    def stanza(self, stanza: Element) -> None: ...


class ComponentStream(ComponentXMPP):
    """`open()`, then events to the observer until `ended`."""

    def __init__(self, domain: str, secret: str, host: str, port: int, observer: Observer) -> None:
        super().__init__(domain, secret, host, port, use_jc_ns=True)  # type: ignore[no-untyped-call]
        self._observer = observer
        self._place = f"{host}:{port}"
        self._name = domain
        self._failure: str | None = None
        self._over = False
        self._aborted = False
        self.is_live = False
        self.heard_at = asyncio.get_running_loop().time()
        """When the server last sent anything, on the loop's clock."""
        # slixmpp's own keepalive detects nothing.
        self.whitespace_keepalive_interval = 86400
        self._listen()

    def open(self) -> None:
        """Start to connect; the observer hears how it goes."""
        self.connect()

    def send_element(self, element: Element) -> None:
        """Write a stanza in the next turn of the loop."""
        self.send(_STANZAS[element.tag](self, element))

    def drop(self, sentence: str) -> None:
        """Cut the connection without ceremony."""
        self._end(sentence)

    async def close(self) -> None:
        """End the session in order; gives the server a second to take what was sent."""
        self._over = True
        if self.is_connected():
            await self.disconnect(1.0)
        self._retire()

    # --- what slixmpp would do otherwise ---------------------------------------------------------------------

    def data_received(self, data: bytes | str) -> None:
        self.heard_at = self.loop.time()
        super().data_received(data)

    def incoming_filter(self, xml: Element) -> Element:
        if xml.tag in _THEIRS:
            for each in xml.iter():
                each.tag = each.tag.replace(f"{{{_ACCEPT}}}", f"{{{CLIENT}}}")
        return xml

    def recv_stanza(self, stanza: StanzaBase) -> None:
        try:
            super().recv_stanza(stanza)
        except Exception as error:  # noqa: BLE001 - slixmpp raises on nonsense, and asyncio would close the connection
            told = {"remote": bare(stanza.xml.get("from", "server"))}
            log.warning("nonsense ignored: %s: %r", stanza.xml.tag, error, extra=told)

    def abort(self) -> None:
        if self.transport is not None and not self._aborted:
            self._aborted = True
            self.transport.abort()

    def reschedule_connection_attempt(self) -> None:
        # The component has a back-off of its own.
        self._end(self._failure or f"no connection to {self._place}")

    # --- events of slixmpp -----------------------------------------------------------------------------------

    def _listen(self) -> None:
        self.remove_handler("Stream Error")
        match = MatchXPath(f"{{{_STREAMS}}}error")
        self.register_handler(Callback("Stream Error", match, self._on_stream_error))
        handlers: dict[str, Callable[..., None]] = {
            "connection_failed": self._on_connection_failed,
            "session_start": self._on_accepted,
            "disconnected": self._on_disconnected,
        }
        for event, handler in handlers.items():
            self.add_event_handler(event, handler)
        self.add_filter("in", self._inbound)

    def _inbound(self, stanza: StanzaBase) -> StanzaBase | None:
        if stanza.xml.tag not in _STANZAS:
            # slixmpp would begin a second session at a second handshake.
            return None if self.is_live and stanza.xml.tag == _HANDSHAKE else stanza
        # Before the handshake nobody may have anything to say.
        if self.is_live:
            try:
                self._observer.stanza(stanza.xml)
            except Exception as error:  # noqa: BLE001 - a bug of ours must not cut the connection
                self.loop.call_exception_handler({"message": "a stanza could not be handled", "exception": error})
        # slixmpp answers nothing for us.
        return None

    def _on_connection_failed(self, error: OSError | str) -> None:
        if isinstance(error, OSError):
            self._failure = (
                f"no connection to {self._place} ({error.strerror or error}): is the XMPP server running, and is that "
                "its port for components?"
            )
        else:
            self._failure = f"the host of {self._place} is not known: check the address of the XMPP server"

    def _on_accepted(self, _: object) -> None:
        if not self._over:
            self.is_live = True
            self._observer.live()

    def _on_stream_error(self, error: StanzaBase) -> None:
        names = [child.tag.removeprefix(f"{{{_STREAM_ERRORS}}}") for child in error.xml]
        condition = next((name for name in names if "}" not in name and name != "text"), "no reason given")
        self._end(_sentence(condition, self._name, self._place))

    def _on_disconnected(self, reason: object) -> None:
        self._end(self._failure or f"{self._place} closed the connection ({reason or 'no reason given'})")

    # --- life ------------------------------------------------------------------------------------------------

    def _end(self, sentence: str) -> None:
        if self._over:
            return
        self._over = True
        self._retire()
        self._observer.ended(sentence)

    def _retire(self) -> None:
        self.is_live = False
        self.cancel_connection_attempt()
        self.abort()
        if self._run_out_filters is not None:
            self._run_out_filters.cancel()


def _sentence(condition: str, name: str, place: str) -> str:
    match condition:
        case "not-authorized":
            return f"{place} refuses the secret of {name}: it must be the same there and in the config of this service"
        case "host-unknown" | "host-gone":
            return (
                f"{place} has no place for a component {name}: add it to the config of the XMPP server, and check that "
                "this is its port for components"
            )
        case "conflict":
            return f"another component is connected to {place} as {name}: each needs a domain of its own"
        case "invalid-namespace":
            return f"{place} is not a port for components: see the config of the XMPP server"
        case _:
            return f"{place} closed the connection ({condition})"
