"""The whole client against real servers of two makes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import pytest
from rig.servers import PrivateCoturn, PrivateEjabberd
from rig.servers_ears import FEATURES, Relay, Server, running, signed_in

from phone.demo.prosody import PrivateProsody
from phone.xmpp.api import Account, IqError
from phone.xmpp.keepalive import Pace

pytestmark = pytest.mark.servers

USERS = {"alice": 'pass "word" \\ ä', "bob": "b"}
JMI = "{urn:xmpp:jingle-message:0}"
JINGLE = "{urn:xmpp:jingle:1}jingle"


@pytest.fixture(params=["prosody", "ejabberd"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    make = {"prosody": PrivateProsody, "ejabberd": PrivateEjabberd}[request.param]
    async with PrivateCoturn(tmp_path) as turn, make(tmp_path, USERS, turn=turn.service) as running_server:
        yield running_server


def account(server: Server, user: str = "alice", **changes: object) -> Account:
    plain = Account(f"{user}@{server.domain}", USERS[user], host="127.0.0.1", port=server.port, ca_file=server.ca_file)
    return replace(plain, **changes)


def propose(call: str = "c1") -> Element:
    element = Element(f"{JMI}propose", {"id": call})
    SubElement(element, "{urn:xmpp:jingle:apps:rtp:1}description", {"media": "audio"})
    return element


async def test_signs_in_by_direct_tls(server: Server) -> None:
    async with signed_in(account(server, port=server.direct_tls_port, direct_tls=True)) as (client, _):
        assert client.full_jid == "alice@localhost/phone"


async def test_wrong_password_is_named_and_does_not_stop_the_tries(server: Server) -> None:
    async with running(account(server, password="wrong")) as (_, ears):
        await ears.until(lambda: ears.names().count("bad password") >= 2)


async def test_two_phones_meet(server: Server) -> None:
    """Caps, roster, an IQ with each kind of answer, JMI, and what the server offers for ICE."""
    async with signed_in(account(server)) as (alice, a), signed_in(account(server, "bob")) as (bob, b):
        await a.until(lambda: [each for each in alice.resources("bob@localhost") if each.features])
        (resource,) = alice.resources("BOB@localhost")
        assert resource.jid == "bob@localhost/phone"
        assert resource.features >= set(FEATURES)
        assert alice.is_contact("bob@localhost")
        assert alice.name_of("bob@localhost/x") == "Bob"
        assert not alice.is_contact("stranger@localhost")

        jingle = Element(JINGLE, {"action": "session-info", "sid": "s"})
        SubElement(jingle, "{urn:example}x", {"a": "<&>'\""}).text = "ünï & <x>"
        answers = {
            "good": None,
            "bad": IqError("unexpected-request", "wait", ("urn:xmpp:jingle:errors:1", "out-of-order"), "no"),
        }
        for token, error in answers.items():
            alice.send_iq("bob@localhost/phone", jingle, token)
            await b.until(lambda token=token: len(b.iqs) > list(answers).index(token))
            sender, iq_id, payload = b.iqs[-1]
            assert sender == "alice@localhost/phone"
            assert payload[0].text == "ünï & <x>"
            assert payload[0].attrib == {"a": "<&>'\""}
            bob.reply(sender, iq_id, error)
            bob.reply(sender, iq_id, None)  # a second answer must not leave the house
        await a.until(lambda: len(a.replies) == 2)
        assert a.replies == {"good": [None], "bad": ["unexpected-request"]}

        alice.send_iq("bob@localhost/nowhere", jingle, "gone")
        alice.send_iq("@@nonsense", jingle, "malformed")
        await a.until(lambda: len(a.replies) == 4)
        assert a.replies["gone"] == ["service-unavailable"]
        assert a.replies["malformed"] == ["jid-malformed"]

        b.takes = False
        alice.send_iq("bob@localhost/phone", jingle, "untaken")
        await a.until(lambda: "untaken" in a.replies)
        assert a.replies["untaken"] == ["feature-not-implemented"]

        alice.send_message("bob@localhost", propose())
        await b.until(lambda: b.messages)
        sender, to, payload, carbon, by_us = b.messages[0]
        assert (sender, to, carbon, by_us) == ("alice@localhost/phone", "bob@localhost", False, False)
        assert payload.tag == f"{JMI}propose"
        assert payload[0].get("media") == "audio"

        await a.until(lambda: len(alice.ice_servers()) == 2)
        turn = next(each for each in alice.ice_servers() if each.kind == "turn")
        assert turn.username
        assert turn.password
        assert turn.expires_in is not None
        assert 3500 < turn.expires_in <= 3601
        for address in ("localhost", "bob@localhost/nowhere", "bob@localhost/phone"):
            alice.learn(address)
        await a.until(lambda: len(a.learnt) == 3)
        learnt = dict(a.learnt)
        assert "urn:xmpp:ping" in learnt["localhost"]
        assert learnt["bob@localhost/nowhere"] == frozenset()
        assert learnt["bob@localhost/phone"] >= set(FEATURES)
    assert a.gone == ["bob@localhost/phone"]


async def test_a_proposal_to_nobody_comes_back(server: Server) -> None:
    async with signed_in(account(server)) as (alice, a):
        alice.send_message("nobody@localhost", propose())
        await a.until(lambda: a.bounces)
    ((sender, proposal, condition),) = a.bounces
    assert (sender, proposal) == ("nobody@localhost", propose().get("id"))
    assert condition == "service-unavailable"


async def test_other_devices_of_the_account_are_heard_and_impostors_not(server: Server) -> None:
    phone, desk = account(server), account(server, resource="desk")
    async with signed_in(phone) as (alice, a), signed_in(desk) as (other, _), signed_in(account(server, "bob")) as bob:
        await a.until(lambda: alice.resources("bob@localhost"))
        await bob[1].until(lambda: len(bob[0].resources("alice@localhost")) == 2)
        other.send_message("bob@localhost/phone", Element(f"{JMI}proceed", {"id": "c1"}))
        bob[0].send_message("alice@localhost/desk", Element(f"{JMI}ringing", {"id": "c1"}))
        await a.until(lambda: len(a.messages) == 2)
        heard = {payload.tag: (sender, to, carbon, us) for sender, to, payload, carbon, us in a.messages}
        assert heard == {
            f"{JMI}proceed": ("alice@localhost/desk", "bob@localhost/phone", True, True),
            f"{JMI}ringing": ("bob@localhost/phone", "alice@localhost/desk", True, False),
        }
        bob[0]._bridge._send(_forged_carbon())
        bob[0].send_message("alice@localhost/phone", Element(f"{JMI}finish", {"id": "c1"}))
        await a.until(lambda: len(a.messages) > 2)
        assert a.messages[2][2].tag == f"{JMI}finish"


def _forged_carbon() -> Element:
    message = Element("{jabber:client}message", {"to": "alice@localhost/phone", "type": "chat"})
    forwarded = SubElement(SubElement(message, "{urn:xmpp:carbons:2}sent"), "{urn:xmpp:forward:0}forwarded")
    inner = SubElement(forwarded, "{jabber:client}message", {"from": "alice@localhost/desk", "to": "bob@localhost"})
    inner.append(Element(f"{JMI}accept", {"id": "c1"}))
    return message


async def test_comes_back_after_the_server_died(server: Server) -> None:
    async with signed_in(account(server)) as (alice, a), signed_in(account(server, "bob")) as (_, b):
        await server.kill()
        await a.until_service("server away")
        await server.start()
        await asyncio.gather(a.until_service("online"), b.until_service("online"))
        await a.until(lambda: [each for each in alice.resources("bob@localhost") if each.features])
        alice.send_message("bob@localhost", propose())
        await b.until(lambda: b.messages)


async def test_a_cut_line_loses_nothing(server: Server) -> None:
    async with (
        Relay(server.port) as relay,
        signed_in(account(server, port=relay.port)) as (alice, a),
        signed_in(account(server, "bob")) as (bob, b),
    ):
        await a.until(lambda: alice.resources("bob@localhost"))
        relay.closed = True
        relay.cut()
        await a.until(lambda: not alice._stream or not alice._stream.is_live)
        alice.send_message("bob@localhost", propose("out"))
        alice.send_iq("bob@localhost/phone", Element(JINGLE), "t")
        bob.send_message("alice@localhost/phone", propose("in"))
        relay.closed = False
        await b.until(lambda: b.messages and b.iqs)
        bob.reply(*b.iqs[0][:2], None)
        await a.until(lambda: a.messages and a.replies)
        await asyncio.sleep(0.2)
        assert [message[2].get("id") for message in b.messages] == ["out"]
        assert [message[2].get("id") for message in a.messages] == ["in"]
        assert a.replies == {"t": [None]}
        assert b.gone == []  # the session went on: nobody saw alice leave


async def test_a_dead_line_is_noticed(server: Server) -> None:
    async with (
        Relay(server.port) as relay,
        signed_in(account(server, port=relay.port), pace=Pace(idle=0.3, answer=0.5)) as (_, a),
    ):
        relay.silent = True
        await a.until(lambda: relay.connections > 1)
        relay.silent = False
        relay.cut()
        await a.until(lambda: a.names()[-1] == "online")


async def test_the_same_name_twice_takes_another(server: Server) -> None:
    async with signed_in(account(server)) as (first, a), signed_in(account(server)) as (second, _):
        await a.until(lambda: first.full_jid != "alice@localhost/phone")
        await a.until_service("online")
        assert second.full_jid == "alice@localhost/phone"
        assert first.full_jid.startswith("alice@localhost/phone-")
        assert "signed in elsewhere" in a.names()
