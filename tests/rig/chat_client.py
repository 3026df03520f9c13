"""A chat client that has nothing of ours but the account: what it shows of messages is what any client would."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from io import BytesIO
from xml.etree.ElementTree import Element

from rig.servers_ears import Server, download
from rig.words import Samples, decoded
from slixmpp import ClientXMPP
from slixmpp.stanza import Message

_OOB = "{jabber:x:oob}x/{jabber:x:oob}url"
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Said:
    """One message with a body. `url`: of the file that it hands over (XEP-0066), "" for a text."""

    sender: str
    body: str
    url: str
    xml: Element = field(repr=False, compare=False)


@dataclass
class ChatClient:
    """Signed in; `seen` grows."""

    server: Server
    seen: list[Said] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, stanza: Message) -> None:
        body = stanza.xml.findtext("{jabber:client}body")
        if body:
            self.seen.append(Said(stanza["from"].full, body, stanza.xml.findtext(_OOB) or "", stanza.xml))
            self._news.set()

    @property
    def texts(self) -> list[Said]:
        return [said for said in self.seen if not said.url]

    @property
    def voices(self) -> list[Said]:
        return [said for said in self.seen if said.url]

    async def until(self, true: Callable[[ChatClient], object], seconds: float = _PATIENCE) -> None:
        """Raises AssertionError with all that was seen."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not true(self):
            assert asyncio.get_running_loop().time() < deadline, self.seen
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), 0.5)
            self._news.clear()

    async def listen(self, said: Said) -> Samples:
        """Download a voice message and play it: AAC in MP4, as clients on phones expect it."""
        assert said.body == said.url, "clients show a file inline only where the body is its address"
        data, kind = await download(said.url, self.server.ca_file)
        assert kind == "audio/mp4", kind
        return await asyncio.to_thread(decoded, BytesIO(data), "aac")


@contextlib.asynccontextmanager
async def chat_client(server: Server, jid: str, password: str) -> AsyncIterator[ChatClient]:
    """Online: what is sent to its account is shown to it too."""
    made = ChatClient(server)
    context = ssl.create_default_context(cafile=server.ca_file)
    client = ClientXMPP(jid, password, ssl_context=context)
    client.enable_direct_tls = False
    online = asyncio.Event()

    def started(_: object) -> None:
        client.send_presence()
        online.set()

    client.add_event_handler("session_start", started)
    client.add_event_handler("message", made.show)
    client.connect("127.0.0.1", server.port)
    try:
        async with asyncio.timeout(_PATIENCE):
            await online.wait()
        yield made
    finally:
        await client.disconnect()
