"""What the keys do in the menus, with the real call core behind them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from gallery import BOOK, HABITS, ID, PEOPLE, RECENTS, RINGING, B, C, Shown, at, call, held, phone, shot, talking
from hypothesis import given
from hypothesis import strategies as st

from phone.calls import events as ev
from phone.calls.core import step
from phone.calls.events import DIGITS, Key
from phone.calls.model import (
    CallId,
    Habits,
    Notice,
    Phone,
    Progress,
    Reason,
    Service,
    Transfer,
    TransferRequest,
    Trouble,
)
from phone.calls.numbers import DialPlan
from phone.ui.book import Book, Person
from phone.ui.fit import cut
from phone.ui.menu import (
    PAGE_SECONDS,
    Block,
    ClearLog,
    Handled,
    Menu,
    Pick,
    Seen,
    deadline,
    handle,
    matches,
    picked,
    refresh,
    top,
    unseen,
)
from phone.ui.pages import (
    About,
    Blocked,
    Calls,
    Choice,
    Contacts,
    Details,
    Erase,
    Held,
    Lists,
    Main,
    Room,
    Unblock,
    items,
    room,
)
from phone.ui.screens import BIG_CHARS
from phone.ui.texts import load_texts

SPEAKER = replace(HABITS, has_speaker=True)


@dataclass
class Desk:
    """A phone with its menus, and a finger."""

    phone: Phone = field(default_factory=phone)
    book: Book = BOOK
    menu: Menu = field(default_factory=Menu)
    now: float = 100.0
    told: list[ev.Event] = field(default_factory=list)
    asked: list[object] = field(default_factory=list)
    commands: list[object] = field(default_factory=list)

    def happen(self, event: ev.Event) -> Handled:
        handled = handle(self.menu, event, self.phone, self.book)
        self.menu = handled.menu
        self.told = list(handled.events)
        self.asked = list(handled.requests)
        self.commands = []
        for told in handled.events:
            self.phone, commands = step(self.phone, told)
            self.commands += commands
        return handled

    def press(self, *keys: str | Key) -> Desk:
        for key in keys:
            self.now += 0.5
            name = key.value if isinstance(key, Key) else key
            self.happen(ev.KeyPressed(key, self.now) if isinstance(key, Key) else ev.DigitPressed(key, self.now))
            told, asked = self.told, self.asked
            self.happen(ev.KeyReleased(name, self.now + 0.1))
            self.told, self.asked = told, asked
        return self

    def lift(self) -> Desk:
        self.happen(ev.HookLifted(self.now))
        return self

    @property
    def page(self) -> object:
        return top(self.menu, self.phone)

    @property
    def callee(self) -> str:
        return self.phone.call(self.phone.focus).peer


TEXTS = load_texts("en")
UP, DOWN, OK, BACK = Key.UP, Key.DOWN, Key.OK, Key.BACK


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
        ([OK, UP, UP, OK], Blocked()),
        ([OK, UP, OK], About()),
        ([OK, UP, OK, OK, UP, DOWN], About()),
        ([UP], Calls(Choice.ALL)),
        ([DOWN], Contacts()),
        ([DOWN, UP], Contacts(cursor=len(PEOPLE) - 1)),
        ([DOWN, UP, DOWN], Contacts()),
        ([UP, OK], Details(RECENTS[0])),
        ([UP, OK, BACK], Calls(Choice.ALL)),
        ([UP, OK, BACK, BACK], None),
        ([OK, UP, UP, OK, OK], Unblock("evil.example.com")),
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
    desk = Desk().press(OK, UP, UP, OK, DOWN, OK, OK)
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


# --- any sequence ---------------------------------------------------------------------------------------------

KEYS = st.sampled_from([*Key, *DIGITS, OK, UP, DOWN, DOWN, "2", "6"])
NETWORK = st.sampled_from(["offer", "end", "accept", "up", "alert", "ask", "fail", "tick", "late"])
ACTS = st.one_of(KEYS, st.sampled_from(["lift", "replace", "shrink"]), NETWORK)


def world(desk: Desk, act: object, number: int) -> ev.Event | None:
    """Some event of the network's, of a leg that there is."""
    now, legs = desk.now, [c for c in desk.phone.calls if c.live]
    leg = legs[number % len(legs)].id if legs else B
    match act:
        case "offer":
            return ev.Offered(CallId(f"in{number}"), "carol@example.org", "Carol", now)
        case "end":
            return ev.Ended(leg, Reason.HANGUP, now)
        case "accept":
            return ev.Accepted(leg, now)
        case "up":
            return ev.MediaUp(leg, encrypted=True, at=now)
        case "alert":
            return ev.Alerting(leg, now)
        case "ask":
            return ev.TransferAsked(leg, "dave@example.org", "Dave", allowed=False, at=now)
        case "fail":
            return ev.TransferFailed(leg, ev.TransferFault.FAILED, now)
        case "lift":
            return ev.HookLifted(now)
        case "replace":
            return ev.HookReplaced(now)
        case _:
            return ev.Ticked(now)


@given(st.lists(st.tuples(ACTS, st.integers(0, 5), st.booleans()), max_size=60), st.booleans())
def test_any_sequence_of_events(acts, has_speaker):
    desk = Desk(phone(habits=SPEAKER if has_speaker else HABITS))
    typed_plainly = True
    for act, number, down in acts:
        desk.now += 40.0 if act == "late" else 0.3
        if act == "shrink":
            desk.book = replace(BOOK, people=PEOPLE[:number], recents=RECENTS[:number], blocked=frozenset())
            continue
        before = desk.phone
        seen = desk.page
        if isinstance(act, Key):
            event = ev.KeyPressed(act, desk.now) if down else ev.KeyReleased(act.value, desk.now)
        elif act in DIGITS:
            event = ev.DigitPressed(act, desk.now)
        else:
            event = world(desk, act, number)
        plain = typed_plainly and seen is None
        told = list(desk.happen(event).events)
        check(desk, event, before, told)
        if isinstance(event, ev.HookLifted) and before.dialled and plain and "@" not in before.dialled:
            assert told == [event], "a number that was typed is called as typed"
        typed_plainly = not (isinstance(event, ev.KeyPressed) and event.key in (UP, DOWN)) and (
            typed_plainly or not desk.phone.dialled
        )


def check(desk, event, before, told):
    user = ev.DigitPressed | ev.KeyPressed
    if not isinstance(event, user):
        assert told[-1] == event, "nothing but keys is ever kept from the core"
        assert told == [event] or isinstance(event, ev.HookLifted)
    if isinstance(event, ev.KeyPressed | ev.DigitPressed) and room(before) is Room.NONE:
        assert told == [event], "calls come first"
    page = top(desk.menu, desk.phone)
    if page is not None:
        assert room(desk.phone) is not Room.NONE
        assert not desk.phone.offered
        assert page.cursor >= 0
    said = shot(Shown(desk.phone, desk.menu, desk.book), TEXTS, desk.now)
    assert bool(said.rows) <= (page is not None)
    assert said.chosen is None or said.chosen < len(said.rows)
    for told_event in told:
        if isinstance(told_event, ev.DialRequested):
            assert told_event.number in {p.address for p in (*PEOPLE, *RECENTS)}
    assert desk.menu.touched_at <= desk.now


QUIET_KEYS = st.sampled_from([Key.VOL_UP, Key.VOL_DOWN, Key.MUTE, "tick", "offer and end"])


@given(
    st.text(alphabet=DIGITS, min_size=1, max_size=8),
    st.lists(QUIET_KEYS, max_size=4),
    st.sampled_from([None, OK, "again"]),
)
def test_a_number_is_called_as_it_was_typed(digits, others, last):
    """Also where it finds one person alone, and whatever happens before the handset is lifted."""
    desk = Desk().press(*digits)
    for other in others:
        if isinstance(other, Key):
            desk.press(other)
        elif other == "tick":
            desk.happen(ev.Ticked(desk.now))
        else:
            desk.happen(ev.Offered(B, "carol@example.org", "Carol", desk.now))
            desk.happen(ev.Ended(B, Reason.CANCELLED, desk.now))
    if last == "again":
        desk.press(DOWN, UP)
    elif last is not None:
        desk.press(last)
    desk.lift()
    assert desk.told == [ev.HookLifted(desk.now)]
    assert desk.phone.last_dialled == digits


@given(st.text(alphabet="23456", min_size=1, max_size=4), st.integers(0, 9), st.booleans())
def test_who_is_seen_is_who_is_called(digits, steps, up):
    desk = Desk().press(*digits, *([UP if up else DOWN] * steps))
    large = shot(Shown(desk.phone, desk.menu, desk.book), TEXTS, desk.now).big
    desk.lift()
    person = next((p for p in PEOPLE if p.address == desk.callee), None)
    assert large == (cut(person.name, BIG_CHARS) if person else digits)
