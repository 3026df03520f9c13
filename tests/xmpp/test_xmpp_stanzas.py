from __future__ import annotations

from xml.etree.ElementTree import Element, tostring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig.servers_ears import xml

from phone.xmpp import jids, stanzas
from phone.xmpp.api import IqError

OWN = "alice@localhost"
INNER = "<message xmlns='jabber:client' from='{}' to='{}'><propose xmlns='urn:xmpp:jingle-message:0' id='1'/></message>"


def carbon(outer: str, direction: str, inner: str) -> Element:
    return xml(
        f"<message xmlns='jabber:client' from='{outer}'><{direction} xmlns='urn:xmpp:carbons:2'>"
        f"<forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded></{direction}></message>"
    )


def test_a_call_message_is_kept_by_every_server() -> None:
    message = stanzas.call_message("bob@localhost", "i", Element("{urn:xmpp:jingle-message:0}propose"))
    assert message.attrib == {"type": "chat", "id": "i", "to": "bob@localhost"}
    assert [child.tag for child in message] == ["{urn:xmpp:jingle-message:0}propose", "{urn:xmpp:hints}store"]


def test_an_error_has_condition_text_and_extra_in_order() -> None:
    error = stanzas.error("bob@localhost/x", "i", IqError("bad-request", "modify", ("urn:e", "why"), "no"))
    assert stanzas.condition_of(error) == "bad-request"
    assert [child.tag.rpartition("}")[2] for child in error[0]] == ["bad-request", "text", "why"]
    assert error[0].get("type") == "modify"


@pytest.mark.parametrize(
    "body", ["", "<error/>", "<error><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>x</text></error>"]
)
def test_an_error_without_condition(body: str) -> None:
    assert stanzas.condition_of(xml(f"<iq xmlns='jabber:client' type='error'>{body}</iq>")) == ("undefined-condition")


def test_presence_with_and_without_caps() -> None:
    c = Element("c")
    assert len(stanzas.presence(None, available=True, caps=c)) == 1
    assert len(stanzas.presence("bob@localhost", available=True, caps=None)) == 0
    assert stanzas.presence("bob@localhost", available=False, caps=c).get("type") == "unavailable"


def test_a_message_is_itself() -> None:
    letter = stanzas.unwrap(xml(INNER.format("Bob@Localhost/X", OWN)), OWN)
    assert letter is not None
    assert (letter.sender, letter.to, letter.carbon, letter.sent_by_us) == ("bob@localhost/X", OWN, False, False)


@pytest.mark.parametrize(
    ("direction", "sender", "to", "ours"),
    [("sent", f"{OWN}/desk", "bob@localhost", True), ("received", "bob@localhost/x", f"{OWN}/desk", False)],
)
def test_carbons_of_our_own(direction: str, sender: str, to: str, *, ours: bool) -> None:
    letter = stanzas.unwrap(carbon(OWN, direction, INNER.format(sender, to)), OWN)
    assert letter is not None
    assert (letter.sender, letter.to, letter.carbon, letter.sent_by_us) == (sender, to, True, ours)


@pytest.mark.parametrize("outer", ["bob@localhost", "bob@localhost/x", f"{OWN}/desk", "localhost"])
@pytest.mark.parametrize("direction", ["sent", "received"])
def test_forged_carbons(outer: str, direction: str) -> None:
    with pytest.raises(stanzas.ForgedError):
        stanzas.unwrap(carbon(outer, direction, INNER.format(f"{OWN}/desk", "bob@localhost")), OWN)


@pytest.mark.parametrize(
    ("direction", "inner"),
    [
        ("sent", ""),
        ("sent", INNER.format("bob@localhost", OWN)),
        ("received", INNER.format("bob@localhost", "eve@localhost")),
        ("received", INNER.format("@@", OWN)),
    ],
)
def test_carbons_that_are_nonsense(direction: str, inner: str) -> None:
    assert stanzas.unwrap(carbon(OWN, direction, inner), OWN) is None


def test_a_message_without_sender_is_nobodys() -> None:
    assert stanzas.unwrap(xml("<message xmlns='jabber:client'/>"), OWN) is None


@pytest.mark.parametrize(
    ("stamp", "age"),
    [("1970-01-01T00:00:40Z", 60), ("1970-01-01T00:00:40", 60), ("1970-01-01T01:00:40+01:00", 60), ("x", 0)],
)
def test_how_long_a_server_kept_it(stamp: str, age: float) -> None:
    message = xml(f"<message xmlns='jabber:client'><delay xmlns='urn:xmpp:delay' stamp='{stamp}'/></message>")
    assert stanzas.age(message, 100.0) == age


def test_straight_or_from_the_future_is_fresh() -> None:
    assert stanzas.age(xml("<message xmlns='jabber:client'/>"), 5.0) == 0
    later = "<message xmlns='jabber:client'><delay xmlns='urn:xmpp:delay' stamp='1970-01-01T00:01:00Z'/></message>"
    assert stanzas.age(xml(later), 5.0) == 0


@given(st.text(), st.floats(0, 1e9))
def test_any_stamp(text: str, now: float) -> None:
    message = Element("{jabber:client}message")
    message.append(Element("{urn:xmpp:delay}delay", {"stamp": text}))
    assert stanzas.age(message, now) >= 0


def test_iq_without_address_or_payload() -> None:
    assert tostring(stanzas.iq("result", None, "i")) == b'<ns0:iq xmlns:ns0="jabber:client" type="result" id="i" />'


@given(st.text())
def test_any_address(text: str) -> None:
    once = jids.canonical(text)
    assert once is None or jids.canonical(once) == once


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Alice@Example.ORG/Ph/one", ("alice@example.org/Ph/one", "alice@example.org", "example.org", "Ph/one")),
        ("Example.org", ("example.org", "example.org", "example.org", "")),
    ],
)
def test_parts_of_an_address(text: str, parts: tuple[str, ...]) -> None:
    whole = jids.canonical(text)
    assert whole is not None
    assert (whole, jids.bare(whole), jids.domain(whole), jids.resource(whole)) == parts


@pytest.mark.parametrize("text", [None, "", "@", "@@", "a@", "a b@c", "a@b/"])
def test_no_address(text: str | None) -> None:
    assert jids.canonical(text) is None
