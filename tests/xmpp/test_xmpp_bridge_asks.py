"""Questions, events, voice messages and Google sessions through the bridge."""

from __future__ import annotations

import base64
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig.servers_ears import xml
from xmpp_room import OWN, Room

from phone.xmpp.api import IqError, VoiceMessage
from phone.xmpp.caps import NODE, OurCaps
from phone.xmpp.requests import Failed, Result
from phone.xmpp.voice import voice_message

QUERY = "{http://jabber.org/protocol/disco#items}query"

# --- questions ------------------------------------------------------------------------------------------------------


async def test_an_answer_is_the_payload_or_an_empty_element_or_nothing(room: Room) -> None:
    for token, answer, kind in [("items", "<query xmlns='urn:x'><a/></query>", "result"), ("empty", "", "result")]:
        room.bridge.ask("bob@localhost", Element(QUERY, {"node": "voicemail"}), token, "get")
        assert room.sent[-1].get("type") == "get"
        assert room.answer(answer, kind=kind)
    room.bridge.ask("bob@localhost", Element(QUERY), "refused", "set")
    assert room.sent[-1].get("type") == "set"
    assert room.answer("<error/>", kind="error")
    assert room.ears.answers["items"][0][0].tag == "{urn:x}a"
    (empty,) = room.ears.answers["empty"]
    assert (empty.tag, empty.attrib, len(empty)) == (QUERY, {}, 0)
    assert room.ears.answers["refused"] == [None]
    room.close()


async def test_only_who_was_asked_answers(room: Room) -> None:
    room.bridge.ask("bob@localhost", Element(QUERY), "t", "get")
    for sender in ("eve@localhost", "bob@localhost/x", "localhost", None):
        assert not room.answer("<x/>", sender=sender)
    assert room.ears.answers == {}
    assert room.answer("<x/>", sender="Bob@localhost")
    assert not room.answer("<x/>")
    assert len(room.ears.answers["t"]) == 1


@pytest.mark.parametrize("to", ["", OWN])
async def test_our_account_may_answer_without_a_name(room: Room, to: str) -> None:
    room.bridge.ask(to, Element(QUERY), "t", "get")
    assert room.sent[-1].get("to") == (to or None)
    assert not room.answer("<x/>", sender="eve@localhost")
    assert room.answer("<x/>", sender=None)
    assert room.ears.answers["t"][0].tag == "{jabber:client}x"


async def test_a_question_that_stays_open_ends(room: Room) -> None:
    room.bridge.ask("bob@localhost", Element(QUERY), "t", "get")
    ((key, pending),) = room.requests._pending.items()
    pending.timer.cancel()
    room.requests._expire(key)
    assert room.ears.answers == {"t": [None]}


async def test_what_is_asked_is_ours_alone(room: Room) -> None:
    query = Element(QUERY)
    room.bridge.ask("bob@localhost", query, "t", "get")
    query.set("node", "later")
    assert room.sent[0][0].attrib == {}
    room.close()


async def test_a_wait_ends_though_all_is_forgotten(room: Room) -> None:
    assert await room.requests.fetch("get", "bob@localhost", Element("x"), seconds=0.001) == Failed("timeout")
    room.requests.ask = lambda *_, **__: None  # as after `close`: nobody is told
    assert await room.requests.fetch("get", "bob@localhost", Element("x"), seconds=-0.999) == Failed("timeout")


async def test_who_asks_as_another_of_its_addresses_says_so(room: Room) -> None:
    heard: list[Result | Failed] = []
    room.requests.ask("get", "bob@localhost", Element("x"), heard.append, sender="boss@vm.localhost")
    assert room.sent[-1].get("from") == "boss@vm.localhost"
    assert room.answer("<error type='wait'/>", kind="error")
    (failed,) = heard
    assert isinstance(failed, Failed)
    assert failed.type == "wait"


# --- events ---------------------------------------------------------------------------------------------------------

EVENT = "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='n'/></event>"
MESSAGE = "<message xmlns='jabber:client' from='{}' {}>{}</message>"


@pytest.mark.parametrize("kind", ["", "type='headline'", "type='normal'"])
async def test_events_are_told(room: Room, kind: str) -> None:
    assert room.hear(MESSAGE.format("boss@vm.localhost", kind, EVENT))
    ((sender, event),) = room.ears.events
    assert (sender, event[0].get("node")) == ("boss@vm.localhost", "n")


@pytest.mark.parametrize("kind", ["type='error'", "type='chat'", "type='groupchat'", "type='x'"])
async def test_events_of_other_types_are_none(room: Room, kind: str) -> None:
    assert not room.hear(MESSAGE.format("vm.localhost", kind, EVENT))
    assert not room.hear(MESSAGE.format("vm.localhost", "", "<event xmlns='urn:x'/>"))
    assert not room.hear(MESSAGE.format("@@", "", EVENT))
    assert room.ears.events == []


async def test_what_other_devices_subscribed_to_is_theirs(room: Room) -> None:
    inner = MESSAGE.format("vm.localhost", f"to='{OWN}/desk'", EVENT)
    copy = f"<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded></received>"
    assert not room.hear(MESSAGE.format(OWN, "", copy))
    assert room.ears.events == []


async def test_blocked_senders_publish_nothing(room: Room) -> None:
    push = "<block xmlns='urn:xmpp:blocking'><item jid='vm.localhost'/></block>"
    assert room.hear(f"<iq xmlns='jabber:client' type='set' id='1'>{push}</iq>")
    assert room.hear(MESSAGE.format("boss@vm.localhost", "", EVENT))
    assert room.ears.events == []
    assert room.bridge.nonsense["blocked"] == 1


# --- Google's sessions ----------------------------------------------------------------------------------------------

SESSION = "<iq xmlns='jabber:client' type='set' id='{}' from='{}'><session xmlns='http://www.google.com/session'/></iq>"


async def test_googles_sessions_come_as_jingles_do(room: Room) -> None:
    assert room.hear(SESSION.format("1", "bob@localhost/x"))
    sender, iq_id, payload = room.ears.iqs[0]
    assert payload.tag == "{http://www.google.com/session}session"
    room.bridge.reply(sender, iq_id, IqError("bad-request", "modify"))
    room.bridge.reply(sender, iq_id, None)
    assert [stanza.get("type") for stanza in room.sent] == ["error"]
    room.ears.takes = False
    assert not room.hear(SESSION.format("2", "bob@localhost/x"))
    assert not room.hear(SESSION.format("3", "@@"))


async def test_a_blocked_caller_meets_nobody_in_either_dialect(room: Room) -> None:
    push = "<block xmlns='urn:xmpp:blocking'><item jid='eve@localhost'/></block>"
    assert room.hear(f"<iq xmlns='jabber:client' type='set' id='1'>{push}</iq>")
    assert room.hear(SESSION.format("2", "eve@localhost/x"))
    assert room.ears.iqs == []
    assert room.sent[-1].find(".//{urn:ietf:params:xml:ns:xmpp-stanzas}service-unavailable") is not None


# --- voice messages -------------------------------------------------------------------------------------------------

URL = "https://upload.example/1/voice%20of%20ann.m4a"
SPEECH = VoiceMessage(URL, "voice.m4a", "audio/mp4", 45678, 12.3456, bytes(range(32)))
AS_SENT = f"""<message xmlns='jabber:client' to='bob@localhost' type='chat' id='i'><body>{URL}</body>
<x xmlns='jabber:x:oob'><url>{URL}</url></x>
<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:sfs:0'><body/></fallback>
<file-sharing xmlns='urn:xmpp:sfs:0' disposition='inline'><file xmlns='urn:xmpp:file:metadata:0'>
<media-type>audio/mp4</media-type><name>voice.m4a</name><size>45678</size><length>12346</length>
<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>{base64.b64encode(bytes(range(32))).decode()}</hash></file>
<sources><url-data xmlns='http://jabber.org/protocol/url-data' target='{URL}'/></sources></file-sharing>
<origin-id xmlns='urn:xmpp:sid:0' id='i'/><store xmlns='urn:xmpp:hints'/></message>"""


def flat(element: Element) -> tuple[object, ...]:
    return element.tag, element.attrib, (element.text or "").strip(), [flat(child) for child in element]


def test_a_voice_message_is_for_every_client() -> None:
    assert flat(voice_message("bob@localhost", "i", SPEECH)) == flat(xml(AS_SENT))


async def test_a_voice_message_goes_to_the_account(room: Room) -> None:
    room.bridge.send_voice("Bob@localhost/phone", SPEECH)
    room.bridge.send_voice("@@", SPEECH)
    (sent,) = room.sent
    assert sent.get("to") == "bob@localhost"
    assert sent.find("{urn:xmpp:sid:0}origin-id").get("id") == sent.get("id")


@given(st.text())
def test_a_files_name_may_be_any_text(name: str) -> None:
    message = voice_message("a@b", "i", VoiceMessage(URL, name, "audio/mp4", 1, 0.0, b""))
    told = message.find(".//{urn:xmpp:file:metadata:0}name").text
    assert xml(f"<x>{told.replace('&', '&amp;').replace('<', '&lt;')}</x>") is not None


# --- what we say we can ---------------------------------------------------------------------------------------------

VOICE_V1 = "http://www.google.com/xmpp/protocol/voice/v1"


def test_another_list_of_features_is_another_hash() -> None:
    plain, more = OurCaps(["urn:xmpp:jingle:1"]), OurCaps(["urn:xmpp:jingle:1", VOICE_V1])
    assert plain.ver != more.ver
    assert more.knows(f"{NODE}#{more.ver}")
    assert not more.knows(f"{NODE}#{plain.ver}")


def test_clients_from_before_the_hash_are_told_of_voice() -> None:
    plain, more = OurCaps(["urn:xmpp:jingle:1"]), OurCaps(["urn:xmpp:jingle:1", VOICE_V1])
    assert plain.element().get("ext") is None
    assert more.element().get("ext") == "voice-v1"
    assert more.knows(f"{NODE}#voice-v1")
    assert not plain.knows(f"{NODE}#voice-v1")
