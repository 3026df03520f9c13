"""A missed call that left a message is the message's matter: the lamp goes out with that."""

from __future__ import annotations

from dataclasses import replace

from gallery import at, phone
from letters import BOX, FIRST, SECOND
from mailear import Ear

from phone.calls.events import Key
from phone.ui.book import Recent
from phone.ui.menu import Menu, Seen, unseen
from phone.ui.menustate import LATEST_MESSAGE

BOB = Recent("Bob", FIRST.address, FIRST.at - 30, outgoing=False, answered=False, missed=True)
ANNA = replace(BOB, name=SECOND.name, address=SECOND.address, at=SECOND.at - 60)
EVE = replace(BOB, name="Eve", address="eve@example.org", at=at(13, 50))


def desk_with(*recents: Recent, seen: float = 0.0) -> Ear:
    desk = Ear(phone(), replace(Ear(phone()).book, recents=recents, box=BOX), Menu(seen=seen))
    return desk.lift()


def test_a_call_that_left_a_message_is_not_told_of_twice():
    book = desk_with(ANNA, BOB, EVE).book
    assert unseen(Menu(), book) == 1
    assert unseen(Menu(seen=EVE.at), book) == 0
    for other in (
        replace(BOB, address="bobby@example.org"),
        replace(BOB, at=FIRST.at + 1),
        replace(BOB, at=FIRST.at - LATEST_MESSAGE),
    ):
        assert unseen(Menu(), replace(book, recents=(other,))) == 1


def test_who_opens_the_mailbox_knows_of_these_calls_for_good():
    desk = desk_with(ANNA, BOB).press(Key.VOICEMAIL)
    assert desk.menu.seen == ANNA.at
    desk.press("3", Key.BACK)
    desk.book = replace(desk.book, box=replace(BOX, letters=(SECOND,), new=1))
    assert unseen(desk.menu, desk.book) == 0


def test_that_is_told_once():
    desk = desk_with(ANNA, BOB)
    desk.press(Key.VOICEMAIL)
    assert desk.asked.count(Seen(ANNA.at)) == 1
    assert Seen(ANNA.at) not in desk.press("6").asked


def test_he_does_not_know_of_others():
    desk = desk_with(ANNA, EVE).press(Key.VOICEMAIL)
    assert desk.menu.seen == 0.0
    assert unseen(desk.menu, desk.book) == 1
