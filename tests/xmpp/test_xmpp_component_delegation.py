"""What ejabberd leaves to the component (XEP-0355): strangers' questions to accounts reach it without server code."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import pytest
from rig.component_ears import ComponentEars, component
from rig.servers import PrivateEjabberd
from rig.servers_ears import Relay, signed_in
from rig.servers_services import Services

from phone.xmpp.api import Account, IqError
from phone.xmpp.component import XmppComponent
from phone.xmpp.component_api import InnerIq
from phone.xmpp.delegation import probe_answer

pytestmark = pytest.mark.servers

ITEMS = "http://jabber.org/protocol/disco#items"
QUERY = f"{{{ITEMS}}}query"
INFO = "{http://jabber.org/protocol/disco#info}query"
USERS = {"alice": "a", "bob": "b"}
BOX = "alice@vm.localhost/voicemail"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[PrivateEjabberd]:
    async with PrivateEjabberd(tmp_path, USERS, services=Services(delegate=ITEMS), contacts=False) as running_server:
        yield running_server


def account(server: PrivateEjabberd, user: str) -> Account:
    return Account(f"{user}@localhost", USERS[user], host="127.0.0.1", port=server.port, ca_file=server.ca_file)


class Desk:
    """Answers as the voicemail service does."""

    def __init__(self, box: XmppComponent, ears: ComponentEars) -> None:
        self.box = box
        self.probes: list[str] = []
        ears.handle, ears.handle_inner = self.handle, self.inner

    def handle(self, sender: str, to: str, iq_id: str, _: str, payload: Element) -> None:
        answer = probe_answer(payload)
        if answer is None:
            answer = IqError("item-not-found")
        else:
            self.probes.append(payload.get("node", ""))
        if isinstance(answer, IqError):
            self.box.reply(to, sender, iq_id, answer)
        else:
            self.box.result(to, sender, iq_id, answer)

    def inner(self, server: str, iq_id: str, inner: InnerIq) -> None:
        answer: Element | IqError = IqError("service-unavailable")
        owner = inner.sender.partition("/")[0] == inner.to
        node = inner.payload.get("node")
        if node == "voicemail" and inner.to == "alice@localhost":
            answer = Element(QUERY, {"node": node})
            SubElement(answer, f"{{{ITEMS}}}item", {"jid": BOX})
        elif node is None and owner:
            answer = Element(QUERY)
        self.box.answer_delegated(server, iq_id, inner, answer)


async def test_a_strangers_question_to_an_account_is_ours(server: PrivateEjabberd) -> None:
    async with component(server.services) as (box, c):
        desk = Desk(box, c)
        async with signed_in(account(server, "alice")) as (alice, a), signed_in(account(server, "bob")) as (bob, b):
            await c.until(lambda: len(desk.probes) == 2)
            bob.ask("alice@localhost", Element(QUERY, {"node": "voicemail"}), "theirs")
            bob.ask("alice@localhost", Element(QUERY), "list")
            bob.ask("nobody@localhost", Element(QUERY, {"node": "voicemail"}), "nobody")
            bob.ask("localhost", Element(QUERY), "host")
            bob.ask("alice@localhost", Element(INFO), "info")
            alice.ask("", Element(QUERY, {"node": "voicemail"}), "own")
            alice.ask("alice@localhost", Element(QUERY), "own list")
            await a.until(lambda: len(b.answers) == 5 and len(a.answers) == 2)
            for answers in (b.answers["theirs"], a.answers["own"]):
                (found,) = answers
                assert found.get("node") == "voicemail"
                assert [item.get("jid") for item in found] == [BOX]
            assert b.answers["list"] == b.answers["nobody"] == [None]
            # The host's own list stays the server's.
            assert "upload.localhost" in {item.get("jid") for item in b.answers["host"][0]}
            (empty,) = a.answers["own list"]
            assert (empty.tag, len(empty)) == (QUERY, 0)
            c.takes = False
            bob.ask("alice@localhost", Element(QUERY, {"node": "voicemail"}), "untaken")
            await b.until(lambda: "untaken" in b.answers)
            assert b.answers["untaken"] == [None]
    assert sorted(desk.probes) == [f"urn:xmpp:delegation:1::{ITEMS}", f"urn:xmpp:delegation:1:bare:{ITEMS}"]
    assert {inner.version for _, _, inner in c.inner} == {1}
    assert {who for who, _, _ in c.inner} == {"localhost"}


async def test_after_a_cut_it_is_ours_again(server: PrivateEjabberd) -> None:
    async with (
        Relay(server.services.component_port) as relay,
        signed_in(account(server, "bob")) as (bob, b),
        component(server.services, port=relay.port) as (box, c),
    ):
        desk = Desk(box, c)
        await c.until(lambda: len(desk.probes) == 2)
        relay.cut()
        await c.until(lambda: len(desk.probes) == 4)
        for number in range(200):
            bob.ask("alice@localhost", Element(QUERY, {"node": "voicemail"}), f"{number}")
            await b.until(lambda number=number: f"{number}" in b.answers)
            if b.answers[f"{number}"] != [None]:
                break
            await asyncio.sleep(0.05)  # ejabberd takes a moment to believe us
        assert [item.get("jid") for item in b.answers[f"{number}"][0]] == [BOX]
