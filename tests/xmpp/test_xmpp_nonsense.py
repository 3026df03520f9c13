"""A server that says what no server should."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from rig.servers_ears import Ears, ScriptedServer, running

from phone.demo.certificates import Authority
from phone.xmpp.api import Account
from phone.xmpp.client import XmppClient
from phone.xmpp.keepalive import Pace

BLOCK = "<iq type='set' id='1' {}><block xmlns='urn:xmpp:blocking'>{}</block></iq>"
ARCHIVED = (
    "<result xmlns='urn:xmpp:mam:2' queryid='x'><forwarded xmlns='urn:xmpp:forward:0'>"
    "<message xmlns='jabber:client' from='bob@localhost/x'/></forwarded></result>"
)
JINGLE = "<iq type='set' id='{}' from='{}'><jingle xmlns='urn:xmpp:jingle:1'/></iq>"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[ScriptedServer, Account]]:
    authority = Authority(tmp_path)
    async with ScriptedServer(authority.issue("localhost").both) as scripted:
        yield (
            scripted,
            Account(
                "alice@localhost", "a", host="127.0.0.1", port=scripted.port, direct_tls=True, ca_file=authority.file
            ),
        )


@contextlib.asynccontextmanager
async def online(account: Account, pace: Pace | None = None) -> AsyncIterator[tuple[XmppClient, Ears]]:
    broken: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: broken.append(context))
    async with running(account, pace=pace) as (client, ears):
        await ears.until_service("online")
        yield client, ears
    assert broken == []


@pytest.mark.parametrize(
    "words",
    [
        "<iq type='error' id='1' from='bob@localhost/x'/>",
        "<iq type='result' id='1' from='@@'/>",
        "<iq type='set' id='1' from='@@'><jingle xmlns='urn:xmpp:jingle:1'/></iq>",
        "<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='@@'/></query></iq>",
        "<iq/><iq type='odd'/><iq type='get'/><iq type='set' id='1' from='bob@localhost'/>",
        "<presence/><presence from='@@'/><presence from='bob@localhost/x' type='odd'/>",
        "<presence from='bob@localhost/x'><c xmlns='http://jabber.org/protocol/caps' hash='x'/></presence>",
        "<message/><message from='@@'><body>x</body></message><message type='error' from='@@'><error/></message>",
        "<message from='bob@localhost'><sent xmlns='urn:xmpp:carbons:2'/></message>",
        "<message from='alice@localhost'><sent xmlns='urn:xmpp:carbons:2'/></message>",
        "<message from='bob@localhost'><propose xmlns='urn:xmpp:jingle-message:0'><x/></propose></message>",
        "<unknown xmlns='urn:x'/><a xmlns='urn:xmpp:sm:3' h='7'/><r xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3'/>",
        f"<message>{ARCHIVED}</message><message from='alice@localhost'><x/>{ARCHIVED}</message>",
        f"<message from='eve@localhost'>{ARCHIVED}</message><message><result xmlns='urn:xmpp:mam:2'/></message>",
        BLOCK.format("", "") + BLOCK.format("", "<item/><item jid='@@'/><x/>"),
        BLOCK.format("from='eve@localhost'", "<item jid='bob@localhost'/>"),
        "<iq type='result' id='1' from='bob@localhost'><vCard xmlns='vcard-temp'><FN>&#xfffd;</FN></vCard></iq>",
        "<message from='bob@localhost/x'>&#x1F600;\u00e9<propose xmlns='urn:xmpp:jingle-message:0' id=''/></message>",
    ],
)
async def test_nonsense_does_not_end_the_session(server: tuple[ScriptedServer, Account], words: str) -> None:
    scripted, account = server
    async with online(account) as (_, ears):
        scripted.say(words)
        scripted.say(JINGLE.format("last", "bob@localhost/x"))
        await ears.until(lambda: ears.iqs and ears.iqs[-1][1] == "last")
        assert len(scripted.sessions) == 1


@pytest.mark.parametrize(
    "words",
    ["<message><", "</stream:stream>", "<<<", "<message></iq>", "\x00", "<message from='x", "<!DOCTYPE x><x/>", "]]>"],
)
async def test_broken_xml_or_an_end_leads_to_a_new_session(server: tuple[ScriptedServer, Account], words: str) -> None:
    scripted, account = server
    async with online(account) as (_, ears):
        scripted.say(words)
        scripted.say("<message/>")
        scripted.sessions[-1].close()
        await ears.until(lambda: len(scripted.sessions) == 2 and ears.names()[-1] == "online")


async def test_an_error_without_condition_answers_a_request(server: tuple[ScriptedServer, Account]) -> None:
    scripted, account = server
    async with online(account) as (client, ears):
        client.send_iq("bob@localhost/x", Element("{urn:xmpp:jingle:1}jingle", {"sid": "mine"}), "t")
        await ears.until(lambda: "mine" in scripted.heard)
        iq_id = scripted.heard.rpartition("<iq")[2].partition('id="')[2].partition('"')[0]
        scripted.say(f"<iq type='error' id='{iq_id}' from='eve@localhost/x'><error/></iq>")
        scripted.say(f"<iq type='error' id='{iq_id}' from='bob@localhost/x'><error/></iq>")
        await ears.until(lambda: ears.replies)
        assert ears.replies == {"t": ["undefined-condition"]}


async def test_a_server_that_falls_silent_is_left(server: tuple[ScriptedServer, Account]) -> None:
    scripted, account = server
    async with online(account, Pace(idle=0.2, answer=0.2)) as (_, ears):
        await ears.until(lambda: len(scripted.sessions) > 1)


async def test_a_bug_of_ours_is_reported_and_the_asker_answered(server: tuple[ScriptedServer, Account]) -> None:
    scripted, account = server
    broken: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: broken.append(context["exception"]))
    async with running(account) as (_, ears):
        await ears.until_service("online")
        ears.iqs = None  # what a bug would do
        scripted.say(JINGLE.format("1", "bob@localhost/x"))
        await ears.until(lambda: "feature-not-implemented" in scripted.heard)
    assert isinstance(broken[0], AttributeError)


async def test_a_server_that_never_answers_about_the_archive(server: tuple[ScriptedServer, Account]) -> None:
    """The last time is kept: what came since is still unknown, and the next session asks for it."""
    scripted, account = server
    async with running(account, last_seen=1_700_000_000.0) as (client, ears):
        assert client.last_seen == 1_700_000_000
        for sessions in (1, 2):
            await ears.until(lambda sessions=sessions: len(scripted.sessions) == sessions)
            await ears.until(lambda sessions=sessions: scripted.heard.count("2023-11-14T22:12:20Z") == sessions)
            assert client.last_seen == 1_700_000_000
            scripted.sessions[-1].close()


STREAM_ERRORS = {
    "conflict": "signed in elsewhere",
    "host-unknown": "unknown server",
    "system-shutdown": "server away",
}


@pytest.mark.parametrize("condition", STREAM_ERRORS)
async def test_stream_errors_are_named(server: tuple[ScriptedServer, Account], condition: str) -> None:
    scripted, account = server
    async with online(account) as (_, ears):
        scripted.say(
            f"<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
            "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>x</text></stream:error>"
        )
        await ears.until(lambda: STREAM_ERRORS[condition] in ears.names())
        await ears.until_service("online")


async def test_see_other_host_is_not_followed(server: tuple[ScriptedServer, Account]) -> None:
    """Following it would verify the certificate against a name that the other end chose."""
    scripted, account = server
    async with online(account) as (_, ears):
        scripted.say(
            "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.2:1</see-other-host>"
            "</stream:error>"
        )
        await ears.until(lambda: "server away" in ears.names())
        await ears.until_service("online")


async def test_stanzas_before_tls_are_not_heard(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    words = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"
    injected = f"</stream:features>{JINGLE.format('1', 'bob@localhost/x')}<stream:features>{words}"
    async with ScriptedServer(authority.issue("localhost").both, offers_tls=False, features=injected) as scripted:
        account = Account("alice@localhost", "a", host="127.0.0.1", port=scripted.port)
        async with running(account) as (_, ears):
            await ears.until_service("bad certificate")
            assert ears.iqs == []
        assert "<auth" not in scripted.heard


@pytest.mark.parametrize(
    "features", ["<other xmlns='urn:x'/>", "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"]
)
async def test_a_server_without_a_way_in(tmp_path: Path, features: str) -> None:
    authority = Authority(tmp_path)
    async with ScriptedServer(authority.issue("localhost").both, features=features) as scripted:
        account = Account(
            "alice@localhost", "a", host="127.0.0.1", port=scripted.port, direct_tls=True, ca_file=authority.file
        )
        async with running(account) as (_, ears):
            await ears.until_service("server away")
