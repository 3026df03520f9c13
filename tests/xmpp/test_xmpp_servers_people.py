"""Names, block list, chat and the archive against real servers of two makes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, fromstring

import pytest
from rig.servers import PrivateEjabberd
from rig.servers_ears import Ears, Server, signed_in
from xmpp_room import fetch

from phone.demo.prosody import PrivateProsody
from phone.jingle.history import Outcome, past_calls
from phone.xmpp.api import Account, ContactFact
from phone.xmpp.archive import _NEWEST
from phone.xmpp.client import XmppClient
from phone.xmpp.requests import Result

pytestmark = pytest.mark.servers

USERS = {"alice": "a", "bob": "b", "carol": "c"}
JMI = "{urn:xmpp:jingle-message:0}"


@pytest.fixture(params=["prosody", "ejabberd"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    make = {"prosody": PrivateProsody, "ejabberd": PrivateEjabberd}[request.param]
    async with make(tmp_path, USERS) as running_server:
        yield running_server


def account(server: Server, user: str = "alice", resource: str = "phone") -> Account:
    jid = f"{user}@{server.domain}"
    return Account(
        jid, USERS[user], resource, host="127.0.0.1", port=server.port, ca_file=server.ca_file, services=False
    )


def jmi(verb: str, call: str, condition: str = "") -> Element:
    element = Element(f"{JMI}{verb}", {"id": call})
    if verb == "propose":
        SubElement(element, "{urn:xmpp:jingle:apps:rtp:1}description", {"media": "audio"})
    if condition:
        SubElement(SubElement(element, "{urn:xmpp:jingle:1}reason"), f"{{urn:xmpp:jingle:1}}{condition}")
    return element


async def done(client: XmppClient, request: str, to: str | None = None) -> None:
    """A set that the server must take."""
    outcome = await fetch(client._requests, "set", to, fromstring(request), 10)  # noqa: S314 - the test's own
    assert isinstance(outcome, Result), outcome


async def rename(client: XmppClient, jid: str, name: str) -> None:
    await done(client, f"<query xmlns='jabber:iq:roster'><item jid='{jid}' name='{name}'/></query>")


async def settled(client: XmppClient) -> None:
    """The server has handled all that was sent before."""
    client._bridge.send_presence(client.full_jid, available=True)
    await fetch(client._requests, "get", "localhost", Element("{urn:xmpp:ping}ping"), 10)


# --- the archive ---------------------------------------------------------------------------------------------------


async def test_calls_while_off_are_found_at_the_next_sign_in(server: Server) -> None:
    async with signed_in(account(server)) as (alice, a):
        await a.until(lambda: alice._archive.caught_up)
    off = alice.last_seen
    assert off is not None
    assert abs(time.time() - off) < 30
    async with signed_in(account(server, resource="desk")) as (desk, d), signed_in(account(server, "bob")) as (bob, _):
        bob.send_message("alice@localhost", jmi("propose", "missed"))
        bob.send_message("alice@localhost", jmi("retract", "missed", "cancel"))
        bob.send_message("alice@localhost", jmi("propose", "taken"))
        await d.until(lambda: [each for each in d.messages if each[2].get("id") == "taken"])
        desk.send_message(bob.full_jid, jmi("proceed", "taken"))
        bob.send_chat("alice@localhost", "no call at all")
        await settled(desk)
    async with signed_in(account(server, "bob")) as (bob, _):
        bob.send_message("alice@localhost", jmi("propose", "ringing"))
        await settled(bob)
        async with signed_in(account(server), last_seen=off) as (alice, a):
            await a.until(lambda: a.archives)
            bob.send_message("alice@localhost", jmi("propose", "live"))
            await a.until(lambda: [each for each in a.messages if each[2].get("id") == "live"])
    (archive,) = a.archives
    assert [each.stamp for each in archive] == sorted(each.stamp for each in archive)
    past = past_calls(archive, "alice@localhost/phone", time.time())
    # ejabberd's offline storage may bring the youngest live: then it rings anyhow, and is not told twice.
    live = {each[2].get("id") for each in a.messages}
    outcomes = {call.id: call.outcome for call in past}
    assert "ringing" in outcomes or "ringing" in live
    outcomes.pop("ringing", None)
    assert outcomes == {"missed": Outcome.MISSED, "taken": Outcome.ANSWERED_ELSEWHERE}
    assert {call.peer for call in past} == {"bob@localhost/phone"}


async def test_more_calls_than_a_page_holds(server: Server) -> None:
    async with signed_in(account(server, "bob")) as (bob, _):
        for number in range(230):
            bob.send_message("alice@localhost", jmi("propose", f"c{number}"))
        await settled(bob)
        async with signed_in(account(server, resource="phone")) as (alice, a):
            await a.until(lambda: alice._archive.caught_up)
    told = {each.payload.get("id") for archive in a.archives for each in archive}
    told |= {each[2].get("id") for each in a.messages}
    assert told == {f"c{number}" for number in range(230)}


async def test_a_phone_that_was_off_for_weeks_finds_the_oldest_call_too(server: Server) -> None:
    """Behind more messages than are looked at before anything is told; how it ended stands among the newest."""
    async with signed_in(account(server, "bob")) as (bob, _), signed_in(account(server, resource="desk")) as (desk, d):
        bob.send_message("alice@localhost", jmi("propose", "oldest"))
        for number in range(_NEWEST + 40):
            bob.send_chat("alice@localhost", f"no call at all, {number}")
        bob.send_message("alice@localhost", jmi("retract", "oldest", "cancel"))
        await d.until(lambda: [each for each in d.messages if each[2].tag.endswith("retract")])
        await settled(desk)
    async with signed_in(account(server), last_seen=time.time() - 30 * 86_400) as (alice, a):
        await a.until(lambda: alice._archive.caught_up)
    past = past_calls(a.archives[-1], "alice@localhost/phone", time.time())
    assert {call.id: call.outcome for call in past} == {"oldest": Outcome.MISSED}


async def test_a_resumed_session_asks_nothing(server: Server) -> None:
    async with signed_in(account(server)) as (alice, a), signed_in(account(server, "bob")) as (bob, _):
        await a.until(lambda: alice._archive.caught_up)
        query = alice._archive._since
        assert alice._stream is not None
        alice._stream.drop(TimeoutError())
        bob.send_message("alice@localhost/phone", jmi("propose", "c1"))
        await a.until(lambda: a.messages)
        assert alice._archive._since == query
        assert alice._archive.caught_up
        assert a.archives == []


# --- names ---------------------------------------------------------------------------------------------------------

VCARD = "<vCard xmlns='vcard-temp'><FN>{}</FN></vCard>"
ITEM = "<publish node='{}'><item id='current'>{}</item></publish>"
PUBLISH = f"<pubsub xmlns='http://jabber.org/protocol/pubsub'>{ITEM}</pubsub>"
NICK = PUBLISH.format("http://jabber.org/protocol/nick", "<nick xmlns='http://jabber.org/protocol/nick'>{}</nick>")


async def test_names_of_vcards(server: Server) -> None:
    async with (
        signed_in(account(server)) as (alice, a),
        signed_in(account(server, "bob")) as (bob, _),
        signed_in(account(server, "carol")) as (carol, _),
    ):
        await a.until(lambda: len(alice.contacts()) == 2)
        await done(bob, VCARD.format("Robert&#x202e; the&#10;Builder"))
        await done(carol, NICK.format("Caro"))
        alice.learn("bob@localhost/phone")
        await a.until(lambda: a.learnt)
        assert a.names_told == []  # the roster calls him Bob
        for other in ("bob", "carol"):
            await rename(alice, f"{other}@localhost", "")
        named = {
            ContactFact("bob@localhost", "Robert the Builder", "both"),
            ContactFact("carol@localhost", "Caro", "both"),
        }
        await a.until(lambda: set(alice.contacts()) == named)  # contacts without a name are asked by themselves
        assert alice.name_of("bob@localhost/x") == "Robert the Builder"


async def test_a_stranger_who_calls_has_a_name(server: Server) -> None:
    async with signed_in(account(server)) as (alice, a), signed_in(account(server, "bob")) as (bob, _):
        await done(bob, VCARD.format("Robert"))
        await done(alice, "<query xmlns='jabber:iq:roster'><item jid='bob@localhost' subscription='remove'/></query>")
        await a.until(lambda: "bob@localhost" not in {each.jid for each in alice.contacts()})
        bob.send_presence("alice@localhost/phone", available=True)
        alice.learn("bob@localhost/phone")
        await a.until(lambda: a.names_told and a.learnt)
        assert a.names_told == [("bob@localhost", "Robert")]


# --- block list and chat -------------------------------------------------------------------------------------------


async def changed_to(ears: Ears, client: XmppClient, blocked: set[str]) -> None:
    await ears.until(lambda: client.blocked() == blocked)


async def test_the_block_list_goes_round(server: Server) -> None:
    async with (
        signed_in(account(server)) as (alice, a),
        signed_in(account(server, resource="desk")) as (desk, d),
        signed_in(account(server, "bob")) as (bob, _),
        signed_in(account(server, "carol")) as (carol, _),
    ):
        await asyncio.gather(settled(alice), settled(desk))
        alice.block("Bob@localhost", on=True)
        await changed_to(a, alice, {"bob@localhost"})
        await changed_to(d, desk, {"bob@localhost"})
        assert min(a.changes, d.changes) >= 1
        bob.send_message("alice@localhost", jmi("propose", "unwanted"))
        await settled(bob)
        carol.send_message("alice@localhost", jmi("propose", "wanted"))
        await a.until(lambda: a.messages)
        assert [each[2].get("id") for each in a.messages] == ["wanted"]
        async with signed_in(account(server, resource="third")) as (third, t):
            await changed_to(t, third, {"bob@localhost"})
        desk.block("bob@localhost", on=False)
        await changed_to(a, alice, set())
        bob.send_message("alice@localhost", jmi("propose", "again"))
        await a.until(lambda: [each for each in a.messages if each[2].get("id") == "again"])


async def test_a_text_reaches_whoever_reads(server: Server) -> None:
    heard: list[Element] = []
    async with signed_in(account(server)) as (alice, _), signed_in(account(server, "bob")) as (bob, b):
        bob._bridge._message = lambda stanza: bool(heard.append(stanza))  # what a chat client would show
        alice.send_chat("bob@localhost/phone", "In a meeting \x00 - I call back <soon>")
        await b.until(lambda: heard)
    assert heard[0].findtext("{jabber:client}body") == "In a meeting  - I call back <soon>"
    assert heard[0].get("type") == "chat"
