"""Names and features of others: who is asked, when, how often, and what becomes of nonsense."""

from __future__ import annotations

import asyncio
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xmpp_room import OWN, Room, info, presence

from phone.xmpp import stanzas
from phone.xmpp.api import ContactFact
from phone.xmpp.herald import Herald
from phone.xmpp.names import clean
from phone.xmpp.requests import Failed

BOB = "bob@localhost"
CALLER = f"{BOB}/x"
DISCO = f"{{{stanzas.DISCO_INFO}}}query"
VCARD = "{vcard-temp}vCard"
PUBSUB = "{http://jabber.org/protocol/pubsub}pubsub"
ERROR = f"<error type='cancel'><item-not-found xmlns='{stanzas.STANZAS}'/></error>"


def vcard(inside: str) -> str:
    return f"<vCard xmlns='vcard-temp'>{inside}</vCard>"


def item(payload: str) -> str:
    return (
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
        f"<items node='n'><item id='1'>{payload}</item></items></pubsub>"
    )


def vcard4(inside: str) -> str:
    return item(f"<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>{inside}</vcard>")


def roster(*items: str) -> str:
    inside = "".join(items)
    return f"<query xmlns='jabber:iq:roster'>{inside}</query>"


def asked(room: Room, tag: str = VCARD) -> list[str]:
    """Whom, in order."""
    return [stanza.get("to", "") for stanza in room.sent if len(stanza) and stanza[0].tag == tag]


async def test_a_caller_is_named_by_the_vcard(room: Room) -> None:
    room.learning.learn(CALLER)
    assert (asked(room), asked(room, DISCO)) == ([BOB], [CALLER])
    assert room.answer_to(BOB, vcard("<FN> Bob \n the Builder</FN><NICKNAME>no</NICKNAME>"))
    assert room.ears.names_told == [(BOB, "Bob the Builder")]
    assert room.contacts.name_of(f"{BOB}/other") == "Bob the Builder"
    room.learning.learn(CALLER)
    assert asked(room) == [BOB]
    room.close()


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        ([vcard("<FN/><NICKNAME>Bobby</NICKNAME>")], "Bobby"),
        ([vcard("<FN> </FN>"), vcard4("<fn><text>Bob</text></fn>")], "Bob"),
        ([ERROR, vcard4("<nickname><text>Bobby</text></nickname>")], "Bobby"),
        ([ERROR, ERROR, item("<nick xmlns='http://jabber.org/protocol/nick'>Bobo</nick>")], "Bobo"),
        (["", vcard4("<fn/>"), "<odd/>"], None),
        ([ERROR, ERROR, ERROR], None),
    ],
)
async def test_where_names_are_found(room: Room, answers: list[str], name: str | None) -> None:
    room.learning.learn(CALLER)
    for answer in answers:
        assert room.answer_to(BOB, answer, kind="error" if answer == ERROR else "result")
    assert room.contacts.name_of(BOB) == name
    assert room.ears.names_told == ([(BOB, name)] if name else [])
    assert len(asked(room) + asked(room, PUBSUB)) == len(answers)
    room.close()


async def test_who_does_not_answer_is_asked_nothing_more(room: Room) -> None:
    room.names.learn(BOB)
    room.names._came(BOB, 0, Failed("timeout"))
    room.names.learn(BOB)
    assert asked(room) == [BOB]
    assert asked(room, PUBSUB) == []
    room.names.renew()  # another session: perhaps there is a vCard now
    room.names.learn(BOB)
    assert asked(room) == [BOB, BOB]
    room.close()


async def test_the_roster_knows_better(room: Room) -> None:
    room.contacts.renew()
    room.answer(roster(f"<item jid='{BOB}' name='Uncle Bob' subscription='both'/>"))
    room.learning.learn(CALLER)
    assert asked(room) == []
    assert room.contacts.all() == (ContactFact(BOB, "Uncle Bob", "both"),)
    room.close()


async def test_nobody_answers_for_somebody_else(room: Room) -> None:
    room.learning.learn(CALLER)
    assert not room.answer_to(BOB, vcard("<FN>Your Bank</FN>"), sender="eve@localhost")
    assert not room.answer_to(BOB, vcard("<FN>Your Bank</FN>"), sender="eve@localhost/x")
    assert room.contacts.name_of(BOB) is None
    room.close()


async def test_contacts_without_a_name_are_asked_slowly(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone.xmpp.names._PAUSE", 0.001)
    room.names.want(f"c{number:03}@localhost" for number in range(200))
    assert room.sent == []  # no session
    room.names.resume()
    assert asked(room) == ["c000@localhost", "c001@localhost"]
    room.names.learn("c001@localhost")  # who calls is named, but not asked twice
    room.names.learn("eve@localhost")
    assert asked(room) == ["c000@localhost", "c001@localhost", "eve@localhost"]
    room.answer_to("c001@localhost", vcard("<FN>One</FN>"))
    assert room.ears.names_told == [("c001@localhost", "One")]
    room.names.want(f"c{number:03}@localhost" for number in range(200))  # a roster push breaks no pause
    assert len(asked(room)) == 3
    while len(asked(room)) < 4:
        await asyncio.sleep(0.001)
    assert asked(room)[-1] == "c002@localhost"
    room.names.pause()
    room.answer_to("c002@localhost", vcard("<FN>Two</FN>"))
    await asyncio.sleep(0.01)
    assert len(asked(room)) == 4
    room.close()


async def test_everybody_in_a_roster_is_asked_in_the_end(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone.xmpp.names._PAUSE", 0.0)
    everybody = {f"c{number}@localhost" for number in range(30)}
    room.names.resume()
    room.names.want(everybody)
    answered = 0
    while answered < 30:
        for jid in asked(room)[answered:]:
            assert room.answer_to(jid, vcard(f"<FN>{jid}</FN>"))
            answered += 1
        await asyncio.sleep(0)
    assert {jid: room.names.name_of(jid) for jid in everybody} == {jid: jid for jid in everybody}
    assert room.ears.names_told == []
    room.close()


async def test_strangers_fill_neither_memory_nor_line(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone.xmpp.names._STRANGERS", 3)
    room.names.want([BOB])
    room.names.resume()
    room.answer_to(BOB, vcard("<FN>Bob</FN>"))
    for number in range(50):
        room.learning.learn(f"eve{number}@localhost/x")
        room.answer_to(f"eve{number}@localhost", vcard("<FN>Eve</FN>"))
    assert len(room.names._names) == len(room.names._asked) == 4
    assert room.names.name_of(BOB) == "Bob"
    before = len(asked(room))
    for number in range(100):
        room.names.learn(f"mallory{number}@localhost")
    assert len(asked(room)) == before + 32
    room.close()


# --- cleaning ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("B\x1b[2Job\x07", "B[2Job"),
        ("\u202eboB\u2066", "boB"),
        ("\u2028Bob\u2029\t Ben ", "Bob Ben"),
        ("\ufeff", ""),
        (None, ""),
        ("Zoe\u200b\u0308", "Zo\u00eb"),
        ("x" * 5000, "x" * 64),
        ("\U0001f600 Bob", "\U0001f600 Bob"),
    ],
)
def test_names_that_are_more_than_names(text: str | None, shown: str) -> None:
    assert clean(text) == shown


@given(st.text(max_size=300))
def test_whatever_a_vcard_says_can_be_shown(text: str) -> None:
    shown = clean(text)
    assert len(shown) <= 64
    assert shown == shown.strip()
    assert not any(unicodedata.category(each).startswith("C") for each in shown)
    assert "\n" not in shown
    assert clean(shown) == shown


# --- features ------------------------------------------------------------------------------------------------------


async def test_features_by_disco(room: Room) -> None:
    room.learning.learn(CALLER)
    room.learning.learn(CALLER)
    assert asked(room, DISCO) == [CALLER]
    assert room.answer_to(CALLER, info("urn:a"))
    assert room.ears.learnt == [(CALLER, {"urn:a"})]
    room.close()


async def test_known_features_are_told_later(room: Room) -> None:
    room.hear(presence(CALLER))
    room.answer(info("urn:a"))
    room.sent.clear()
    room.learning.learn("Bob@Localhost/x")
    assert room.ears.learnt == []
    await asyncio.sleep(0)
    assert room.ears.learnt == [("Bob@Localhost/x", {"urn:a"})]
    assert asked(room, DISCO) == []
    room.close()


async def test_no_features_where_nothing_answers(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone.xmpp.learning._DISCO_SECONDS", 0.01)
    for address in ("@@", CALLER, "eve@localhost/x"):
        room.learning.learn(address)
    room.answer_to("eve@localhost/x", ERROR, kind="error")
    await room.ears.until(lambda: len(room.ears.learnt) == 3)
    assert room.ears.learnt == [(each, frozenset()) for each in ("eve@localhost/x", "@@", CALLER)]
    room.learning.learn(CALLER)
    assert asked(room, DISCO) == [CALLER, "eve@localhost/x", CALLER]
    room.close()


async def test_a_flood_of_callers_is_not_asked(room: Room) -> None:
    for number in range(200):
        room.learning.learn(f"eve@localhost/{number}")
    assert len(asked(room, DISCO)) == 64
    await asyncio.sleep(0)
    assert len(room.ears.learnt) == 136
    room.close()


# --- telling -------------------------------------------------------------------------------------------------------


async def test_many_changes_are_told_as_one() -> None:
    told: list[int] = []
    herald = Herald(lambda: told.append(1), 0.001)
    for _ in range(9):
        herald.tell()
    assert told == []
    while not told:
        await asyncio.sleep(0.001)
    herald.tell()
    herald.close()
    herald.close()
    await asyncio.sleep(0.01)
    assert told == [1]


async def test_the_account_has_no_vcard_of_us(room: Room) -> None:
    """Our own other devices may call: their name is nobody's secret either."""
    room.learning.learn(f"{OWN}/desk")
    assert room.answer_to(OWN, vcard("<FN>Alice</FN>"))
    assert room.contacts.name_of(OWN) == "Alice"
    room.close()
