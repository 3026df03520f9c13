"""What the keys do in the menus, with the real call core behind them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gallery import BOOK, PEOPLE, RECENTS, at, phone
from menudesk import BACK, DOWN, OK, SPEAKER, UP, Desk

from phone.calls import events as ev
from phone.calls.events import Key
from phone.calls.model import (
    Habits,
    Notice,
    Trouble,
)
from phone.ui.book import Book
from phone.ui.menu import (
    PAGE_SECONDS,
    Block,
    ClearLog,
    Menu,
    Seen,
    deadline,
    unseen,
)
from phone.ui.pages import (
    About,
    Address,
    Blocked,
    Calls,
    Choice,
    Contacts,
    Details,
    Erase,
    Lists,
    Main,
    Troubles,
    Unblock,
    items,
)

# --- opening and leaving --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "page"),
    [
        ([OK], Main()),
        ([OK, OK], Contacts()),
        ([OK, DOWN, OK], Lists()),
        ([OK, DOWN, OK, OK], Calls(Choice.MISSED)),
        ([OK, DOWN, OK, DOWN, OK], Calls(Choice.RECEIVED)),
        ([OK, DOWN, OK, DOWN, DOWN, OK], Calls(Choice.PLACED)),
        ([OK, DOWN, OK, UP, UP, OK], Calls(Choice.ALL)),
        ([OK, DOWN, OK, UP, OK], Erase()),
        ([OK, UP, UP, OK], Address()),
        ([OK, UP, UP, UP, OK], Blocked()),
        ([OK, UP, UP, UP, UP, OK], Troubles()),
        ([OK, UP, UP, UP, UP, OK, DOWN, DOWN, OK], Troubles(2)),
        ([OK, UP, UP, UP, UP, OK, UP], Troubles(-1)),
        ([OK, UP, UP, UP, UP, OK, DOWN, BACK], Main(4)),
        ([OK, UP, OK], About()),
        ([OK, UP, OK, OK, UP, DOWN], About()),
        ([UP], Calls(Choice.ALL)),
        ([DOWN], Contacts()),
        ([DOWN, UP], Contacts(cursor=len(PEOPLE) - 1)),
        ([DOWN, UP, DOWN], Contacts()),
        ([UP, OK], Details(RECENTS[0])),
        ([UP, OK, BACK], Calls(Choice.ALL)),
        ([UP, OK, BACK, BACK], None),
        ([OK, UP, UP, UP, OK, OK], Unblock("evil.example.com")),
        ([DOWN, "2", "6"], Contacts("26")),
        ([DOWN, "2", "*", "#"], Contacts("2")),
        ([DOWN, "2", BACK], Contacts()),
        ([BACK], None),
        ([OK, Key.VOL_UP, Key.MUTE], Main()),
        ([OK, Key.HOLD], None),
        ([OK, Key.REDIAL], None),
        ([OK, "5"], None),
    ],
)
def test_pages(keys, page):
    assert Desk().press(*keys).page == page


def test_digits_on_other_pages_are_dialled():
    desk = Desk().press(UP, "2", "0")
    assert desk.page is None
    assert desk.phone.dialled == "20"


def test_a_page_that_nobody_touches_goes():
    desk = Desk().press(OK)
    due = deadline(desk.menu)
    assert due == pytest.approx(desk.now + 0.1 + PAGE_SECONDS)
    desk.happen(ev.Ticked(due - 0.01))
    assert desk.page == Main()
    desk.happen(ev.Ticked(due))
    assert desk.page is None
    assert deadline(desk.menu) is None


def test_replacing_the_handset_leaves_the_menu():
    desk = Desk().lift().press(DOWN)
    assert desk.page == Contacts()
    desk.happen(ev.HookReplaced(desk.now))
    assert desk.menu.pages == ()
    assert not desk.phone.off_hook


def test_what_the_display_told_has_been_read_when_a_menu_is_opened():
    desk = Desk(phone(notice=Notice(Trouble.MISSED, "Bob"))).press(UP)
    assert desk.phone.notice is None
    assert desk.phone.key_down is None


# --- calling --------------------------------------------------------------------------------------------------


def test_ok_and_lift_on_a_person_call():
    for last in (lambda d: d.press(OK).lift(), Desk.lift):
        desk = Desk().press(DOWN, DOWN)
        last(desk)
        assert desk.callee == "anneliese.oberstdoerfer@example.org"
        assert desk.page is None


def test_ok_on_a_person_calls_on_the_speaker_if_there_is_one():
    desk = Desk(phone(habits=SPEAKER)).press(DOWN, OK)
    assert desk.phone.speaker
    assert desk.phone.key_down is None
    assert desk.callee == "anna@example.org"


def test_the_speaker_key_on_a_person_is_like_lifting():
    desk = Desk(phone(habits=SPEAKER)).press(DOWN, Key.SPEAKER)
    assert desk.phone.speaker
    assert desk.callee == "anna@example.org"
    assert Desk().press(DOWN, Key.SPEAKER).page is None, "no speaker: the core's key"


def test_lifting_where_nobody_is_chosen_is_lifting():
    for keys in ([OK], [OK, UP, OK], [DOWN, "9", "9"]):
        desk = Desk().press(*keys).lift()
        assert desk.told == [ev.HookLifted(desk.now)]
        assert desk.phone.off_hook


def test_off_hook_the_handset_stays_in_use_and_a_second_lifting_calls_nobody():
    desk = Desk(phone(habits=SPEAKER)).lift().press(DOWN)
    assert desk.lift().told == [ev.HookLifted(desk.now)]
    desk = Desk(phone(habits=SPEAKER)).lift().press(DOWN, OK)
    assert desk.callee == "anna@example.org"
    assert not desk.phone.speaker


def test_a_list_that_became_shorter_goes_on_from_its_end():
    desk = Desk().press(DOWN, UP)
    desk.book = replace(BOOK, people=PEOPLE[:3])
    assert desk.press(UP).page == Contacts(cursor=1)
    assert desk.lift().callee == PEOPLE[1].address


def test_calls_are_called_from_the_list_and_from_their_details():
    assert Desk().press(UP).lift().callee == "bob@example.org"
    assert Desk().press(UP, OK).lift().callee == "bob@example.org"
    assert Desk().press(UP, OK, DOWN).lift().callee == "bob@example.org"
    assert Desk(phone(habits=SPEAKER)).press(UP, OK, OK).callee == "bob@example.org"


def test_off_hook_ok_on_a_call_of_the_list_calls_at_once():
    desk = Desk().lift().press(UP, DOWN, OK)
    assert desk.callee == RECENTS[1].address


def test_ok_on_nobody_does_nothing():
    desk = Desk().press(DOWN, "9", "9", OK)
    assert desk.page == Contacts("99")
    assert desk.told == []


# --- the rest of the menu -------------------------------------------------------------------------------------


def test_do_not_disturb_is_switched():
    desk = Desk().press(OK, DOWN, DOWN, OK)
    assert desk.phone.dnd
    assert desk.page == Main(2)
    assert not desk.press(OK).phone.dnd


def test_the_lock_is_there_only_with_a_code():
    desk = Desk().press(OK, DOWN, DOWN, DOWN, OK)
    assert desk.phone.locked
    assert desk.page is None
    assert Choice.LOCK not in items(Main(), phone(habits=Habits()), BOOK, Menu().index)


def test_blocking_and_unblocking():
    desk = Desk().press(UP, DOWN, DOWN, OK, DOWN, OK)
    assert desk.asked == [Block("carol@example.org", on=True)]
    assert desk.told == []
    desk.book = replace(BOOK, blocked=frozenset({"carol@example.org"}))
    assert desk.press(OK).asked == [Block("carol@example.org", on=False)]
    desk = Desk().press(OK, UP, UP, UP, OK, DOWN, OK, OK)
    assert desk.asked == [Block("spam@example.net", on=False)]
    assert desk.page == Blocked(1)


def test_the_log_is_deleted_after_a_question():
    desk = Desk().press(OK, DOWN, OK, UP, OK)
    assert desk.asked == []
    assert desk.press(OK).asked == [ClearLog()]
    assert desk.page == Lists(4)


def test_looking_at_missed_calls_is_told_once():
    desk = Desk()
    assert unseen(desk.menu, BOOK) == 2
    assert desk.press(UP).asked == [Seen(at(13, 50))]
    assert unseen(desk.menu, BOOK) == 0
    assert desk.press(BACK, UP).asked == []
    assert Desk().press(OK, DOWN, OK, DOWN, OK).asked == []
    assert Desk(book=Book()).press(UP).asked == []
