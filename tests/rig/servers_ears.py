"""What XMPP tests listen with, and what they cut lines with."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol, Self
from xml.etree.ElementTree import Element, fromstring

from phone.xmpp.api import Account, ArchivedMessage
from phone.xmpp.client import XmppClient
from phone.xmpp.keepalive import Pace

FEATURES = ("urn:xmpp:jingle:1", "urn:xmpp:jingle-message:0")
PATIENCE = 20.0


class Server(Protocol):
    """PrivateProsody and PrivateEjabberd."""

    port: int
    direct_tls_port: int
    ca_file: Path
    domain: str

    async def kill(self) -> None: ...
    async def start(self) -> None: ...


class Ears:
    """A listener that remembers all; `until` waits for something heard."""

    def __init__(self) -> None:
        self.services: list[tuple[str, str]] = []
        self.iqs: list[tuple[str, str, Element]] = []
        self.messages: list[tuple[str, str, Element, bool, bool]] = []
        self.replies: dict[str, list[str | None]] = {}
        self.gone: list[str] = []
        self.bounces: list[tuple[str, str, str]] = []
        self.changes = 0
        self.names_told: list[tuple[str, str]] = []
        self.learnt: list[tuple[str, frozenset[str]]] = []
        self.archives: list[tuple[ArchivedMessage, ...]] = []
        self.answers: dict[str, list[Element | None]] = {}
        self.events: list[tuple[str, Element]] = []
        self.takes = True
        self._news = asyncio.Event()

    def service(self, name: str, detail: str) -> None:
        self.services.append((name, detail))
        self._news.set()

    def iq(self, sender: str, iq_id: str, payload: Element) -> bool:
        self.iqs.append((sender, iq_id, payload))
        self._news.set()
        return self.takes

    def message(self, sender: str, to: str, payload: Element, *, carbon: bool, sent_by_us: bool) -> None:
        self.messages.append((sender, to, payload, carbon, sent_by_us))
        self._news.set()

    def bounced(self, sender: str, proposal: str, condition: str) -> None:
        self.bounces.append((sender, proposal, condition))
        self._news.set()

    def replied(self, token: str, error: str | None) -> None:
        self.replies.setdefault(token, []).append(error)
        self._news.set()

    def unavailable(self, full_jid: str) -> None:
        self.gone.append(full_jid)
        self._news.set()

    def contacts_changed(self) -> None:
        self.changes += 1
        self._news.set()

    def named(self, jid: str, name: str) -> None:
        self.names_told.append((jid, name))
        self._news.set()

    def features(self, full_jid: str, features: frozenset[str]) -> None:
        self.learnt.append((full_jid, features))
        self._news.set()

    def answered(self, token: str, payload: Element | None) -> None:
        self.answers.setdefault(token, []).append(payload)
        self._news.set()

    def published(self, sender: str, event: Element) -> None:
        self.events.append((sender, event))
        self._news.set()

    def archived(self, messages: tuple[ArchivedMessage, ...]) -> None:
        self.archives.append(messages)
        self._news.set()

    def names(self) -> list[str]:
        return [name for name, _ in self.services]

    async def until(self, true: Callable[[], object]) -> None:
        """Raises TimeoutError with all that was heard."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not true():
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"{self.services} {self.iqs} {self.messages} {self.replies} {self.gone}")
            # Not everything that is waited for is heard (presence, for one).
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), 0.05)
            self._news.clear()

    async def until_service(self, name: str) -> str:
        await self.until(lambda: self.services and self.services[-1][0] == name)
        return self.services[-1][1]


@contextlib.asynccontextmanager
async def signed_in(
    account: Account, *, pace: Pace | None = None, last_seen: float | None = None
) -> AsyncIterator[tuple[XmppClient, Ears]]:
    """A client that is online."""
    async with running(account, pace=pace, last_seen=last_seen) as (client, ears):
        await ears.until_service("online")
        yield client, ears


@contextlib.asynccontextmanager
async def running(
    account: Account, *, pace: Pace | None = None, last_seen: float | None = None
) -> AsyncIterator[tuple[XmppClient, Ears]]:
    """A client that tries."""
    ears = Ears()
    client = XmppClient(account, ears, FEATURES, pace=pace, random=lambda: 0.0, last_seen=last_seen)
    task = asyncio.create_task(client.run())
    try:
        yield client, ears
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Relay:
    """A TCP line to `port` that can be cut, or go silent as a dead link does."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._target = port
        self._host = host
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.silent = False
        self.closed = False
        self.connections = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self._host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # an aborted transport closes in the loop's next turn

    def cut(self) -> None:
        """Every connection, without a word."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.closed:
            writer.transport.abort()
            return
        self.connections += 1
        self._writers.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(far_writer)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if not self.silent:
                    sink.write(data)
            sink.close()


class ScriptedServer:
    """Speaks just enough XMPP over direct TLS to sign anyone in, then says whatever the test wants.

    `offers_tls=False` makes it a plain-text server without STARTTLS.
    """

    def __init__(self, pem: Path, *, offers_tls: bool = True, features: str = "") -> None:
        self._pem = pem
        self._offers_tls = offers_tls
        self._features = features
        self._server: asyncio.Server | None = None
        self.heard = ""
        self._writers: list[asyncio.StreamWriter] = []
        self.sessions: list[asyncio.StreamWriter] = []
        self.port = 0

    async def __aenter__(self) -> Self:
        context = None
        if self._offers_tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._pem)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)  # an aborted transport closes in the loop's next turn

    def say(self, text: str) -> None:
        """To the newest session."""
        self.sessions[-1].write(text.encode())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        header = (
            "<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='1' from='localhost' version='1.0'"
            " xmlns:stream='http://etherx.jabber.org/streams'><stream:features>"
        )
        mechanisms = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"
        bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
        self._writers.append(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._read(reader, "version='1.0'>")
            writer.write(f"{header}{self._features or mechanisms}</stream:features>".encode())
            await self._read(reader, "</auth>")
            writer.write(b"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
            await self._read(reader, "version='1.0'>")
            writer.write(f"{header}{bind}</stream:features>".encode())
            request = await self._read(reader, "</iq>")
            iq_id = request.partition('id="')[2].partition('"')[0]
            jid = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>alice@localhost/phone</jid></bind>"
            writer.write(f"<iq type='result' id='{iq_id}'>{jid}</iq>".encode())
            self.sessions.append(writer)
            await self._read(reader, "</stream:stream>")
            writer.write(b"</stream:stream>")
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, end: str) -> str:
        start = len(self.heard)
        while end not in self.heard[start:]:
            data = await reader.read(65536)
            if not data:
                raise asyncio.IncompleteReadError(b"", None)
            self.heard += data.decode()
        return self.heard[start:]


async def download(url: str, ca_file: Path) -> tuple[bytes, str]:
    """What is found there, and of which media type it is said to be."""

    def load() -> tuple[bytes, str]:
        context = ssl.create_default_context(cafile=ca_file)
        with urllib.request.urlopen(url, context=context) as answer:  # noqa: S310 - a server's of the tests' own
            return answer.read(), answer.headers["Content-Type"]

    return await asyncio.to_thread(load)


def xml(text: str) -> Element:
    """A stanza as the test writes it."""
    return fromstring(text)  # noqa: S314 - the tests' own text
