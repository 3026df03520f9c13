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


def test_it_stays_so_when_the_message_is_gone():
    desk = desk_with(ANNA, BOB)
    assert desk.menu.seen == ANNA.at
    desk.book = replace(desk.book, box=replace(BOX, letters=(), new=0))
    desk.press(Key.UP)
    assert unseen(desk.menu, desk.book) == 0


def test_that_is_told_once():
    desk = desk_with(ANNA, BOB)
    assert desk.asked == [Seen(ANNA.at)]
    assert Seen(ANNA.at) not in desk.press(Key.VOICEMAIL, "6").asked


def test_other_calls_are_still_to_be_looked_at():
    desk = desk_with(ANNA, EVE).press(Key.VOICEMAIL)
    assert desk.menu.seen == 0.0
    assert unseen(desk.menu, desk.book) == 1
