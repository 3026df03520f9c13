"""Roster, presence and capabilities, without a network."""

from __future__ import annotations

from xml.etree.ElementTree import tostring

import pytest
from xmpp_room import OWN, Room, info, presence

from phone.xmpp import stanzas
from phone.xmpp.api import ContactFact
from phone.xmpp.caps import OurCaps


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


async def test_a_roster_of_ten_thousand(room: Room) -> None:
    """Takes a quarter of a second; what grew with the square of the roster would not end in time."""
    count = 10_000
    everybody = "".join(f"<item jid='c{n}@localhost' name='C {n}' subscription='both'/>" for n in range(count))
    room.contacts.renew()
    room.answer(f"<query xmlns='jabber:iq:roster'>{everybody}</query>")
    for number in range(count):
        room.hear(presence(f"c{number}@localhost/x", caps_element(room)))
        if number == 0:
            room.answer(our_info(room))
    facts = room.contacts.all()
    for number in range(count):
        room.hear(presence(f"c{number}@localhost", kind="unavailable"))
    assert len(facts) == len(room.ears.gone) == count
    assert facts[-1] == ContactFact("c9999@localhost", "C 9999", "both")
    assert room.ears.changes == 1
    assert len(room.sent) == 2
    assert room.contacts._online == {}
    room.close()


async def test_names_of_the_roster_are_clean(room: Room) -> None:
    push = "<iq xmlns='jabber:client' type='set' id='1'><query xmlns='jabber:iq:roster'>{}</query></iq>"
    for name in ("\u202eBob\n\n", " ", "\u200b"):
        room.hear(push.format(f"<item jid='bob@localhost' name='{name}'/>"))
        assert room.contacts.all() == (ContactFact("bob@localhost", "Bob" if "B" in name else None, "none"),)
        assert room.contacts.nameless() == (() if "B" in name else ("bob@localhost",))
    assert room.ears.changes == 3


async def test_one_account_cannot_take_all_places(room: Room) -> None:
    for number in range(100):
        room.hear(presence(f"eve@localhost/{number}"))
    assert len(room.contacts.resources("eve@localhost")) == 32
    room.close()
