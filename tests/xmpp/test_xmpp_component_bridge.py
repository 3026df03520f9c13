"""The component's inner parts without a network: a list takes what would be sent, the test speaks for the server."""

from __future__ import annotations

import asyncio
from xml.etree.ElementTree import Element, tostring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig.component_ears import ComponentEars
from rig.servers_ears import xml

from phone.xmpp import delegation, stanzas
from phone.xmpp.api import IqError, VoiceMessage
from phone.xmpp.component import ComponentError, XmppComponent
from phone.xmpp.component_api import InnerIq
from phone.xmpp.component_bridge import ComponentBridge
from phone.xmpp.requests import Requests

BOX = "boss@vm.localhost/voicemail"
IQ = "<iq xmlns='jabber:client' type='{}' id='{}' from='{}' to='{}'>{}</iq>"
ORIGIN_ID = "{urn:xmpp:sid:0}origin-id"
PING = "<ping xmlns='urn:xmpp:ping'/>"


class Place:
    """A bridge with its parts."""

    def __init__(self) -> None:
        self.sent: list[Element] = []
        self.ears = ComponentEars()
        self.requests = Requests(self.sent.append)
        self.bridge = ComponentBridge(self.sent.append, self.ears, "vm.localhost", self.requests)

    def hear(self, text: str) -> None:
        self.bridge.stanza(xml(text))


@pytest.fixture
async def place() -> Place:
    return Place()


# --- requests of others ---------------------------------------------------------------------------------------------


async def test_requests_are_answered_from_where_they_went(place: Place) -> None:
    place.hear(IQ.format("get", "1", "Ann@a.example/Pi", "Boss@VM.localhost/voicemail", PING))
    ((sender, to, iq_id, kind, payload),) = place.ears.iqs
    assert (sender, to, iq_id, kind) == ("ann@a.example/Pi", BOX, "1", "get")
    place.bridge.result(to, sender, iq_id, payload)
    place.bridge.reply(to, sender, iq_id, IqError("conflict"))
    (answer,) = place.sent
    assert (answer.get("from"), answer.get("to"), answer.get("type")) == (BOX, "ann@a.example/Pi", "result")
    assert answer[0].tag == "{urn:xmpp:ping}ping"


async def test_each_request_is_answered_as_often_as_it_came(place: Place) -> None:
    for _ in range(2):
        place.hear(IQ.format("set", "1", "ann@a.example", BOX, "<x/>"))
    for _ in range(3):
        place.bridge.reply(BOX, "ann@a.example", "1", None)
    place.bridge.reply("vm.localhost", "ann@a.example", "1", None)
    assert len(place.sent) == 2


async def test_what_the_listener_does_not_take_is_refused(place: Place) -> None:
    place.ears.takes = False
    place.hear(IQ.format("get", "1", "ann@a.example", BOX, "<x/>"))
    assert _condition(place.sent[0]) == "feature-not-implemented"
    place.bridge.reply(BOX, "ann@a.example", "1", None)
    assert len(place.sent) == 1


async def test_a_request_for_nothing_is_bad(place: Place) -> None:
    place.hear(IQ.format("set", "1", "ann@a.example", BOX, ""))
    assert _condition(place.sent[0]) == "bad-request"
    assert place.ears.iqs == []


async def test_a_flood_of_requests_is_bounded(place: Place) -> None:
    for number in range(5000):
        place.hear(IQ.format("get", number, "ann@a.example", BOX, "<x/>"))
    assert len(place.bridge._open) <= 4096
    place.bridge.reply(BOX, "ann@a.example", "0", None)
    assert place.sent == []
    place.bridge.reply(BOX, "ann@a.example", "4999", None)
    assert len(place.sent) == 1


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (f"type='get' id='1' to='{BOX}'", "no address"),
        (f"type='get' id='1' to='{BOX}' from='@@'", "no address"),
        ("type='get' id='1' from='ann@a.example'", "no address"),
        ("type='get' id='1' from='ann@a.example' to='ann@b.example'", "no address"),
        (f"type='result' id='1' from='ann@a.example' to='{BOX}'", "answer to nothing"),
        (f"type='error' id='1' from='ann@a.example' to='{BOX}'", "answer to nothing"),
        (f"id='1' from='ann@a.example' to='{BOX}'", "unknown type of iq"),
        (f"type='ask' from='ann@a.example' to='{BOX}'", "unknown type of iq"),
    ],
)
async def test_nonsense_is_counted_and_never_answered(place: Place, head: str, what: str) -> None:
    place.hear(f"<iq xmlns='jabber:client' {head}><x/></iq>")
    assert place.bridge.nonsense == {what: 1}
    assert place.sent == []
    assert place.ears.iqs == []


async def test_our_own_sign_of_life_is_no_request(place: Place) -> None:
    place.hear(IQ.format("get", "1", "vm.localhost", "vm.localhost", PING))
    assert place.ears.iqs == []
    assert place.sent[0].get("type") == "result"


# --- our own --------------------------------------------------------------------------------------------------------


async def test_questions_go_out_under_the_name_that_asks(place: Place) -> None:
    place.bridge.ask(BOX, "ann@a.example/pi", Element("{urn:x}q"), "t", "get")
    place.bridge.send_iq(BOX, "ann@a.example/pi", Element("{urn:x}q"), "s")
    asked, put = place.sent
    assert (asked.get("from"), asked.get("type"), put.get("from"), put.get("type")) == (BOX, "get", BOX, "set")
    place.hear(IQ.format("result", asked.get("id"), "eve@a.example/pi", BOX, "<x/>"))
    assert place.ears.answers == {}
    place.hear(IQ.format("result", asked.get("id"), "ann@a.example/pi", BOX, ""))
    place.hear(IQ.format("error", put.get("id"), "ann@a.example/pi", BOX, "<error/>"))
    assert place.ears.answers["t"][0].tag == "{urn:x}q"
    assert place.ears.replies == {"s": ["undefined-condition"]}


async def test_messages_to_nobody_stay_here(place: Place) -> None:
    assert place.bridge.send_message(BOX, "@@", (), "chat", "x")
    assert place.sent == []


@given(st.recursive(st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_whatever_is_sent_is_xml(tree: object) -> None:
    def build(node: object) -> Element:
        element = Element("{urn:x}e")
        if isinstance(node, str):
            element.text = element.tail = node
            element.set("a", node)
        else:
            element.extend(build(each) for each in node)
        return element

    assert xml(tostring(stanzas.clean(build(tree)), "utf-8").decode()).tag == "{urn:x}e"


# --- delegation -----------------------------------------------------------------------------------------------------

INNER = "<iq xmlns='jabber:client' type='{}' id='{}' {} {}>{}</iq>"
WRAP = "<delegation xmlns='urn:xmpp:delegation:{}'><forwarded xmlns='urn:xmpp:forward:0'>{}</forwarded></delegation>"
ASKED = INNER.format("get", "i1", "from='ann@a.example/pi'", "to='boss@localhost'", "<query xmlns='urn:q'/>")


@pytest.mark.parametrize("version", [1, 2])
async def test_a_delegated_request_is_unwrapped_and_its_answer_wrapped(place: Place, version: int) -> None:
    place.hear(IQ.format("set", "d1", "localhost", "vm.localhost", WRAP.format(version, ASKED)))
    ((server, iq_id, inner),) = place.ears.inner
    assert (server, iq_id) == ("localhost", "d1")
    assert (inner.sender, inner.to, inner.id, inner.kind) == ("ann@a.example/pi", "boss@localhost", "i1", "get")
    assert (inner.payload.tag, inner.version) == ("{urn:q}query", version)
    place.bridge.answer_delegated(server, iq_id, inner, Element("{urn:q}query", {"a": "b"}))
    place.bridge.answer_delegated(server, iq_id, inner, None)
    (sent,) = place.sent
    assert (sent.get("from"), sent.get("to"), sent.get("id")) == ("vm.localhost", "localhost", "d1")
    reply = sent.find(f"{{urn:xmpp:delegation:{version}}}delegation/{{urn:xmpp:forward:0}}forwarded/{stanzas.IQ}")
    assert reply.attrib == {"type": "result", "id": "i1", "from": "boss@localhost", "to": "ann@a.example/pi"}
    assert reply[0].attrib == {"a": "b"}


async def test_what_is_not_taken_looks_as_if_nobody_was_there(place: Place) -> None:
    place.ears.takes = False
    place.hear(IQ.format("set", "d1", "localhost", "vm.localhost", WRAP.format(2, ASKED)))
    (sent,) = place.sent
    assert sent.get("type") == "result"
    inner = sent[0][0][0]
    assert inner.get("type") == "error"
    assert _condition(inner) == "service-unavailable"


@pytest.mark.parametrize(
    ("sender", "to", "kind", "payload"),
    [
        ("evil.example", "vm.localhost", "set", WRAP.format(2, ASKED)),
        ("ann@localhost", "vm.localhost", "set", WRAP.format(2, ASKED)),
        ("localhost/x", "vm.localhost", "set", WRAP.format(2, ASKED)),
        ("localhost", BOX, "set", WRAP.format(2, ASKED)),
        ("localhost", "vm.localhost", "get", WRAP.format(2, ASKED)),
        ("localhost", "vm.localhost", "set", WRAP.format(2, "")),
        ("localhost", "vm.localhost", "set", "<delegation xmlns='urn:xmpp:delegation:2'/>"),
        ("localhost", "vm.localhost", "set", WRAP.format(2, INNER.format("get", "i", "", "to='b@localhost'", ""))),
        ("localhost", "vm.localhost", "set", WRAP.format(2, INNER.format("result", "i", "", "to='b@localhost'", PING))),
        ("localhost", "vm.localhost", "set", WRAP.format(2, INNER.format("get", "", "", "to='b@localhost'", PING))),
        ("localhost", "vm.localhost", "set", WRAP.format(2, INNER.format("get", "i", "", "", PING))),
        ("localhost", "vm.localhost", "set", WRAP.format(2, INNER.format("get", "i", "", "to='@@'", PING))),
        ("localhost", "vm.localhost", "set", WRAP.format(2, INNER.format("get", "i", "", "to='b@vm.localhost'", PING))),
    ],
)
async def test_nobody_delegates_what_is_not_his(place: Place, sender: str, to: str, kind: str, payload: str) -> None:
    place.hear(IQ.format(kind, "d1", sender, to, payload))
    assert place.ears.inner == []
    assert _condition(place.sent[0]) == "bad-request"
    assert place.bridge.nonsense == {"delegation": 1}


async def test_a_request_without_address_is_to_its_senders_account(place: Place) -> None:
    inner = INNER.format("get", "i1", "from='ann@localhost/pi'", "", PING)
    place.hear(IQ.format("set", "d1", "localhost", "vm.localhost", WRAP.format(2, inner)))
    assert place.ears.inner[0][2].to == "ann@localhost"


def test_an_answer_to_nobody_has_no_address() -> None:
    inner = InnerIq("", "boss@localhost", "i", "get", Element("x"), 1)
    payload = delegation.wrap(inner, IqError("item-not-found"))
    assert payload[0][0].get("to") is None
    assert _condition(payload[0][0]) == "item-not-found"


def test_a_server_is_told_to_keep_its_own_addresses() -> None:
    query = "{http://jabber.org/protocol/disco#info}query"
    for version in (1, 2):
        whole, bare = (f"urn:xmpp:delegation:{version}{kind}http://x#y" for kind in ("::", ":bare:"))
        assert delegation.probe_answer(Element(query, {"node": whole})) == IqError("item-not-found")
        answer = delegation.probe_answer(Element(query, {"node": bare}))
        assert (answer.tag, answer.attrib, len(answer)) == (query, {"node": bare}, 0)
    for other in (Element(query), Element(query, {"node": "urn:xmpp:delegation:3::x"}), Element("x", {"node": whole})):
        assert delegation.probe_answer(other) is None


# --- anything -------------------------------------------------------------------------------------------------------

TAGS = st.sampled_from(
    [
        *("{jabber:client}iq", "{jabber:client}message", "{jabber:client}presence", "{jabber:client}error"),
        *("{urn:xmpp:delegation:1}delegation", "{urn:xmpp:forward:0}forwarded", "{urn:xmpp:ping}ping", "x"),
    ]
)
NAMES = st.sampled_from(["from", "to", "type", "id", "node"])
ADDRESSES = [BOX, "vm.localhost", "localhost", "ann@a.example/pi", "@@", ""]
VALUES = st.sampled_from([*ADDRESSES, "get", "set", "result", "error", "1"]) | st.text(max_size=5)


def element(tag: str, attributes: dict[str, str], children: list[Element]) -> Element:
    made = Element(tag, attributes)
    made.extend(children)
    return made


LEAVES = st.builds(element, TAGS, st.dictionaries(NAMES, VALUES, max_size=5), st.just([]))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(element, TAGS, st.dictionaries(NAMES, VALUES, max_size=5), st.lists(inner, max_size=3)),
    max_leaves=8,
)
STANZA_TAGS = st.sampled_from([stanzas.IQ, stanzas.MESSAGE, stanzas.PRESENCE])
ENDS = st.sampled_from(ADDRESSES)
STANZAS = st.builds(
    lambda tag, sender, to, kind, children: element(tag, {"from": sender, "to": to, "type": kind, "id": "1"}, children),
    *(STANZA_TAGS, ENDS, ENDS, VALUES, st.lists(TREES, max_size=2)),
)


@given(st.lists(STANZAS, max_size=4), st.booleans())
def test_anything_may_come(came: list[Element], takes: bool) -> None:
    async def listen() -> None:
        place = Place()
        place.ears.takes = takes
        place.bridge.ask(BOX, "ann@a.example/pi", Element("x"), "t", "get")
        for stanza in came:
            place.bridge.stanza(stanza)
        for stanza in place.sent:
            assert stanza.get("from", "").endswith(("vm.localhost", "vm.localhost/voicemail"))
        place.requests.close()

    asyncio.run(listen())


@given(TREES, st.sampled_from(["localhost", "a.example"]))
def test_any_payload_may_be_wrapped(payload: Element, server: str) -> None:
    holder = element("{urn:xmpp:delegation:2}delegation", {}, [element("{urn:xmpp:forward:0}forwarded", {}, [payload])])
    inner = delegation.unwrap(holder, server)
    assert inner is None or inner.to.partition("/")[0].rpartition("@")[2] == server


@pytest.mark.parametrize("domain", ["", "@@", "boss@vm.localhost", "vm.localhost/x"])
async def test_a_component_needs_a_domain(domain: str) -> None:
    with pytest.raises(ComponentError, match="no domain"):
        XmppComponent(domain, "s", "localhost", 5347, ComponentEars())


def _condition(stanza: Element) -> str:
    return stanzas.condition_of(stanza)


# --- repetitions ----------------------------------------------------------------------------------------------------


async def test_who_names_a_message_finds_the_name_in_id_and_origin_id(place: Place) -> None:
    """XEP-0359: a repetition can be told from another message of the same words."""
    voice = VoiceMessage("https://b.example/1", "v.m4a", "audio/mp4", 3, 1.0, bytes(32), "m1-sound")
    assert place.bridge.send_voice(BOX, "ann@a.example/Pi", voice) == "m1-sound"
    assert place.bridge.send_chat(BOX, "ann@a.example", "two words", None, "m1-text") == "m1-text"
    named = [(each.get("id"), each.find(ORIGIN_ID).get("id")) for each in place.sent]
    assert named == [("m1-sound", "m1-sound"), ("m1-text", "m1-text")]
    assert place.bridge.send_chat(BOX, "ann@a.example", "two words", "about", "") not in {"", "m1-text"}
    assert place.sent[2].find(ORIGIN_ID) is None
