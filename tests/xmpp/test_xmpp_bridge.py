"""The inner parts without a network: a list takes what would be sent, the test speaks for the server."""

from __future__ import annotations

import asyncio
from xml.etree.ElementTree import Element, SubElement, tostring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rig.servers_ears import Ears, xml

from phone.clock import VirtualClock
from phone.xmpp import stanzas
from phone.xmpp.api import ArchivedMessage, IqError
from phone.xmpp.archive import Archive
from phone.xmpp.blocking import BlockList
from phone.xmpp.bridge import Bridge, Parts
from phone.xmpp.caps import NODE, OurCaps
from phone.xmpp.contacts import Contacts
from phone.xmpp.learning import Learning
from phone.xmpp.names import Names
from phone.xmpp.outbox import LIFE, Outbox
from phone.xmpp.requests import Failed, Requests, Result
from phone.xmpp.services import IceServers, parse

OWN = "alice@localhost"


class Room:
    """A bridge with all its parts."""

    def __init__(self) -> None:
        self.sent: list[Element] = []
        self.ears = Ears()
        self.clock = VirtualClock()
        self.caps = OurCaps(["urn:xmpp:jingle:1"])
        self.requests = Requests(self.sent.append)
        self.requests.answer_for_account(OWN, f"{OWN}/phone", "localhost")
        self.names = Names(self.requests, self.ears.contacts_changed, self.ears.named)
        self.contacts = Contacts(self.requests, self.names, self.ears.unavailable, self.ears.contacts_changed)
        self.learning = Learning(self.requests, self.contacts, self.names, self.ears.features)
        self.ice = IceServers(self.requests, self.clock, "localhost")
        self.blocked = BlockList(self.requests, self.ears.contacts_changed)
        self.archive = Archive(self.requests, OWN, self.clock, self.archived)
        parts = Parts(self.caps, self.requests, self.contacts, self.ice, self.blocked, self.archive)
        self.bridge = Bridge(self.sent.append, self.ears, OWN, self.clock, parts)

    def archived(self, found: tuple[ArchivedMessage, ...]) -> None:
        self.bridge.archived(found)

    def hear(self, text: str) -> bool:
        return self.bridge.stanza(xml(text))

    def answer(self, payload: str = "", sender: str | None = "", kind: str = "result") -> bool:
        """The last thing sent."""
        asked = self.sent[-1]
        to = asked.get("to") if sender == "" else sender
        source = f"from='{to}'" if to else ""
        return self.hear(f"<iq xmlns='jabber:client' type='{kind}' id='{asked.get('id')}' {source}>{payload}</iq>")

    def close(self) -> None:
        self.requests.close()
        self.names.pause()
        self.ice.close()


@pytest.fixture
async def room() -> Room:
    return Room()


def info(*features: str) -> str:
    inside = "".join(f"<feature var='{each}'/>" for each in features)
    return f"<query xmlns='http://jabber.org/protocol/disco#info'>{inside}</query>"


def presence(sender: str, extra: str = "", kind: str = "") -> str:
    state = f"type='{kind}'" if kind else ""
    return f"<presence xmlns='jabber:client' from='{sender}' {state}>{extra}</presence>"


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
    outcome = await room.requests.fetch("get", "bob@localhost/x", Element("x"), 0.01)
    assert outcome == Failed("timeout")
    assert not room.answer()
    assert await room.requests.fetch("get", "@@", Element("x"), 0.01) == Failed("jid-malformed")


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
    assert room.bridge.nonsense["jingle without sender"] == 2


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


async def test_addresses_that_are_none_are_not_written_to(room: Room) -> None:
    room.bridge.send_message("@@", Element("x"))
    room.bridge.send_presence("@@", available=True)
    assert room.sent == []
    room.bridge.send_presence("bob@localhost/x", available=False)
    assert room.sent[0].get("type") == "unavailable"


# --- contacts -----------------------------------------------------------------------------------------------------


def caps_element(room: Room) -> str:
    return f"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='{room.caps.ver}'/>"


def our_info(room: Room) -> str:
    features = "".join(f"<feature var='{each}'/>" for each in room.caps.features)
    identity = "<identity category='client' type='phone' name='phone'/>"
    return f"<query xmlns='http://jabber.org/protocol/disco#info'>{identity}{features}</query>"


async def test_a_proved_hash_serves_all_who_state_it(room: Room) -> None:
    for name in ("x", "y"):
        room.hear(presence(f"bob@localhost/{name}", caps_element(room)))
    assert room.answer(our_info(room))
    room.hear(presence("eve@localhost/z", caps_element(room) + "<priority>5</priority>"))
    assert len(room.sent) == 2  # nobody was asked a third time
    assert [len(each.features) for each in room.contacts.resources("bob@localhost")] == [len(room.caps.features)] * 2
    assert room.contacts.resources("eve@localhost")[0].priority == 5
    room.close()


async def test_a_false_hash_harms_only_its_owner(room: Room) -> None:
    for sender in ("bob@localhost/x", "eve@localhost/x"):
        room.hear(presence(sender, caps_element(room)))
    assert room.answer(info("urn:poison"))
    assert room.contacts.resources("eve@localhost")[0].features == {"urn:poison"}
    assert room.contacts.resources("bob@localhost")[0].features == frozenset()
    room.close()


async def test_features_follow_a_change_of_caps(room: Room) -> None:
    room.hear(presence("bob@localhost/x"))
    room.hear(presence("bob@localhost/x"))
    assert len(room.sent) == 1
    room.answer(info("urn:old"))
    room.hear(presence("bob@localhost/x", "<show>away</show>"))
    assert room.contacts.resources("bob@localhost")[0].features == {"urn:old"}
    room.hear(presence("bob@localhost/x", caps_element(room)))
    assert room.contacts.resources("bob@localhost")[0].features == frozenset()
    room.answer(our_info(room))
    assert "urn:xmpp:jingle:1" in room.contacts.resources("bob@localhost")[0].features


async def test_who_does_not_say_can_nothing(room: Room) -> None:
    room.hear(presence("bob@localhost/x", "<priority>many</priority>"))
    assert room.answer("<error/>", kind="error")
    (bob,) = room.contacts.resources("bob@localhost")
    assert (bob.features, bob.priority) == (frozenset(), 0)


async def test_going_away(room: Room) -> None:
    for name in ("x", "y"):
        room.hear(presence(f"bob@localhost/{name}"))
    room.hear(presence("bob@localhost/x", kind="unavailable"))
    assert room.ears.gone == ["bob@localhost/x"]
    room.hear(presence("bob@localhost/x", kind="unavailable"))
    room.hear(presence("bob@localhost", kind="error"))
    room.hear(presence("@@", kind="unavailable"))
    room.hear(presence("carol@localhost", kind="subscribe"))
    assert room.ears.gone == ["bob@localhost/x", "bob@localhost/y"]
    assert room.contacts.resources("bob@localhost") == ()
    assert room.contacts.resources("@@") == ()
    room.close()


async def test_presence_of_the_whole_world_is_bounded(room: Room) -> None:
    for number in range(1200):
        room.hear(presence(f"bob{number}@localhost/x"))
    assert len(room.contacts._online) == len(room.contacts._strangers) == 1000
    room.close()


async def test_capabilities_that_change_all_day_are_bounded(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone.xmpp.contacts._MOST_HASHES", 3)
    for number in range(9):
        theirs = OurCaps({f"urn:{number}"})
        stated = f"<c xmlns='{stanzas.CAPS}' hash='sha-1' node='n' ver='{theirs.ver}'/>"
        room.hear(presence("bob@localhost/x", stated))
        assert room.answer(tostring(theirs.info(None), encoding="unicode"))
        (bob,) = room.contacts.resources("bob@localhost")
        assert f"urn:{number}" in bob.features
    assert len(room.contacts._known) == 3
    room.close()


async def test_the_roster_and_its_changes(room: Room) -> None:
    push = "<iq xmlns='jabber:client' type='set' id='1' from='{}'><query xmlns='jabber:iq:roster'>{}</query></iq>"
    bob = "<item jid='Bob@localhost' name='Bobby' subscription='both'/><item jid='@@'/>"
    assert not room.hear(push.format("eve@localhost", bob))
    assert room.hear(push.format(OWN, bob))
    assert room.sent[-1].get("type") == "result"
    assert room.contacts.name_of("bob@localhost/x") == "Bobby"
    assert room.contacts.is_contact("BOB@localhost")
    assert room.hear(push.format(f"{OWN}/phone", bob.replace("both", "to")))
    assert not room.contacts.is_contact("bob@localhost")
    assert room.hear(push.format("localhost", bob.replace("both", "remove")))
    assert room.contacts.name_of("bob@localhost") is None
    room.contacts.renew()
    assert room.answer("<query xmlns='jabber:iq:roster'><item jid='c@localhost' name='C'/></query>")
    assert room.contacts.name_of("c@localhost") == "C"
    room.contacts.renew()
    assert room.answer("<error/>", kind="error")
    room.contacts.renew()
    assert room.answer("")
    assert room.contacts.name_of("c@localhost") == "C"


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
        room.contacts.renew()
        room.ice.renew()
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
