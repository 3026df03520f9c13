"""Files and questions, against real servers of two makes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import pytest
from rig.servers import PrivateEjabberd
from rig.servers_ears import Server, download, signed_in
from rig.servers_services import Services, ServicesProsody

from phone.demo.certificates import Authority
from phone.xmpp.api import Account, UploadError, VoiceMessage

pytestmark = pytest.mark.servers

USERS = {"alice": "a", "bob": "b"}
PUBSUB = "http://jabber.org/protocol/pubsub"
MOST = 100_000


@pytest.fixture(params=["prosody", "ejabberd"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    make = {"prosody": ServicesProsody, "ejabberd": PrivateEjabberd}[request.param]
    async with make(tmp_path, USERS, services=Services(most=MOST)) as running_server:
        yield running_server


def account(server: Server, user: str = "alice", **changes: object) -> Account:
    plain = Account(f"{user}@{server.domain}", USERS[user], host="127.0.0.1", port=server.port, ca_file=server.ca_file)
    return replace(plain, **changes)


async def test_a_recording_goes_to_the_web_and_to_a_chat(server: Server, tmp_path: Path) -> None:
    sound = bytes(range(256)) * 300
    path = tmp_path / "sound"
    path.write_bytes(sound)
    async with signed_in(account(server)) as (alice, _), signed_in(account(server, "bob")) as (bob, _):
        url = await alice.upload(path, "from Ann é/1.m4a", "audio/mp4")
        assert url.startswith("https://localhost:")
        assert await download(url, server.ca_file) == (sound, "audio/mp4")
        (tmp_path / "big").write_bytes(bytes(MOST + 1))
        with pytest.raises(UploadError, match="files of up to 100000 bytes, not 100001") as big:
            await alice.upload(tmp_path / "big", "big.m4a", "audio/mp4")
        assert big.value.lasting
        with pytest.raises(UploadError, match="cannot be read") as missing:
            await alice.upload(tmp_path / "missing", "x.m4a", "audio/mp4")
        assert missing.value.lasting
        heard: list[Element] = []
        bob._bridge._message = heard.append
        alice.send_voice("bob@localhost/any", VoiceMessage(url, "1.m4a", "audio/mp4", len(sound), 2.5, bytes(32)))
        while not heard:
            await asyncio.sleep(0.01)
    assert heard[0].findtext("{jabber:client}body") == url
    assert heard[0].findtext("{jabber:x:oob}x/{jabber:x:oob}url") == url


async def test_the_servers_own_limit_counts_if_ours_was_not_told(server: Server, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(MOST + 1))
    (tmp_path / "small").write_bytes(b"x")
    async with signed_in(account(server)) as (alice, _):
        await alice.upload(tmp_path / "small", "s.m4a", "audio/mp4")
        alice._uploads._service = replace(alice._uploads._service, most=None)
        with pytest.raises(UploadError, match="not-acceptable") as refused:
            await alice.upload(tmp_path / "big", "big.m4a", "audio/mp4")
        assert refused.value.lasting


async def test_a_web_server_of_strangers_gets_nothing(server: Server, tmp_path: Path) -> None:
    """The XMPP line was made while the certificate was trusted."""
    (tmp_path / "small").write_bytes(b"x")
    other = Authority(tmp_path / "other").file
    async with signed_in(account(server)) as (alice, _):
        alice._uploads._tls = lambda: ssl.create_default_context(cafile=other)
        with pytest.raises(UploadError, match="certificate of localhost is not trusted") as refused:
            await alice.upload(tmp_path / "small", "s.m4a", "audio/mp4")
        assert not refused.value.lasting


async def test_questions_are_answered_with_what_was_asked_for(server: Server) -> None:
    items = Element("{http://jabber.org/protocol/disco#items}query")
    async with signed_in(account(server)) as (alice, a), signed_in(account(server, "bob")) as (bob, b):
        alice.ask("localhost", items, "services")
        alice.ask("", Element(items.tag, {"node": "outgoingvoicemail"}), "own")
        alice.ask("alice@localhost", items, "own by name")
        alice.ask("bob@localhost", Element(items.tag, {"node": "voicemail"}), "voicemail")
        alice.ask("bob@localhost/nowhere", items, "nobody")
        alice.ask("@@", items, "nonsense")
        alice.ask("", publication(), "publish", kind="set")
        await a.until(lambda: len(a.answers) == 7)
        (found,) = a.answers["services"]
        assert {each.get("jid") for each in found} >= {"upload.localhost"}
        assert a.answers["own by name"][0].tag == items.tag
        (published,) = a.answers["publish"]
        assert published.tag == f"{{{PUBSUB}}}pubsub"
        assert [a.answers[each] for each in ("nobody", "nonsense")] == [[None], [None]]
        for token in ("own", "voicemail"):
            (answer,) = a.answers[token]
            # ejabberd's mod_pubsub has an empty list for a node that it does not know.
            assert answer is None or (answer.tag, len(answer)) == (items.tag, 0)

        pubsub = Element(f"{{{PUBSUB}}}pubsub")
        SubElement(pubsub, f"{{{PUBSUB}}}subscribe", {"node": "urn:example:box", "jid": "bob@localhost/phone"})
        bob.ask("alice@localhost", pubsub, "subscribe", kind="set")
        await b.until(lambda: b.answers.get("subscribe"))
        alice.ask("", publication("2"), "again", kind="set")
        await b.until(lambda: ("alice@localhost", "2") in [(sender, newest(event)) for sender, event in b.events])


def newest(event: Element) -> str | None:
    return next((item.get("id") for item in event.iter(f"{{{PUBSUB}#event}}item")), None)


def publication(item: str = "1") -> Element:
    pubsub = Element(f"{{{PUBSUB}}}pubsub")
    publish = SubElement(pubsub, f"{{{PUBSUB}}}publish", {"node": "urn:example:box"})
    SubElement(SubElement(publish, f"{{{PUBSUB}}}item", {"id": item}), "{urn:example}message")
    return pubsub
