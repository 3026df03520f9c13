"""A scripted XMPP client: signs in, says what it can, answers IQs as told and sends what a test writes.

Built on slixmpp alone, so that nothing of the phone's own XMPP and Jingle code judges itself.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, Self
from xml.etree.ElementTree import Element

from slixmpp import ClientXMPP
from slixmpp.stanza import Iq
from slixmpp.xmlstream import StanzaBase
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

JINGLE = "urn:xmpp:jingle:1"
JMI = "urn:xmpp:jingle-message:0"
RTP = "urn:xmpp:jingle:apps:rtp:1"
RTP_INFO = "urn:xmpp:jingle:apps:rtp:info:1"
ICE = "urn:xmpp:jingle:transports:ice-udp:1"
RAW = "urn:xmpp:jingle:transports:raw-udp:1"
TRANSFER = "urn:xmpp:jingle:transfer:0"
DTLS = "urn:xmpp:jingle:apps:dtls:0"
AUDIO = "urn:xmpp:jingle:apps:rtp:audio"
N = {"j": JINGLE, "m": JMI, "r": RTP, "i": ICE, "u": RAW, "d": DTLS, "t": TRANSFER}


class Server(Protocol):
    """Where to sign in."""

    port: int
    ca_file: Path
    domain: str


class Peer(ClientXMPP):
    """`await signed_in()`, then `tell` IQs and messages, and `expect` what comes."""

    def __init__(self, server: Server, name: str, resource: str, features: tuple[str, ...]) -> None:
        tls = ssl.create_default_context(cafile=server.ca_file)
        super().__init__(f"{name}@{server.domain}/{resource}", PASSWORD, ssl_context=tls)
        self.enable_direct_tls = False
        self.phone = f"alice@{server.domain}/phone"
        self.silent_on: Callable[[Element], bool] = lambda _: False
        """Which Jingle IQs get no answer at all."""
        self.refused: Callable[[Element], bool] = lambda _: False
        """Which get `error`."""
        self.error = NOT_HERE
        self.doubted: Callable[[Element], bool] = lambda _: False
        """Which get a result, and after that an error of the same id, as Gajim's do."""
        self.delay: Callable[[Element], float] = lambda _: 0.0
        """Seconds until the answer."""
        self.came: list[Element] = []
        """Jingle and JMI payloads that nobody has taken yet."""
        self.asked = asyncio.Event()
        """The phone has asked what this client can."""
        self._server = server
        # one of its own: the phone asks but once about clients that can the very same (XEP-0115)
        self._features = (*features, f"urn:example:{name}")
        self._replies: dict[str, asyncio.Future[Element]] = {}
        self._ids = (f"q{n}" for n in itertools.count(1))
        self._more = asyncio.Event()
        self._known = asyncio.Event()
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0115")
        self.add_event_handler("session_start", self._started)
        self.register_handler(Callback("Jingle", MatchXPath(f"{{jabber:client}}iq/{{{JINGLE}}}jingle"), self._jingle))
        self.add_filter("in", self._note)

    @property
    def own(self) -> str:
        """Our full JID."""
        return str(self.boundjid.full)

    async def signed_in(self) -> Self:
        """Online, and the phone knows what we can."""
        self.connect("127.0.0.1", self._server.port)
        async with asyncio.timeout(15):
            await self._known.wait()
        return self

    async def _started(self, _event: object) -> None:
        for feature in self._features:
            await self.plugin["xep_0030"].add_feature(feature)
        await self.plugin["xep_0115"].update_caps()
        self.send_presence()
        await self.get_roster()

    # --- out

    async def tell(self, payload: str, *, to: str = "", iq_id: str = "") -> Element:
        """Send an IQ-set; its answer, a result or an error."""
        iq_id = iq_id or next(self._ids)
        self._replies[iq_id] = asyncio.get_running_loop().create_future()
        self.send_raw(f"<iq type='set' id='{iq_id}' from='{self.own}' to='{to or self.phone}'>{payload}</iq>")
        async with asyncio.timeout(5):
            return await self._replies[iq_id]

    async def acked(self, payload: str, *, iq_id: str = "") -> None:
        """Send an IQ-set that the phone must take."""
        reply = await self.tell(payload, iq_id=iq_id)
        assert reply.get("type") == "result", condition(reply)

    def message(self, payload: str, to: str = "") -> None:
        """Send a JMI message, by default to the phone's full JID."""
        self.send_raw(f"<message type='chat' from='{self.own}' to='{to or self.phone}'>{payload}</message>")

    # --- in

    async def expect(self, name: str, within: float = 8) -> Element:
        """The next payload of that Jingle action or JMI verb; it is taken away. Others stay."""
        return await self._next(lambda payload: name_of(payload) == name, within)

    async def informed(self, name: str, within: float = 8) -> Element:
        """The next session-info that holds such an element: `hold`, `transfer`. Others stay."""
        return await self._next(lambda payload: name in infos_of(payload), within)

    async def _next(self, true: Callable[[Element], bool], within: float) -> Element:
        async with asyncio.timeout(within):
            while True:
                for payload in self.came:
                    if true(payload):
                        self.came.remove(payload)
                        return payload
                self._more.clear()
                await self._more.wait()

    def forget(self) -> None:
        """Begin a new test."""
        self.came.clear()
        self.silent_on = self.refused = self.doubted = lambda _: False
        self.delay = lambda _: 0.0
        self.error = NOT_HERE

    def _jingle(self, iq: Iq) -> None:
        payload = next(iter(iq.xml))
        envelope = f"id='{iq['id']}' from='{self.own}' to='{iq['from']}'"
        result, error = f"<iq type='result' {envelope}/>", f"<iq type='error' {envelope}>{self.error}</iq>"
        if self.refused(payload):
            answers = [error]
        elif self.silent_on(payload):
            answers = []
        else:
            answers = [result, error] if self.doubted(payload) else [result]
        for answer in answers:
            self.loop.call_later(self.delay(payload), self.send_raw, answer)
        self._take(payload)

    def _take(self, payload: Element) -> None:
        self.came.append(payload)
        self._more.set()

    def _note(self, stanza: StanzaBase) -> StanzaBase:
        xml = stanza.xml
        if xml.tag == "{jabber:client}iq" and xml.get("type") in {"result", "error"}:
            waiting = self._replies.pop(xml.get("id", ""), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(xml)
        elif xml.tag == "{jabber:client}message" and bare(xml.get("from", "")) != bare(self.own):
            for payload in xml:
                if payload.tag.startswith(f"{{{JMI}}}"):
                    self._take(payload)
        elif xml.find("{http://jabber.org/protocol/disco#info}query") is not None and xml.get("from") == self.phone:
            # behind slixmpp's answer and the phone's reading of it
            self.loop.call_later(0.3, self._known.set)
        return stanza


PASSWORD = "on-the-wire"
NOT_HERE = (
    "<error type='cancel'><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
    "<unsupported-info xmlns='urn:xmpp:jingle:errors:1'/></error>"
)


def bare(jid: str) -> str:
    return jid.partition("/")[0]


def name_of(payload: Element) -> str:
    return payload.get("action") or payload.tag.rpartition("}")[2]


def infos_of(payload: Element) -> list[str]:
    """What a session-info says; nothing for all else."""
    return [child.tag.rpartition("}")[2] for child in payload if payload.get("action") == "session-info"]


def condition(reply: Element) -> str:
    """The defined condition of an error reply."""
    error = reply.find("{jabber:client}error")
    return "" if error is None else next(iter(error)).tag.rpartition("}")[2]


def reason(payload: Element) -> str:
    """Why a session was terminated, or a proposal rejected."""
    element = payload.find("j:reason", N)
    return "" if element is None else next(iter(element)).tag.rpartition("}")[2]


def candidate_of(payload: Element, transport: str = "i") -> tuple[str, int]:
    """Where the phone takes RTP: its first candidate."""
    candidate = payload.find(f".//{transport}:candidate", N)
    assert candidate is not None
    return candidate.get("ip", ""), int(candidate.get("port", ""))


def jingle(action: str, sid: str, inner: str = "", more: str = "") -> str:
    return f"<jingle xmlns='{JINGLE}' action='{action}' sid='{sid}' {more}>{inner}</jingle>"


def info(name: str, sid: str, namespace: str = RTP_INFO, more: str = "") -> str:
    return jingle("session-info", sid, f"<{name} xmlns='{namespace}' {more}/>")


def terminate(sid: str, why: str) -> str:
    """`why`: a condition; "" sends no reason at all."""
    return jingle("session-terminate", sid, f"<reason><{why}/></reason>" if why else "")
