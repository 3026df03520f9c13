"""Calls from the archive: what is asked, what counts, and what comes live meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from xml.etree.ElementTree import Element

import pytest
from xmpp_room import OWN, Room

from phone.xmpp import stanzas
from phone.xmpp.archive import _FIRST_TIME, _MARGIN, _SECONDS
from phone.xmpp.requests import Failed

RSM = "http://jabber.org/protocol/rsm"
MAM = "urn:xmpp:mam:2"
BOB = "bob@localhost/x"
STAMP = "2026-01-01T00:10:00Z"
NOW = 1_767_225_600.0 + 1000
THEN = 1_767_225_600.0 + 600


def call(verb: str = "propose", id: str = "c1", extra: str = "") -> str:
    return f"<{verb} xmlns='{stanzas.JMI}' id='{id}'/>{extra}"


def inner(payload: str, sender: str = BOB, to: str = OWN, kind: str = "chat") -> str:
    return f"<message xmlns='jabber:client' from='{sender}' to='{to}' type='{kind}'>{payload}</message>"


def query_id(room: Room) -> str:
    return next(stanza for stanza in reversed(room.sent) if stanza[0].tag == f"{{{MAM}}}query")[0].get("queryid", "")


def result(room: Room, message: str, *, sender: str | None = OWN, stamp: str = STAMP, query: str | None = None) -> str:
    source = f"from='{sender}'" if sender else ""
    delay = f"<delay xmlns='urn:xmpp:delay' stamp='{stamp}'/>" if stamp else ""
    forwarded = f"<forwarded xmlns='urn:xmpp:forward:0'>{delay}{message}</forwarded>"
    wrapped = f"<result xmlns='{MAM}' queryid='{query or query_id(room)}' id='1'>{forwarded}</result>"
    return f"<message xmlns='jabber:client' {source} to='{OWN}/phone'>{wrapped}</message>"


def fin(first: str = "", *, complete: str = "true") -> str:
    page = f"<set xmlns='{RSM}'><first>{first}</first></set>" if first else ""
    return f"<fin xmlns='{MAM}' complete='{complete}'>{page}</fin>"


def told(room: Room) -> list[tuple[str, str, str]]:
    (archive,) = room.ears.archives
    return [(each.sender, verb_of(each.payload.tag), each.payload.get("id", "")) for each in archive]


def verb_of(tag: str) -> str:
    return tag.rpartition("}")[2]


def hear_all(room: Room, messages: Iterable[str]) -> None:
    for message in messages:
        assert room.hear(message)


def asked_from(room: Room) -> str:
    fields = room.sent[-1][0].findall(f"{{{stanzas.FORMS}}}x/{{{stanzas.FORMS}}}field")
    return {each.get("var"): each[0].text for each in fields}["start"] or ""


async def test_calls_come_once_and_oldest_first(room: Room) -> None:
    room.archive.ask(THEN)
    assert not room.archive.caught_up
    assert asked_from(room) == stanzas.datetime_of(THEN - _MARGIN)
    hear_all(
        room,
        [
            result(room, inner(call("retract")), stamp="2026-01-01T00:11:00Z"),
            result(room, inner(call()), sender=None),
            result(room, inner("<body>hi</body>")),
        ],
    )
    assert room.ears.archives == []
    assert room.answer(fin())
    assert told(room) == [(BOB, "propose", "c1"), (BOB, "retract", "c1")]
    assert [each.stamp for each in room.ears.archives[0]] == [THEN, THEN + 60]
    assert room.ears.archives[0][0].to == OWN
    assert room.archive.caught_up
    assert room.ears.messages == []  # history is not live


@pytest.mark.parametrize("last_seen", [None, NOW + 2 * _MARGIN, float("inf"), float("nan")])
async def test_a_phone_that_knows_no_last_time_asks_for_a_day(room: Room, last_seen: float | None) -> None:
    room.archive.ask(last_seen)
    assert asked_from(room) == stanzas.datetime_of(NOW - _FIRST_TIME)
    room.close()


async def test_pages_are_asked_backwards_until_there_is_no_more(room: Room) -> None:
    room.archive.ask(None)
    for page in range(3):
        before = room.sent[-1][0].findtext(f"{{{RSM}}}set/{{{RSM}}}before")
        assert before == (f"first-{page - 1}" if page else "")
        assert room.hear(result(room, inner(call(id=f"c{2 - page}"))))
        assert room.answer(fin(f"first-{page}", complete="false" if page < 2 else "1"))
    assert len(room.sent) == 3
    assert [call_id for _, _, call_id in told(room)] == ["c0", "c1", "c2"]


async def test_the_newest_count_where_there_are_too_many(room: Room) -> None:
    room.archive.ask(None)
    pages = 0
    while not room.archive.caught_up:
        hear_all(room, [result(room, inner(call(id=f"p{pages}-{number}"))) for number in range(100)])
        one_too_many = Element(f"{{{MAM}}}result", {"queryid": query_id(room)})
        assert not room.archive.result(one_too_many)
        assert room.answer(fin(f"first-{pages}", complete="false"))
        pages += 1
        if pages == 5:
            assert not room.archive.asking, "what comes now is told as it comes"
            assert not room.archive.caught_up
    assert pages == 50
    assert [len(told) for told in room.ears.archives] == [500, 4500]
    assert len(room.sent) == 50
    assert {each.payload.get("id", "").partition("-")[0] for each in room.ears.archives[0]} == {
        f"p{page}" for page in range(5)
    }


async def test_a_server_that_is_slow_is_not_asked_for_ever(room: Room) -> None:
    room.archive.ask(None)
    room.hear(result(room, inner(call())))
    room.clock.now += _SECONDS
    assert room.answer(fin("first", complete="false"))
    assert room.archive.caught_up
    assert len(room.sent) == 1


async def test_the_end_of_a_call_is_told_with_its_beginning(room: Room) -> None:
    """The one on a page that is told first, the other on one that is told later."""
    room.archive.ask(None)
    room.hear(result(room, inner(call("retract", id="early"))))
    for page in range(5):
        hear_all(room, [result(room, inner(call(id=f"p{page}-{number}"))) for number in range(99 if not page else 100)])
        assert room.answer(fin(f"first-{page}", complete="false"))
    room.hear(result(room, inner(call(id="early"))))
    assert room.answer(fin())
    newest, older = room.ears.archives
    assert len(newest) == 500
    assert [verb_of(each.payload.tag) for each in older] == ["propose", "retract"]
    assert {each.payload.get("id") for each in older} == {"early"}


@pytest.mark.parametrize("answer", [fin("x", complete="false"), fin(complete="false"), "", "<odd/>"])
async def test_a_server_that_leads_in_circles_is_left(room: Room, answer: str) -> None:
    room.archive.ask(None)
    assert room.answer(answer)
    assert len(room.sent) == 1
    assert room.ears.archives == []
    assert room.archive.caught_up


@pytest.mark.parametrize("sender", ["eve@localhost", "eve@localhost/x", "other.example", "bob@localhost"])
async def test_results_of_others_are_forged(room: Room, sender: str) -> None:
    room.archive.ask(None)
    assert room.hear(result(room, inner(call()), sender=sender))
    assert room.hear(result(room, inner(call()), query="another"))
    assert room.answer(fin())
    assert room.hear(result(room, inner(call())))  # nothing is asked any more
    assert room.ears.archives == []
    assert room.ears.messages == []
    assert room.bridge.nonsense["forged archive"] == 3


@pytest.mark.parametrize(
    "message",
    [
        "",
        "<odd/>",
        inner(""),
        inner(call(), kind="error"),
        inner(call(), kind="groupchat"),
        inner(call(), sender="@@"),
        inner(call(), to="eve@localhost"),
        "<message xmlns='jabber:client'><propose xmlns='urn:xmpp:jingle-message:0' id='1'/></message>",
    ],
)
async def test_nonsense_in_the_archive_is_left_out(room: Room, message: str) -> None:
    room.archive.ask(None)
    assert room.hear(result(room, message))
    assert room.hear(result(room, inner(call()), stamp="yesterday"))
    assert room.hear(result(room, inner(call()), stamp=""))
    assert room.hear(result(room, inner(call(id="good"))))
    assert room.answer(fin())
    assert [call_id for _, _, call_id in told(room)] == ["good"]


async def test_without_archive(room: Room) -> None:
    room.archive.ask(None)
    assert room.answer(f"<error><feature-not-implemented xmlns='{stanzas.STANZAS}'/></error>", kind="error")
    assert room.archive.caught_up
    assert room.ears.archives == []


async def test_silence_is_no_answer(room: Room) -> None:
    room.archive.ask(None)
    room.archive._page_came(query_id(room), Failed("timeout"))
    assert not room.archive.caught_up
    room.close()


# --- live meanwhile ------------------------------------------------------------------------------------------------

OLD = f"<delay xmlns='urn:xmpp:delay' stamp='{STAMP}'/>"


async def test_what_comes_live_is_not_told_twice(room: Room) -> None:
    room.archive.ask(None)
    live = [inner(call(id="live")), inner(call("ringing", id="live"), f"{OWN}/desk", BOB)]
    hear_all(room, [result(room, live[0]), *live, result(room, live[1]), result(room, inner(call()))])
    assert room.answer(fin())
    assert [payload.get("id") for _, _, payload, _, _ in room.ears.messages] == ["live", "live"]
    assert told(room) == [(BOB, "propose", "c1")]


async def test_the_end_of_an_archived_call_may_come_live(room: Room) -> None:
    room.archive.ask(None)
    hear_all(room, [result(room, inner(call())), inner(call("retract")), result(room, inner(call("retract")))])
    assert room.answer(fin())
    assert len(room.ears.messages) == 1
    assert told(room) == [(BOB, "propose", "c1"), (BOB, "retract", "c1")]


async def test_the_end_that_the_archive_has_not_yet_is_not_lost(room: Room) -> None:
    room.archive.ask(None)
    hear_all(room, [inner(call("retract")), result(room, inner(call()))])
    assert room.answer(fin())
    assert told(room) == [(BOB, "propose", "c1"), (BOB, "retract", "c1")]


async def test_offline_storage_stands_in_for_an_archive(room: Room) -> None:
    hear_all(room, [inner(call("propose", "before", OLD))])
    room.archive.ask(None)
    hear_all(room, [inner(call("propose", "c1", OLD)), inner(call("retract", "c1", OLD))])
    assert room.answer("<error/>", kind="error")
    assert told(room) == [(BOB, "propose", "c1"), (BOB, "retract", "c1")]
    assert room.ears.archives[0][0].stamp == pytest.approx(THEN)
    assert room.ears.messages == []


def kept(verb: str, id: str, seconds: float) -> str:
    return inner(call(verb, id, f"<delay xmlns='urn:xmpp:delay' stamp='{stanzas.datetime_of(NOW - seconds)}'/>"))


async def test_nobody_rings_who_gave_up_a_moment_ago(room: Room) -> None:
    """Out of the offline storage the end comes behind the beginning: both are judged together."""
    room.archive.ask(None)
    hear_all(room, [kept("propose", "c1", 5), kept("retract", "c1", 2), kept("propose", "c2", 1)])
    assert room.ears.messages == []
    assert room.answer(fin())
    assert told(room) == [(BOB, "propose", "c1"), (BOB, "retract", "c1"), (BOB, "propose", "c2")]
    assert room.bridge.nonsense == {}


async def test_what_the_server_kept_for_a_moment_is_live_when_all_is_known(room: Room) -> None:
    room.archive.ask(None)
    assert room.answer(fin())
    hear_all(room, [kept("propose", "c1", 5)])
    assert [payload.get("id") for _, _, payload, _, _ in room.ears.messages] == ["c1"]


@pytest.mark.parametrize("delay", [OLD, ""])
async def test_a_flood_during_the_question_is_bounded(room: Room, delay: str) -> None:
    room.archive.ask(None)
    for number in range(1000):
        room.hear(inner(call("propose", f"c{number}", delay)))
    assert len(room.archive._live) == 500
    assert len(room.archive._rang) <= 500
    room.close()


async def test_a_new_session_asks_anew(room: Room) -> None:
    room.archive.ask(None)
    first = room.sent[-1]
    room.hear(result(room, inner(call(id="half"))))
    room.archive.ask(None)
    assert room.hear(
        f"<iq xmlns='jabber:client' type='result' id='{first.get('id')}'>{fin()}</iq>"
    )  # a late answer to the first
    assert room.ears.archives == []
    assert room.hear(result(room, inner(call())))
    assert room.answer(fin())
    assert told(room) == [(BOB, "propose", "c1")]
    await asyncio.sleep(0)
