from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from remotes import IDS, REMOTES, remote, wired, xml

from phone.voicemail.pubsub import (
    EVENT,
    PAGE,
    PUBSUB,
    RSM,
    Event,
    Items,
    Listed,
    Subscribe,
    Unsubscribe,
    event_element,
    listed_element,
    node_of,
    parse_event,
    parse_listed,
    parse_request,
    request_element,
    subscribed_element,
)
from phone.voicemail.wire import NS, WireError

NODE = node_of("boss@b.example")
JID = "boss@b.example/phone"


@given(IDS)
def test_requests_are_read_as_they_were_written(id_):
    for request in (Subscribe(NODE, JID), Unsubscribe(NODE, JID), Items(NODE), Items(NODE, id_)):
        assert parse_request(wired(request_element(request))) == request


@given(st.lists(REMOTES, max_size=5).map(tuple), st.just("") | IDS, st.none() | st.integers(0, 999_999_999))
def test_lists_are_read_as_they_were_written(messages, more, count):
    listed = Listed(messages, more, count=count)
    assert parse_listed(wired(listed_element(NODE, listed)), NODE) == listed


@given(st.lists(REMOTES, max_size=3).map(tuple), st.lists(IDS, max_size=3).map(tuple))
def test_events_are_read_as_they_were_written(published, retracted):
    event = Event(NODE, published, retracted)
    assert parse_event(wired(event_element(event))) == event


def test_what_servers_know_of_pubsub():
    assert f"{NS}#boss@b.example" == NODE
    subscription = subscribed_element(Subscribe(NODE, JID))[0]
    assert subscription.attrib == {"node": NODE, "jid": JID, "subscription": "subscribed"}
    assert request_element(Items(NODE)).findtext(f"{{{RSM}}}set/{{{RSM}}}max") == str(PAGE)


def test_no_more_than_a_page_is_given():
    with pytest.raises(ValueError, match="page"):
        listed_element(NODE, Listed(tuple(remote(str(n)) for n in range(PAGE + 1))))


@pytest.mark.parametrize(
    "text",
    [
        "<iq/>",
        f"<pubsub xmlns='{PUBSUB}'/>",
        f"<pubsub xmlns='{PUBSUB}'><publish node='n'/></pubsub>",
        f"<pubsub xmlns='{PUBSUB}'><subscribe node='n'/></pubsub>",
        f"<pubsub xmlns='{PUBSUB}'><subscribe jid='a@b/c'/></pubsub>",
        f"<pubsub xmlns='{PUBSUB}'><items/></pubsub>",
        f"<pubsub xmlns='{PUBSUB}'><items node='{'x' * 5000}'/></pubsub>",
        f"<pubsub xmlns='{PUBSUB}'><items node='n'/><set xmlns='{RSM}'><after>a b</after></set></pubsub>",
    ],
)
def test_requests_that_are_none(text):
    with pytest.raises(WireError):
        parse_request(xml(text))


def test_items_that_are_nonsense_are_left_out_and_counted():
    good = remote("good")
    payload = listed_element(NODE, Listed((good,)))
    items = payload[0]
    for item in ("<item id='x'/>", f"<item id='y'><message xmlns='{NS}' state='new'/></item>"):
        items.append(xml(item.replace("<item", f"<item xmlns='{PUBSUB}'")))
    assert parse_listed(payload, NODE) == Listed((good,), "", 2)


@pytest.mark.parametrize("count", ["", "-1", "1.0", "many", "9" * 10])
def test_a_count_that_is_none_is_not_given(count):
    listed = f"<items node='{NODE}'/><set xmlns='{RSM}'><count>{count}</count></set>"
    assert parse_listed(xml(f"<pubsub xmlns='{PUBSUB}'>{listed}</pubsub>"), NODE).count is None


@pytest.mark.parametrize("text", ["<items/>", "<items node='other'/>", "<x/>"])
def test_lists_that_are_none(text):
    with pytest.raises(WireError):
        parse_listed(xml(f"<pubsub xmlns='{PUBSUB}'>{text}</pubsub>"), NODE)


@pytest.mark.parametrize(
    "text",
    [
        "<event/>",
        f"<event xmlns='{EVENT}'/>",
        f"<event xmlns='{EVENT}'><purge node='n'/></event>",
        f"<event xmlns='{EVENT}'><items/></event>",
        f"<event xmlns='{EVENT}'><items node='n'><item id='i'/></items></event>",
        f"<event xmlns='{EVENT}'><items node='n'><retract/></items></event>",
        f"<x xmlns='{EVENT}'><items node='n'/></x>",
    ],
)
def test_events_that_are_none(text):
    with pytest.raises(WireError):
        parse_event(xml(text))
