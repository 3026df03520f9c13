"""The seed's own server, scripted: Google Talk's voicemail as its document has it, slips and all.

norway.localhost is a component, whose users have voicemail; our own server answers `outgoingvoicemail` by a module.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from peers.google_end import Checks, GiceEnd
from peers.google_peer import SESSION, act_of, candidate, description, payload_type, session, wrapped
from peers.xmpp_peer import PASSWORD
from rig.servers_services import Services, ServicesProsody
from slixmpp import ComponentXMPP
from slixmpp.stanza import Iq
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

DOMAIN = "norway.localhost"
PADDED = " http://jabber.org/protocol/disco#items"
"""The document's slip."""
ITEMS = "http://jabber.org/protocol/disco#items"
INFO = "http://jabber.org/protocol/disco#info"
ANSWERED = description(payload_type(0, "PCMU"), payload_type(101, "telephone-event"))
MODULE = """
local st = require "util.stanza";
local item = module:get_option_string("seed_item");
module:hook("iq-get/bare/http://jabber.org/protocol/disco#items:query", function (event)
  local node = event.stanza.tags[1].attr.node;
  if node ~= "outgoingvoicemail" or item == "" then return; end
  local reply = st.reply(event.stanza):tag("query", { xmlns = " http://jabber.org/protocol/disco#items", node = node });
  event.origin.send(reply:tag("item", { jid = item }));
  return true;
end, 10);
"""


@dataclass(frozen=True)
class Came:
    """One act, and the address that it was sent to."""

    to: str
    payload: Element


class GoogleServer(ComponentXMPP):
    """Answers what it is asked by `items`, and each act with a result or by `refuses`."""

    def __init__(self, services: Services) -> None:
        super().__init__(DOMAIN, services.secret, "127.0.0.1", services.component_port)
        self.items: dict[tuple[str, str], str] = {}
        """(bare JID, node) -> the item's JID; "" for a result without one."""
        self.asked: list[tuple[str, str]] = []
        self.refuses: Callable[[Element], str] = lambda _: ""
        """The error's content."""
        self.came: list[Came] = []
        self._more = asyncio.Event()
        self._up = asyncio.Event()
        self._replies: dict[str, asyncio.Future[str]] = {}
        self._ids = (f"g{n}" for n in itertools.count(1))
        for name, handler in ((f"{{{ITEMS}}}query", self._items), (f"{{{SESSION}}}session", self._session)):
            self.register_handler(Callback(name, MatchXPath(f"{{jabber:client}}iq/{name}"), handler))
            self.register_handler(Callback(name + " ", MatchXPath(f"{{jabber:component:accept}}iq/{name}"), handler))
        self.add_event_handler("session_start", lambda _: self._up.set())
        self.add_filter("in", self._note)

    async def ready(self) -> None:
        self.connect()
        async with asyncio.timeout(15):
            await self._up.wait()

    async def got(self, act: str, within: float = 10) -> Came:
        """The next of that act; it is taken away. Others stay."""
        async with asyncio.timeout(within):
            while True:
                for each in self.came:
                    if act_of(each.payload) == act:
                        self.came.remove(each)
                        return each
                self._more.clear()
                await self._more.wait()

    async def acked(self, own: str, to: str, payload: str) -> None:
        """Send an IQ-set that must be taken."""
        id_ = next(self._ids)
        self._replies[id_] = asyncio.get_running_loop().create_future()
        self.send_raw(f"<iq type='set' id='{id_}' from='{own}' to='{to}'>{payload}</iq>")
        async with asyncio.timeout(5):
            assert await self._replies[id_] == "result", payload

    def _items(self, iq: Iq) -> None:
        (query,) = iq.xml
        node, asked = query.get("node", ""), str(iq["to"])
        self.asked.append((asked, node))
        item = self.items.get((asked, node))
        if item is None:
            self._error(iq, "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>")
        else:
            inner = f"<item jid='{item}'/>" if item else ""
            self._result(iq, f"<query xmlns='{PADDED}' node='{node}'>{inner}</query>")

    def _session(self, iq: Iq) -> None:
        (payload,) = iq.xml
        if error := self.refuses(payload):
            self._error(iq, error)
        else:
            self._result(iq)
        self.came.append(Came(str(iq["to"]), payload))
        self._more.set()

    def _result(self, iq: Iq, inner: str = "") -> None:
        self.send_raw(f"<iq type='result' id='{iq['id']}' from='{iq['to']}' to='{iq['from']}'>{inner}</iq>")

    def _error(self, iq: Iq, condition: str) -> None:
        error = f"<error type='cancel'>{condition}</error>"
        self.send_raw(f"<iq type='error' id='{iq['id']}' from='{iq['to']}' to='{iq['from']}'>{error}</iq>")

    def _note(self, stanza: object) -> object:
        xml = getattr(stanza, "xml", None)
        if xml is not None and (waiting := self._replies.pop(xml.get("id", ""), None)) is not None:
            waiting.set_result(xml.get("type", ""))
        return stanza


@dataclass
class Mailbox:
    """One message being taken, at the address `own`."""

    server: GoogleServer
    end: GiceEnd
    own: str
    caller: str
    sid: str
    initiator: str

    async def says(self, act: str, inner: str = "") -> None:
        await self.server.acked(self.own, self.caller, session(act, self.sid, self.initiator, inner))

    async def takes_it(self, forms: tuple[str, ...] = ("transport-info", "candidates")) -> list[str]:
        """transport-accept, candidates in these forms, and accept once the caller's are here. The acts of the caller's
        that told them.
        """
        if "transport-info" in forms:
            await self.says("transport-accept", wrapped())
        ours = candidate(self.end.port, self.end.name), candidate(self.end.port, self.end.name, name="rtcp")
        for form in forms:
            await self.says(form, wrapped(*ours) if form == "transport-info" else "".join(ours))
        told = await self.server.got(forms[-1])
        self.end.meets(told.payload)
        assert self.end.theirs
        await self.says("accept", ANSWERED)
        return [told.payload.get("type", ""), *(act_of(each.payload) for each in self.server.came)]


async def taken(server: GoogleServer, end: GiceEnd, *, resource: str = "") -> tuple[Mailbox, Came]:
    """The next initiate, acked; `resource`: answered from there, where it was sent to a bare address."""
    came = await server.got("initiate", 15)
    initiator = came.payload.get("initiator", "")
    return Mailbox(server, end, came.to + resource, initiator, came.payload.get("id", ""), initiator), came


def box_end(checks: Checks = Checks.LIBJINGLE, **more: object) -> GiceEnd:
    """It says nothing of itself."""
    return GiceEnd(checks, hz=0.0, **more)  # type: ignore[arg-type]


@asynccontextmanager
async def seed_prosody(folder: Path, own_item: str) -> AsyncIterator[ServicesProsody]:
    """Alice's server; `own_item`: what it answers to `outgoingvoicemail`, "" for nothing."""
    plugins = folder / "seed"
    plugins.mkdir(parents=True)
    (plugins / "mod_seed_items.lua").write_text(MODULE)
    services = Services(
        component=DOMAIN, plugins=("seed_items",), plugin_folder=plugins, options={"seed_item": f'"{own_item}"'}
    )
    async with ServicesProsody(folder / "prosody", {"alice": PASSWORD}, services) as running:
        yield running


@asynccontextmanager
async def google_server(services: Services) -> AsyncIterator[GoogleServer]:
    server = GoogleServer(services)
    await server.ready()
    try:
        yield server
    finally:
        await server.disconnect(1.0)
