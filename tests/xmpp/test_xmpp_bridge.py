"""The inner parts without a network: a list takes what would be sent, the test speaks for the server."""

from __future__ import annotations

import asyncio
from xml.etree.ElementTree import Element, SubElement

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rig.servers_ears import xml
from xmpp_room import OWN, Room, fetch

from phone.clock import VirtualClock
from phone.xmpp import stanzas
from phone.xmpp.api import IqError
from phone.xmpp.caps import NODE
from phone.xmpp.outbox import LIFE, Outbox
from phone.xmpp.requests import Failed, Result
from phone.xmpp.services import parse

# --- requests -----------------------------------------------------------------------------------------------------


async def test_a_reply_counts_only_from_whom_was_asked(room: Room) -> None:
    room.bridge.send_iq("bob@localhost/x", Element("{urn:xmpp:jingle:1}jingle"), "t")
    assert not room.answer(sender="eve@localhost/x")
    assert not room.answer(sender=None)
    assert room.ears.replies == {}
    assert room.answer(sender="BOB@localhost/x")
    assert not room.answer()
    assert room.ears.replies == {"t": [None]}


@pytest.mark.parametrize("sender", [None, OWN, f"{OWN}/phone", "localhost"])
async def test_the_server_may_answer_for_our_account_in_any_of_its_names(room: Room, sender: str | None) -> None:
    heard: list[Result | Failed] = []
    room.requests.ask("get", None, Element("x"), heard.append)
    assert not room.answer(sender="bob@localhost")
    assert room.answer(sender=sender)
    assert heard == [Result(None)]


async def test_an_error_without_condition_is_an_error(room: Room) -> None:
    room.bridge.send_iq("bob@localhost/x", Element("x"), "t")
    assert room.answer("<error/>", kind="error")
    assert room.ears.replies == {"t": ["undefined-condition"]}


async def test_silence_is_told_once(room: Room) -> None:
    outcome = await fetch(room.requests, "get", "bob@localhost/x", Element("x"), 0.01)
    assert outcome == Failed("timeout")
    assert not room.answer()
    assert await fetch(room.requests, "get", "@@", Element("x"), 0.01) == Failed("jid-malformed")


RESULT_THEN_ERROR = [None, "feature-not-implemented"]
REFUSAL = "<error><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"


async def test_an_error_after_the_result_counts_once_more(room: Room) -> None:
    """Gajim's second thoughts."""
    room.bridge.send_iq("bob@localhost/x", Element("{urn:xmpp:jingle:1}jingle", {"action": "session-info"}), "t")
    assert room.answer()
    assert not room.answer(REFUSAL, sender="eve@localhost/x", kind="error")
    assert not room.answer()  # a second result says nothing new
    assert room.answer(REFUSAL, kind="error")
    assert not room.answer(REFUSAL, kind="error")
    assert room.ears.replies == {"t": RESULT_THEN_ERROR}
    room.close()


async def test_second_thoughts_come_soon_or_not_at_all(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone.xmpp.requests.SECOND_THOUGHTS", 0.001)
    room.bridge.send_iq("bob@localhost/x", Element("x"), "t")
    assert room.answer()
    while room.requests._revocable:
        await asyncio.sleep(0.001)
    assert not room.answer(REFUSAL, kind="error")
    assert room.ears.replies == {"t": [None]}


async def test_an_error_is_the_last_word_and_so_is_any_reply_to_the_phone_itself(room: Room) -> None:
    room.bridge.send_iq("bob@localhost/x", Element("x"), "t")
    assert room.answer(REFUSAL, kind="error")
    heard: list[Result | Failed] = []
    room.requests.ask("get", "bob@localhost/x", Element("x"), heard.append)
    assert room.answer()
    assert not room.answer(REFUSAL, kind="error")
    assert heard == [Result(None)]
    assert room.requests._revocable == {}


@pytest.mark.parametrize(("action", "seconds"), [("session-info", 40), ("session-initiate", 20), ("", 20)])
async def test_a_transfer_may_be_acknowledged_late(room: Room, action: str, seconds: float) -> None:
    now = asyncio.get_running_loop().time()
    room.bridge.send_iq("bob@localhost/x", Element("{urn:xmpp:jingle:1}jingle", {"action": action}), "t")
    (pending,) = room.requests._pending.values()
    assert pending.timer.when() - now == pytest.approx(seconds, abs=1)
    room.close()


async def test_what_is_sent_is_ours_alone(room: Room) -> None:
    payload = Element("{urn:xmpp:jingle:1}jingle")
    room.bridge.send_iq("bob@localhost/x", payload, "t")
    payload.set("changed", "later")
    assert room.sent[0][0].attrib == {}
    room.close()


# --- answers ------------------------------------------------------------------------------------------------------

JINGLE = "<iq xmlns='jabber:client' type='set' id='{}' from='{}'><jingle xmlns='urn:xmpp:jingle:1'/></iq>"


async def test_each_request_is_answered_as_often_as_it_came(room: Room) -> None:
    for _ in range(2):  # Asterisk's ids repeat
        assert room.hear(JINGLE.format("1", "bob@localhost/x"))
    for _ in range(3):
        room.bridge.reply("bob@localhost/x", "1", None)
    room.bridge.reply("eve@localhost/x", "1", IqError("conflict"))
    assert [stanza.get("type") for stanza in room.sent] == ["result", "result"]


async def test_jingle_from_nobody_is_nonsense(room: Room) -> None:
    assert not room.hear("<iq xmlns='jabber:client' type='set' id='1'><jingle xmlns='urn:xmpp:jingle:1'/></iq>")
    assert not room.hear(JINGLE.format("1", "@@"))
    assert room.bridge.nonsense["call without sender"] == 2


async def test_a_request_that_nobody_takes_needs_no_answer_of_ours(room: Room) -> None:
    room.ears.takes = False
    assert not room.hear(JINGLE.format("1", "bob@localhost/x"))
    room.bridge.reply("bob@localhost/x", "1", None)
    assert room.sent == []


async def test_a_flood_of_requests_is_bounded(room: Room) -> None:
    for number in range(1000):
        room.hear(JINGLE.format(number, "bob@localhost/x"))
    assert len(room.bridge._open) <= 256
    room.bridge.reply("bob@localhost/x", "0", None)
    assert room.sent == []
    room.bridge.reply("bob@localhost/x", "999", None)
    assert len(room.sent) == 1


async def test_disco_and_ping(room: Room) -> None:
    ask = "<iq xmlns='jabber:client' type='get' id='1' from='bob@localhost/x'>{}</iq>"
    node = f"{NODE}#{room.caps.ver}"
    assert room.hear(ask.format(f"<query xmlns='http://jabber.org/protocol/disco#info' node='{node}'/>"))
    assert room.sent[-1][0].get("node") == node
    assert room.hear(ask.format("<query xmlns='http://jabber.org/protocol/disco#info' node='other'/>"))
    assert stanzas.condition_of(room.sent[-1]) == "item-not-found"
    assert room.hear(ask.format("<query xmlns='http://jabber.org/protocol/disco#items'/>"))
    assert room.hear(ask.format("<ping xmlns='urn:xmpp:ping'/>"))
    assert len(room.sent[-1]) == 0
    assert not room.hear(ask.format("<query xmlns='jabber:iq:last'/>"))
    assert not room.hear(ask.format(""))
    assert not room.hear(ask.format("").replace("get", "set"))
    assert not room.hear(ask.format("").replace("get", "odd"))
    assert len(room.sent) == 4


# --- messages -----------------------------------------------------------------------------------------------------

PROPOSE = (
    "<message xmlns='jabber:client' from='bob@localhost/x' to='alice@localhost' type='{}'>"
    "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>{}</message>"
)


async def test_call_messages(room: Room) -> None:
    assert room.hear(PROPOSE.format("chat", ""))
    assert len(room.ears.messages) == 1
    assert room.hear(PROPOSE.format("error", "<error/>"))
    room.clock.epoch = 0.0
    assert room.hear(PROPOSE.format("chat", "<delay xmlns='urn:xmpp:delay' stamp='1970-01-01T00:00:00Z'/>"))
    assert len(room.ears.messages) == 1
    assert room.bridge.nonsense["stale call message"] == 1
    assert not room.hear("<message xmlns='jabber:client' from='bob@localhost/x'><body>hi</body></message>")


BOUNCE = "<message xmlns='jabber:client' type='error' id='{}' from='nobody@localhost'><error>{}</error></message>"
UNAVAILABLE = "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"


async def test_a_propose_that_comes_back_names_its_call(room: Room) -> None:
    room.bridge.send_message("nobody@localhost", Element("{urn:xmpp:jingle-message:0}propose", {"id": "call"}))
    bounce = BOUNCE.format(room.sent[-1].get("id"), UNAVAILABLE)
    assert room.hear(bounce)
    assert room.ears.bounces == [("nobody@localhost", "call", "service-unavailable")]
    assert not room.hear(bounce)
    room.bridge.send_message("nobody@localhost", Element("{urn:xmpp:jingle-message:0}retract", {"id": "call"}))
    assert not room.hear(BOUNCE.format(room.sent[-1].get("id"), UNAVAILABLE))
    assert len(room.ears.bounces) == 1


async def test_proposals_are_not_remembered_for_ever(room: Room) -> None:
    for number in range(100):
        payload = Element("{urn:xmpp:jingle-message:0}propose", {"id": str(number)})
        room.bridge.send_message("nobody@localhost", payload)
    assert not room.hear(BOUNCE.format(room.sent[0].get("id"), UNAVAILABLE))
    assert room.hear(BOUNCE.format(room.sent[-1].get("id"), UNAVAILABLE))
    assert [proposal for _, proposal, _ in room.ears.bounces] == ["99"]


async def test_a_forged_carbon_is_counted(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    inner = PROPOSE.format("chat", "").replace("bob@localhost/x", f"{OWN}/desk")
    wrapped = f"<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded></sent>"
    assert room.hear(f"<message xmlns='jabber:client' from='eve@localhost'>{wrapped}</message>")
    assert room.ears.messages == []
    assert room.bridge.nonsense["forged carbon"] == 1
    assert [getattr(r, "remote", None) for r in caplog.records] == ["eve@localhost"], "eve cannot fill the log"
    assert room.hear(f"<message xmlns='jabber:client' from='{OWN}'>{wrapped}</message>")
    assert room.ears.messages[0][3:] == (True, True)


async def test_a_chat_message_goes_to_the_account(room: Room) -> None:
    room.bridge.send_chat("Bob@localhost/x", "I call back \x00\x1b\ud800\uffff<soon> \U0001f600\n")
    (sent,) = room.sent
    assert (sent.get("to"), sent.get("type")) == ("bob@localhost", "chat")
    assert sent.findtext("{jabber:client}body") == "I call back <soon> \U0001f600\n"
    assert sent.get("id")


async def test_addresses_that_are_none_are_not_written_to(room: Room) -> None:
    room.bridge.send_message("@@", Element("x"))
    room.bridge.send_chat("@@", "hi")
    room.bridge.send_presence("@@", available=True)
    assert room.sent == []
    room.bridge.send_presence("bob@localhost/x", available=False)
    assert room.sent[0].get("type") == "unavailable"


# --- services -----------------------------------------------------------------------------------------------------

SERVICES = "<services xmlns='urn:xmpp:extdisco:2'>{}</services>"
STUN = "<service type='stun' host='[2001:db8::1]' port='3478' transport='UDP' restricted='{}'/>"
TURN = "<service type='turn' host='turn.example' port='3479' username='u' password='p' restricted='1' expires='{}'/>"


async def test_services_and_their_end(room: Room) -> None:
    room.clock.epoch = -room.clock.now
    room.ice.renew()
    room.ice.renew()
    assert len(room.sent) == 1
    room.answer(SERVICES.format(STUN.format("false") + TURN.format("1970-01-01T00:10:00Z")))
    stun, turn = room.ice.facts()
    assert (stun.host, stun.transport, stun.expires_in) == ("2001:db8::1", "udp", None)
    assert (turn.host, turn.username, turn.password, turn.expires_in) == ("turn.example", "u", "p", 600)
    room.clock.advance(601)
    assert room.ice.facts() == (stun,)
    assert len(room.sent) == 2  # asked again at once
    room.close()


@pytest.mark.parametrize("word", ["1", "true"])
async def test_credentials_that_must_be_asked_for(room: Room, word: str) -> None:
    room.ice.renew()
    room.answer(SERVICES.format(STUN.format(word)))
    assert room.ice.facts() == ()
    assert room.sent[-1][0].tag == "{urn:xmpp:extdisco:2}credentials"
    answer = STUN.format(word).replace("restricted", "username='u' password='p' restricted")
    other = "<service type='turn' host='other'/>"
    room.answer(f"<credentials xmlns='urn:xmpp:extdisco:2'>{other}{answer}</credentials>")
    assert [each.username for each in room.ice.facts()] == ["u"]
    room.ice.renew()
    room.answer(SERVICES.format(STUN.format(word)))
    room.answer("<error/>", kind="error")
    assert room.ice.facts() == ()


@pytest.mark.parametrize("condition", ["service-unavailable", "internal-server-error"])
async def test_no_services(room: Room, condition: str) -> None:
    room.ice.renew()
    room.answer(f"<error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>", kind="error")
    assert room.ice.facts() == ()
    assert (room.ice._timer is not None) == (condition == "internal-server-error")
    room.close()


async def test_an_empty_answer_and_a_push(room: Room) -> None:
    room.ice.renew()
    room.answer("")
    assert room.ice.facts() == ()
    push = f"<iq xmlns='jabber:client' type='set' id='1' from='localhost'>{SERVICES.format('')}</iq>"
    assert room.hear(push)
    assert [stanza.get("type") for stanza in room.sent] == ["get", "get", "result"]
    assert not room.hear(push.replace("from='localhost'", "from='eve@localhost/x'"))
    room.close()


@pytest.mark.parametrize(
    "service",
    [
        "<service type='stuns' host='h' port='1'/>",
        "<service type='stun' port='1'/>",
        "<service type='stun' host='h' port='0'/>",
        "<service type='stun' host='h' port='65536'/>",
        "<service type='stun' host='h' port='x'/>",
        "<service type='stun' host='h' action='delete'/>",
        "<service/>",
    ],
)
def test_services_that_are_nonsense(service: str) -> None:
    assert parse(xml(SERVICES.format(service))) == ()


# --- outbox -------------------------------------------------------------------------------------------------------


def test_the_outbox_keeps_what_is_still_of_use() -> None:
    clock = VirtualClock()
    outbox = Outbox(clock.monotonic)
    old, lost, arrived, waiting = (Element(stanzas.MESSAGE) for _ in range(4))
    outbox.sent(old)
    outbox.wait(Element(stanzas.IQ))
    clock.advance(LIFE)
    for stanza in (lost, arrived, Element(stanzas.PRESENCE)):
        outbox.sent(stanza)
    outbox.wait(waiting)
    due = outbox.due([lost, old])
    assert [id(stanza) for stanza in due] == [id(lost), id(waiting)]
    assert outbox.due([lost]) == []


# --- anything -----------------------------------------------------------------------------------------------------

TAGS = [
    *(f"{{{space}}}{name}" for space in (stanzas.CLIENT, stanzas.CARBONS) for name in ("error", "sent", "received")),
    *("{urn:xmpp:jingle:1}jingle", "{urn:xmpp:jingle-message:0}propose", "{urn:xmpp:forward:0}forwarded"),
    *("{jabber:iq:roster}query", "{jabber:iq:roster}item", "{http://jabber.org/protocol/caps}c"),
    *("{http://jabber.org/protocol/disco#info}query", "{http://jabber.org/protocol/disco#info}feature"),
    *("{urn:xmpp:extdisco:2}services", "{urn:xmpp:extdisco:2}service", "{urn:xmpp:delay}delay", "odd"),
    *("{urn:xmpp:blocking}block", "{urn:xmpp:blocking}unblock", "{urn:xmpp:blocking}item", "{urn:xmpp:mam:2}result"),
    *("{http://www.google.com/session}session", "{http://jabber.org/protocol/pubsub#event}event"),
    *("{urn:xmpp:mam:2}fin", "{vcard-temp}FN", "{http://jabber.org/protocol/rsm}first"),
    *(stanzas.MESSAGE, stanzas.IQ, "{jabber:client}priority", "{jabber:x:data}x", "{jabber:x:data}field"),
]
NAMES = ["from", "to", "type", "id", "jid", "subscription", "node", "ver", "hash", "stamp", "host", "port", "expires"]
VALUES = st.one_of(
    st.sampled_from([OWN, f"{OWN}/phone", "bob@localhost/x", "localhost", "get", "set", "result", "error", "sha-1"]),
    st.text(max_size=6),
)
ATTRIBUTES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5)


def element(tag: str, attributes: dict[str, str], text: str, children: list[Element]) -> Element:
    made = Element(tag, attributes)
    made.text = text
    made.extend(children)
    return made


INNER = st.recursive(
    st.builds(element, st.sampled_from(TAGS), ATTRIBUTES, st.text(max_size=4), st.just([])),
    lambda inner: st.builds(element, st.sampled_from(TAGS), ATTRIBUTES, st.text(max_size=4), st.lists(inner)),
    max_leaves=6,
)
ANYTHING = st.builds(
    element,
    st.sampled_from([stanzas.IQ, stanzas.MESSAGE, stanzas.PRESENCE]),
    ATTRIBUTES,
    st.just(""),
    st.lists(INNER, max_size=3),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(ANYTHING, max_size=6))
def test_no_stanza_breaks_anything(heard: list[Element]) -> None:
    async def listen() -> None:
        room = Room()
        room.names.resume()
        room.contacts.renew()
        room.ice.renew()
        room.blocked.renew()
        room.archive.ask(None)
        room.learning.learn("bob@localhost/x")
        asked = list(room.sent)
        for stanza in heard:
            room.bridge.stanza(stanza)
        for request, stanza in zip(asked, heard, strict=False):
            reply = stanzas.iq("result", None, request.get("id", ""), stanza)
            SubElement(reply, "odd")
            reply.attrib.update({"from": request.get("to") or OWN})
            room.bridge.stanza(reply)
        room.ice.facts()
        room.close()

    asyncio.run(listen())


def test_what_waits_for_days_without_a_session_does_not_pile_up() -> None:
    clock = VirtualClock()
    outbox = Outbox(clock.monotonic)
    for _ in range(100):
        outbox.wait(Element(stanzas.MESSAGE))
        clock.advance(LIFE)
    assert len(outbox._waiting) == 1
