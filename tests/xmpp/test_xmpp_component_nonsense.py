"""A component and a server that says whatever the test wants: wrong things, too early, too late, never."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable
from typing import Self

import pytest
from rig.component_ears import component, connected
from rig.servers_services import Services

from phone.xmpp.keepalive import Pace

HEADER = (
    "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' id='1' from='vm.localhost'"
    " xmlns:stream='http://etherx.jabber.org/streams'>"
)
SOMEONE = "from='ann@a.example/pi' to='vm.localhost'"
REQUEST = f"<iq type='get' id='r' {SOMEONE}><q xmlns='urn:q'/></iq>"
ERROR = "<stream:error><{} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"


class Scripted:
    """Takes anyone whose handshake is a hash. `before` is said ahead of the handshake's answer; `greet` False: nothing
    at all is said.
    """

    def __init__(self, *, before: str = "", after: str = "", greet: bool = True) -> None:
        self.before, self.after, self.greet = before, after, greet
        self.heard = ""
        self.writers: list[asyncio.StreamWriter] = []
        self.services = Services()
        self.connections: list[float] = []

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.services.component_port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        for writer in self.writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    def say(self, text: str) -> None:
        self.writers[-1].write(text.encode())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(asyncio.get_running_loop().time())
        self.writers.append(writer)
        with contextlib.suppress(OSError):
            if self.greet:
                writer.write(HEADER.encode())
            seen = ""
            answered = False
            while data := await reader.read(65536):
                seen += data.decode()
                if "</stream:stream>" in seen:
                    writer.write(b"</stream:stream>")
                    break
                self.heard += data.decode()
                if "</handshake>" in seen and not answered and self.greet:
                    answered = True
                    writer.write(f"{self.before}<handshake/>{self.after}".encode())
            writer.close()


@pytest.fixture
async def server() -> Scripted:
    async with Scripted() as scripted:
        yield scripted


async def test_the_hash_goes_out_and_stanzas_have_the_streams_namespace(server: Scripted) -> None:
    async with connected(server.services) as (box, c):
        server.say(REQUEST)
        await c.until(lambda: c.iqs)
        sender, to, iq_id, _, payload = c.iqs[0]
        box.result(to, sender, iq_id, payload)
        await c.until(lambda: "</iq>" in server.heard)
    assert f">{hashlib.sha1(b'1s3cret').hexdigest()}</handshake>" in server.heard  # noqa: S324 - XEP-0114 3
    assert "jabber:client" not in server.heard


async def test_nothing_is_heard_before_the_handshake() -> None:
    async with Scripted(before=REQUEST) as early, connected(early.services) as (_, c):
        early.say(REQUEST.replace("id='r'", "id='later'"))
        await c.until(lambda: c.iqs)
        assert [iq_id for _, _, iq_id, _, _ in c.iqs] == ["later"]


@pytest.mark.parametrize(
    "words",
    [
        "<unknown xmlns='urn:x'/>",
        "<stream:features/>",
        "<handshake/>",
        "<iq/>",
        f"<iq type='get' {SOMEONE}/>",
        f"<iq type='error' id='1' {SOMEONE}><error/></iq>",
        f"<iq type='result' id='1' {SOMEONE}/>",
        "<message/>",
        f"<message type='error' {SOMEONE}><error type='?'/></message>",
        "<presence type='x'/>",
        "<presence from='@@' to='vm.localhost'/>",
        "<message xmlns='jabber:client' from='a@b' to='vm.localhost'><body/></message>",
        f"<iq type='set' id='d' {SOMEONE}><delegation xmlns='urn:xmpp:delegation:1'><forwarded/></delegation></iq>",
    ],
)
async def test_nonsense_does_not_end_the_service(server: Scripted, words: str) -> None:
    async with connected(server.services) as (_, c):
        server.say(words + REQUEST)
        await c.until(lambda: [each for each in c.iqs if each[2] == "r"])
        assert c.states == [""]


async def test_a_bug_of_the_listener_does_not_end_it_either(server: Scripted) -> None:
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))
    async with connected(server.services) as (_, c):
        c.handle = lambda *_: 1 / 0
        server.say(REQUEST)
        await c.until(lambda: told)
        c.handle = None
        server.say(REQUEST)
        await c.until(lambda: len(c.iqs) == 2)
        assert c.states == [""]
    assert told == ["a stanza could not be handled"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (ERROR.format("not-authorized"), "refuses the secret"),
        (ERROR.format("host-unknown"), "has no place for a component vm.localhost"),
        (ERROR.format("conflict"), "another component is connected"),
        (ERROR.format("invalid-namespace"), "not a port for components"),
        (ERROR.format("system-shutdown"), "closed the connection (system-shutdown)"),
        ("<stream:error/>", "closed the connection (no reason given)"),
        ("</stream:stream>", "closed the connection"),
        ("<iq></message>", "closed the connection"),
        ("\x00\x01", "closed the connection"),
    ],
)
async def test_how_a_stream_ends_is_said_and_the_next_begins(server: Scripted, words: str, sentence: str) -> None:
    async with connected(server.services) as (_, c):
        server.say(words)
        await c.until(lambda: len(c.states) >= 2)
        assert sentence in c.states[1]
        await c.until_online()


async def test_who_throws_us_out_at_once_is_not_run_down() -> None:
    async with Scripted(after=ERROR.format("conflict")) as server, component(server.services) as (_, c):
        await c.until(lambda: len(server.connections) >= 3)
    _, second, third = server.connections[:3]
    assert third - second > 0.4  # the first wait of the back-off, at its shortest


async def _nothing(_: Scripted) -> None:
    pass


async def _cut(server: Scripted) -> None:
    while not server.writers:
        await asyncio.sleep(0.01)
    server.writers[-1].transport.abort()


@pytest.mark.parametrize(("do", "sentence"), [(_nothing, "does not answer"), (_cut, "closed the connection")])
async def test_a_silent_server_is_left_and_tried_again(
    do: Callable[[Scripted], Awaitable[None]], sentence: str
) -> None:
    pace = Pace(sign_in=0.5) if do is _nothing else Pace()
    async with Scripted(greet=False) as server, component(server.services, pace=pace) as (box, c):
        await do(server)
        await c.until(lambda: c.states)
        assert sentence in c.states[0]
        assert not box.is_online
        server.greet = True
        await c.until_online()


async def test_nobody_at_home() -> None:
    async with component(Services()) as (_, c):
        await c.until(lambda: c.states)
    assert "is the XMPP server running" in c.states[0]


async def test_an_unknown_host() -> None:
    async with component(Services(), host="no-such-host.invalid") as (_, c):
        await c.until(lambda: c.states)
    assert "no-such-host.invalid" in c.states[0]


async def test_a_silent_line_is_asked_and_left(server: Scripted) -> None:
    """The scripted server never passes our sign of life on."""
    async with connected(server.services, pace=Pace(idle=0.1, answer=0.1)) as (_, c):
        await c.until(lambda: len(c.states) >= 2)
    assert "does not answer any more" in c.states[1]
    assert "urn:xmpp:ping" in server.heard


async def test_it_ends_when_told_to_even_while_it_tries() -> None:
    async with component(Services()):
        pass
    async with Scripted(greet=False) as server, component(server.services):
        while not server.connections:
            await asyncio.sleep(0.01)
