"""The component against real servers of two makes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import pytest
from rig.component_ears import component, connected
from rig.servers import PrivateEjabberd
from rig.servers_ears import Relay, Server, download, signed_in
from rig.servers_services import Services, ServicesProsody

from phone.xmpp.api import Account, IqError, UploadError, VoiceMessage
from phone.xmpp.keepalive import Pace

pytestmark = pytest.mark.servers

USERS = {"alice": "a", "bob": "b"}
QUERY = "{http://jabber.org/protocol/disco#items}query"
EVENT = "{http://jabber.org/protocol/pubsub#event}event"
BOX = "boss@vm.localhost/voicemail"


class Serving(Server):
    """With a place for a component."""

    services: Services


@pytest.fixture(params=["prosody", "ejabberd"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Serving]:
    make = {"prosody": ServicesProsody, "ejabberd": PrivateEjabberd}[request.param]
    async with make(tmp_path, USERS, services=Services()) as running_server:
        yield running_server


def account(server: Server, user: str = "alice") -> Account:
    return Account(f"{user}@{server.domain}", USERS[user], host="127.0.0.1", port=server.port, ca_file=server.ca_file)


async def test_questions_and_requests_go_both_ways(server: Serving) -> None:
    async with connected(server.services) as (box, c), signed_in(account(server)) as (alice, a):
        alice.ask(BOX, Element(QUERY, {"node": "voicemail"}), "ask")
        alice.send_iq("vm.localhost", Element("{urn:xmpp:jingle:1}jingle"), "set")
        alice.send_iq(BOX, Element("{urn:example}x"), "refused")
        await c.until(lambda: len(c.iqs) == 3)
        asked, refused, put = sorted(c.iqs, key=lambda each: (each[3], each[4].tag))
        assert asked[:2] == ("alice@localhost/phone", BOX)
        assert (asked[3], asked[4].get("node")) == ("get", "voicemail")
        assert put[:2] == ("alice@localhost/phone", "vm.localhost")
        answer = Element(QUERY, {"node": "voicemail"})
        SubElement(answer, f"{QUERY[:-5]}item", {"jid": BOX, "name": "ünï\x00<&>\uffff"})
        box.result(asked[1], asked[0], asked[2], answer)
        box.result(asked[1], asked[0], asked[2], answer)  # a second answer must not leave the house
        box.reply(put[1], put[0], put[2], None)
        fault = IqError("forbidden", "auth", ("urn:example", "why"), "no\x01")
        box.reply(refused[1], refused[0], refused[2], fault)
        await a.until(lambda: a.answers and len(a.replies) == 2)
        (found,) = a.answers["ask"]
        assert found[0].attrib == {"jid": BOX, "name": "ünï<&>"}
        assert a.replies == {"set": [None], "refused": ["forbidden"]}

        box.send_iq(BOX, "alice@localhost/phone", Element("{http://www.google.com/session}session"), "call")
        await a.until(lambda: a.iqs)
        assert a.iqs[0][0] == BOX
        alice.reply(*a.iqs[0][:2], None)
        box.ask("vm.localhost", "localhost", Element(QUERY), "services")
        box.ask(BOX, "alice@localhost/gone", Element("{urn:xmpp:ping}ping"), "gone")
        box.ask(BOX, "@@", Element("{urn:xmpp:ping}ping"), "nonsense")
        box.send_iq(BOX, "alice@localhost/gone", Element("{urn:example}x"), "nobody")
        await c.until(lambda: len(c.replies) == 2 and len(c.answers) == 3)
        assert c.replies == {"call": [None], "nobody": ["service-unavailable"]}
        assert c.answers["gone"] == c.answers["nonsense"] == [None]
        assert "upload.localhost" in {each.get("jid") for each in c.answers["services"][0]}

        c.takes = False
        alice.send_iq(BOX, Element("{urn:example}x"), "untaken")
        await a.until(lambda: "untaken" in a.replies)
        assert a.replies["untaken"] == ["feature-not-implemented"]


async def test_messages_reach_people_and_theirs_reach_us(server: Serving, tmp_path: Path) -> None:
    (tmp_path / "sound").write_bytes(b"sound" * 1000)
    async with (
        connected(server.services, ca_file=server.ca_file) as (box, c),
        signed_in(account(server)) as (alice, a),
    ):
        heard: list[Element] = []
        bridge_message = alice._bridge._message

        def hear(stanza: Element) -> bool:
            heard.append(stanza)
            return bridge_message(stanza)

        alice._bridge._message = hear
        url = await box.upload(tmp_path / "sound", "ann.m4a", "audio/mp4")
        assert (await download(url, server.ca_file))[0] == b"sound" * 1000
        with pytest.raises(UploadError, match="files of up to"):
            await box.upload(_big(tmp_path), "ann.m4a", "audio/mp4", frm=BOX)
        voice = VoiceMessage(url, "ann.m4a", "audio/mp4", 5000, 1.0, bytes(32))
        ids = [
            box.send_voice(BOX, "alice@localhost/phone", voice),
            box.send_chat(BOX, "alice@localhost", "Ann \x0b& 12 s", subject="<Voice>"),
            box.send_event("vm.localhost", "alice@localhost/phone", Element(EVENT, {"n": "1"})),
        ]
        assert await box.taken(ids[0])
        assert not await box.taken("unknown")
        await a.until(lambda: a.events and len(heard) >= 3)
        by_id = {each.get("id"): each for each in heard}
        assert by_id[ids[0]].findtext("{jabber:client}body") == url
        assert by_id[ids[1]].findtext("{jabber:client}body") == "Ann & 12 s"
        assert by_id[ids[1]].findtext("{jabber:client}subject") == "<Voice>"
        assert a.events[0][0] == "vm.localhost"

        alice.send_chat(BOX, "thanks")
        alice.send_presence(BOX, available=True)
        nobody = box.send_message(BOX, "nobody@localhost", kind="chat", body="x")
        await c.until(lambda: c.presences and len(c.messages) == 2)
        assert ("alice@localhost/phone", BOX, "") in c.presences
        ours = next(stanza for sender, _, stanza in c.messages if sender == "alice@localhost/phone")
        assert ours.findtext("{jabber:client}body") == "thanks"
        back = next(stanza for sender, _, stanza in c.messages if sender == "nobody@localhost")
        assert (back.get("type"), back.get("id")) == ("error", nobody)
        assert back.find("{jabber:client}error") is not None


def _big(folder: Path) -> Path:
    (folder / "big").write_bytes(bytes(100_001))
    return folder / "big"


async def test_who_shows_himself_to_a_mailbox_is_seen_to_go(server: Serving) -> None:
    """Of a lost subscriber servers tell nothing in return for a headline; this is how it is known."""
    async with connected(server.services) as (box, c):
        async with signed_in(account(server)) as (alice, _):
            alice.send_presence(BOX, available=True)
            await c.until(lambda: ("alice@localhost/phone", BOX, "") in c.presences)
        await c.until(lambda: ("alice@localhost/phone", BOX, "unavailable") in c.presences)
        event = box.send_event("vm.localhost", "alice@localhost/phone", Element(EVENT))
        assert await box.taken(event)
        box.ask("vm.localhost", "alice@localhost/phone", Element("{urn:xmpp:ping}ping"), "there?")
        await c.until(lambda: c.answers)
        assert c.answers == {"there?": [None]}
        assert c.messages == []


async def test_a_wrong_secret_is_said_plainly_and_tried_again(server: Serving) -> None:
    async with component(server.services, secret="wrong") as (box, c):
        await c.until(lambda: len(c.states) >= 2)
        assert not box.is_online
    assert all("refuses the secret of vm.localhost" in each for each in c.states)


async def test_a_port_for_clients_is_none_for_components(server: Serving) -> None:
    async with component(server.services, port=server.port) as (_, c):
        await c.until(lambda: c.states)
    assert "port for components" in c.states[0]


async def test_comes_back_after_the_server_died(server: Serving) -> None:
    async with connected(server.services) as (box, c):
        lost = box.send_chat(BOX, "nobody@localhost", "x")
        await server.kill()
        await c.until(lambda: c.states[-1])
        assert not box.is_online
        assert not await box.taken(lost)
        await server.start()
        waiting = box.send_chat(BOX, "nobody@localhost", "x")
        await c.until_online()
        assert await box.taken(waiting)
        assert not await box.taken(lost)
        await c.until(lambda: [each for each in c.messages if each[2].get("id") == waiting])
        async with signed_in(account(server)) as (alice, a):
            c.takes = False
            alice.send_iq(BOX, Element("{urn:example}x"), "t")
            await a.until(lambda: a.replies)


async def test_a_dead_line_is_noticed(server: Serving) -> None:
    pace = Pace(idle=0.2, answer=3.0)
    async with (
        Relay(server.services.component_port) as relay,
        connected(server.services, port=relay.port, pace=pace) as (_, c),
    ):
        await asyncio.sleep(1.0)
        assert c.states == [""]  # a living one is not taken for dead
        relay.silent = True
        await c.until(lambda: c.states[-1])
        relay.silent = False
        relay.cut()
        await c.until_online()


async def test_the_server_outlives_what_we_say(server: Serving) -> None:
    """One ill-formed stanza would end the stream, and with it the service."""
    async with connected(server.services) as (box, c):
        for text in ("\x00", "\ud800", "\uffff", "]]>", "<a", "é" * 10000):
            node = Element("{urn:example}x", {"a": text})
            node.text = text
            SubElement(node, "{jabber:client}iq").tail = text
            box.send_message(BOX, "nobody@localhost", [node], body=text)
        last = box.send_chat(BOX, "nobody@localhost", "last")
        assert await box.taken(last)
        for frm in ("boss@localhost", "", "@@", "vm.localhost.evil"):
            with pytest.raises(ValueError, match="is no address of"):
                box.send_chat(frm, "alice@localhost", "x")
            with pytest.raises(ValueError, match="is no address of"):
                box.ask(frm, "alice@localhost", node, "t")
        assert box.is_online
    assert c.states == [""]
