"""What is answered for accounts whose server hands us its disco#items."""

from xml.etree.ElementTree import Element

import pytest
from service_caller import PADDED, QUERY

from phone.service.addresses import Addresses
from phone.service.disco import account_items, info

HERE = Addresses("vm.b.example", ("b.example",))
BOSS = "boss@b.example"


def ask(asker, account, node, query=QUERY):
    answer = account_items(HERE, asker, account, Element(query, {} if node is None else {"node": node}))
    if answer is None:
        return None
    assert answer.tag == query
    assert all(each.tag == query.replace("}query", "}item") for each in answer)
    return [each.get("jid") for each in answer]


@pytest.mark.parametrize("query", [QUERY, PADDED])
def test_the_two_nodes_lead_here(query):
    assert ask("ann@a.example/pi", BOSS, "voicemail", query) == ["boss@vm.b.example/voicemail"]
    assert ask(f"{BOSS}/desk", BOSS, "outgoingvoicemail", query) == ["outgoing@vm.b.example/outgoingvoicemail"]
    assert ask("ann@a.example", BOSS, "outgoingvoicemail", query) is None


def test_of_the_rest_nothing_is_known():
    assert ask("ann@a.example", BOSS, None) == []
    assert ask("ann@a.example", BOSS, "urn:xmpp:bookmarks:1") is None
    assert ask("ann@a.example", "boss@elsewhere.example", "voicemail") is None


def test_googles_dialect_is_told_of_only_where_it_is_spoken():
    features = [{each.get("var") for each in info(Element("x"), plain=plain)} for plain in (False, True)]
    assert features[1] - features[0] == {"http://www.google.com/xmpp/protocol/voice/v1"}
    assert info(Element("x", {"node": "y"}), plain=False) is None
