"""The menus while a number is typed, and beside calls."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gallery import BOOK, ID, PEOPLE, RECENTS, RINGING, B, C, call, held, phone, talking
from menudesk import BACK, DOWN, OK, SPEAKER, UP, Desk

from phone.calls import events as ev
from phone.calls.events import Key
from phone.calls.model import (
    Progress,
    Reason,
    Service,
    Transfer,
    TransferRequest,
)
from phone.calls.numbers import DialPlan
from phone.ui.book import Book, Person
from phone.ui.menu import (
    Menu,
    Pick,
    handle,
    matches,
    picked,
    refresh,
    top,
)
from phone.ui.pages import (
    Calls,
    Choice,
    Contacts,
    Held,
    Room,
    items,
    room,
)

# --- while a number is typed ----------------------------------------------------------------------------------


def test_the_number_is_called_unless_the_user_goes_to_a_person():
    assert Desk().press(*"2662").lift().callee == "2662@example.org"
    assert Desk().press(*"266", DOWN).lift().callee == "anna@example.org"
    assert Desk().press(*"266", UP).lift().callee == "maria@example.org"
    assert Desk().press(*"266", DOWN, OK).lift().callee == "anna@example.org"
    assert Desk().press(*"266", DOWN, UP).lift().callee == "266@example.org"
    assert Desk().press(*"266", DOWN, BACK).lift().callee == "266@example.org"
    assert Desk().press(*"266", DOWN, "2").lift().callee == "2662@example.org"
    assert Desk().press(*"266", DOWN, Key.VOL_UP).lift().callee == "anna@example.org"


def test_back_without_a_person_deletes_a_digit():
    assert Desk().press(*"266", BACK).phone.dialled == "26"


def test_where_nobody_is_found_up_and_down_do_nothing():
    desk = Desk().press(*"999", DOWN, UP)
    assert desk.menu.pick is None
    assert desk.lift().callee == "999@example.org"


def test_ok_calls_the_number_on_the_speaker():
    assert Desk(phone(habits=SPEAKER)).press(*"204", OK).callee == "204@example.org"
    desk = Desk().press(*"204", OK)
    assert desk.told == [ev.KeyPressed(OK, desk.now)]


def test_digits_that_are_no_number_call_the_only_one_whom_they_find():
    nowhere = phone(plan=DialPlan())
    assert Desk(nowhere).press(*"22765").menu.pick is None
    bella = Book((Person("Bella", "bella@example.org"),))
    assert Desk(nowhere, bella).press(*"23").lift().callee == "bella@example.org"
    desk = Desk(nowhere, bella).press(*"23", OK)
    assert desk.phone.dialled == "bella@example.org"
    assert Desk(nowhere).press(*"266").lift().phone.notice is not None, "several: nobody knows which"


def test_off_hook_the_digits_leave_the_line_when_a_person_is_looked_for():
    desk = Desk().lift().press(*"266", DOWN)
    assert desk.phone.dialled == ""
    assert desk.page == Contacts("266")
    desk.happen(ev.Ticked(desk.now + 10))
    assert not desk.phone.busy, "the inter-digit timer has nothing to dial"
    assert desk.press(DOWN, OK).callee == "anneliese.oberstdoerfer@example.org"


def test_off_hook_ok_calls_the_number():
    assert Desk().lift().press(*"204", OK).callee == "204@example.org"
    assert Desk().lift().press(*"999", DOWN, OK).callee == "999@example.org"
    bella = Book((Person("Bella", "bella@example.org"),))
    assert Desk(phone(plan=DialPlan()), bella).lift().press(*"23", OK).callee == "bella@example.org"


def test_off_hook_ok_at_dial_tone_is_the_cores():
    desk = Desk().lift().press(OK)
    assert desk.told == [ev.KeyPressed(OK, desk.now)]
    assert desk.page is None
    desk.press(BACK)
    assert desk.told == [ev.KeyPressed(BACK, desk.now)]


def test_a_pick_counts_only_for_the_digits_it_was_made_for():
    state = phone(dialled="26")
    menu = refresh(Menu(pick=Pick("26", 2)), BOOK)
    assert picked(menu, state) == PEOPLE[1]
    assert picked(menu, replace(state, dialled="266")) is None
    assert picked(menu, replace(state, off_hook=True)) is None
    assert picked(replace(menu, pick=Pick("26", 9)), state) is None
    assert matches(menu, replace(state, dialled="bob@example.org")) == ()


# --- calls come first -----------------------------------------------------------------------------------------

NO_ROOM = {
    "ringing": phone(calls=(call(**RINGING),)),
    "waiting": phone(off_hook=True, calls=(call(**RINGING),)),
    "recall": phone(calls=(held(),), recall=B),
    "talking": talking(),
    "talking, one held": talking(calls=(call(), held()), focus=ID),
    "calling, several held": talking(calls=(call(progress=Progress.ALERTING), held(), held(C)), focus=ID),
    "asked": talking(calls=(call(request=TransferRequest("c@x", "C", 1.0)), held(), held(C)), focus=ID),
    "locked": phone(locked=True),
}


def test_the_lists_of_calls_share_out_all_there_are():
    index = Menu().index
    lists = [items(Calls(which), phone(), BOOK, index) for which in (Choice.MISSED, Choice.RECEIVED, Choice.PLACED)]
    assert lists == [(RECENTS[0], RECENTS[3]), (RECENTS[1],), (RECENTS[2], RECENTS[4])]
    assert items(Calls(Choice.ALL), phone(), BOOK, index) == RECENTS


@pytest.mark.parametrize("name", NO_ROOM)
def test_where_there_is_no_room_every_key_is_the_cores(name):
    state = NO_ROOM[name]
    assert room(state) is Room.NONE
    for pages in ((), (Contacts(),)):
        for event in (*(ev.KeyPressed(key, 9.0) for key in Key), ev.DigitPressed("2", 9.0), ev.HookLifted(9.0)):
            handled = handle(Menu(pages=pages), event, state, BOOK)
            assert handled.events == (event,)
            assert handled.requests == ()
            assert top(handled.menu, state) is None


def test_a_page_comes_back_when_the_call_has_gone_by_itself():
    desk = Desk().press(DOWN)
    desk.happen(ev.Offered(B, "carol@example.org", "Carol", desk.now))
    assert desk.page is None
    desk.happen(ev.Ended(B, Reason.CANCELLED, desk.now + 3))
    assert desk.page == Contacts()


def test_who_is_held_can_be_chosen_in_a_call():
    desk = Desk(talking(calls=(call(), held(held_at=30.0), held(C, "Dave")), focus=ID))
    assert desk.press(DOWN).page == Held()
    assert desk.press(DOWN, OK).told == [ev.ResumeRequested(C, desk.now)]
    assert desk.page is None
    assert desk.phone.focus == C
    assert desk.press(UP, "5").told[0] == ev.DigitPressed("5", desk.now)


def test_who_is_held_can_be_chosen_at_dial_tone():
    state = phone(off_hook=True, calls=(held(), held(C)))
    assert Desk(state).press(UP).page == Held()
    assert Desk(state).press(DOWN).page == Contacts()
    assert Desk(phone(off_hook=True, calls=(held(),))).press(UP).page == Calls(Choice.ALL)
    assert Desk(replace(state, transfer=Transfer(B))).press(UP).page == Calls(Choice.ALL)
    assert top(Menu(pages=(Held(),)), phone()) is None


def test_a_person_is_the_target_of_a_transfer():
    picking = phone(off_hook=True, calls=(held(),), transfer=Transfer(B))
    for key in (OK, Key.TRANSFER):
        desk = Desk(picking).press(DOWN, key)
        assert desk.callee == "anna@example.org"
        assert desk.phone.transfer == Transfer(B, desk.phone.focus)
    desk = Desk(picking).press(DOWN, "9", "9", Key.TRANSFER)
    assert desk.told == []
    assert Desk(picking).press(Key.TRANSFER).told
    assert Desk().press(DOWN, Key.TRANSFER).page is None


def test_digits_in_a_transfer_find_people_and_back_returns_to_the_choice():
    desk = Desk(phone(off_hook=True, calls=(held(),), transfer=Transfer(B))).press(*"266", DOWN)
    assert desk.page == Contacts("266")
    assert desk.phone.transfer == Transfer(B)
    assert desk.press(BACK, BACK, BACK, BACK).page is None
    assert desk.phone.transfer == Transfer(B)


def test_while_locked_the_code_opens_and_nobody_is_found():
    desk = Desk(phone(locked=True)).press(OK)
    assert desk.page is None
    desk.press(*"266", DOWN)
    assert desk.menu.pick is None
    assert matches(desk.menu, desk.phone) == ()
    desk.press(BACK, BACK, BACK, *"1234", OK)
    assert not desk.phone.locked


@pytest.mark.parametrize("focus", [ID, None], ids=["in a call", "at dial tone"])
def test_the_lock_leaves_the_choice_among_held_ones_as_the_display_says(focus):
    calls = (call(), held(), held(C)) if focus else (held(), held(C))
    desk = Desk(phone(locked=True, off_hook=True, calls=calls, focus=focus))
    assert desk.press(DOWN).page == Held()
    desk.press(OK)
    assert desk.phone.focus in (B, C)
    assert desk.phone.locked


def test_the_lock_leaves_no_other_page_at_dial_tone():
    for state in (
        phone(locked=True, off_hook=True, calls=(held(),)),
        phone(locked=True, off_hook=True, calls=(held(), held(C)), dialled="1"),
        phone(locked=True, off_hook=True, calls=(held(), held(C)), transfer=Transfer(B)),
        phone(locked=True, calls=(held(), held(C))),
    ):
        assert Desk(state).press(DOWN).page is None
    assert Desk(phone(locked=True, off_hook=True, calls=(held(), held(C)))).press(OK).page is None


# --- waking ---------------------------------------------------------------------------------------------------


def test_any_event_wakes_but_time_alone_does_not():
    assert handle(Menu(), ev.ServiceChanged(Service.ONLINE, 7.0), phone(), BOOK).menu.touched_at == 7.0
    assert handle(Menu(), ev.KeyReleased("5", 8.0), phone(), BOOK).menu.touched_at == 8.0
    assert handle(Menu(), ev.Ticked(9.0), phone(), BOOK).menu.touched_at == 0.0
    assert handle(Menu(), ev.Ticked(9.0), phone(calls=(call(**RINGING),)), BOOK).menu.touched_at == 9.0
    assert handle(Menu(), ev.ServiceChanged(Service.ONLINE, 7.0), phone(), BOOK).menu.used_at == 0.0


def test_the_index_is_made_once_for_a_book():
    menu = refresh(Menu(), BOOK)
    assert refresh(menu, replace(BOOK, recents=())) is menu
    assert refresh(menu, replace(BOOK, people=PEOPLE[:2])).index.people == PEOPLE[:2]


def test_what_is_asked_for_from_afar_closes_the_menu():
    desk = Desk().press(DOWN)
    desk.happen(ev.DialRequested("204", desk.now))
    assert desk.page is None
    assert desk.lift().callee == "204@example.org"
