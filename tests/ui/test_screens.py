from __future__ import annotations

from dataclasses import replace

import pytest
from gallery import (
    BOOK,
    BRIDGED,
    CAROL,
    GALLERY,
    HABITS,
    ID,
    NOW,
    RINGING,
    WALL,
    B,
    Shown,
    at,
    call,
    held,
    phone,
    shot,
    talking,
    typed,
    view,
)
from hypothesis import given
from hypothesis import strategies as st
from letters import listening, menu_of
from mailgallery import MAIL_GALLERY

from phone.calls.model import (
    Answering,
    Dictation,
    HandOver,
    Method,
    Notice,
    Progress,
    Reason,
    Service,
    Transfer,
    TransferRequest,
    Trouble,
)
from phone.ui import fit
from phone.ui.book import Book, Person, Recent
from phone.ui.dates import brief, day
from phone.ui.icons import Icon
from phone.ui.menu import Menu, Pick
from phone.ui.pages import Blocked, Calls, Choice, Contacts, Details, Main, Unblock
from phone.ui.screens import (
    BIG_CHARS,
    LINE_CHARS,
    ROW_CHARS,
    TITLE_CHARS,
    dims_at,
    duration,
    lines,
    next_change,
    screen,
)
from phone.ui.texts import load_texts

TEXTS = load_texts("en")


def shown(state, now=NOW):
    return shot(state, TEXTS, now)


def test_the_caller_who_comes_back_to_the_ear_does_so_for_a_reason():
    notice = Notice(Trouble.NOT_TRANSFERRED, "204")
    assert shown(talking(notice=notice)).lines == ("not transferred",)
    assert "not transferred" not in shown(talking(notice=Notice(Trouble.MISSED, "204"))).lines


def test_the_lock_tells_the_truth():
    assert Icon.LOCK_CLOSED in shown(talking(encrypted=True)).icons
    assert Icon.LOCK_OPEN in shown(talking(encrypted=False)).icons
    assert "not encrypted" in shown(talking(encrypted=False)).lines
    for state in (
        talking(encrypted=None),
        talking(encrypted=True, progress=Progress.ALERTING),
        talking(encrypted=True, progress=Progress.ENDED, reason=Reason.HANGUP),
        phone(calls=(call(**RINGING),)),
        phone(),
    ):
        assert not {Icon.LOCK_CLOSED, Icon.LOCK_OPEN} & set(shown(state).icons)


def test_no_service_is_said_with_its_reason():
    for service in Service:
        if service is not Service.ONLINE:
            for off_hook in (True, False):
                said = shown(phone(service=service, off_hook=off_hook))
                assert " ".join(said.lines).removeprefix("Sat 21 Nov ") == TEXTS.get("service", service)
                assert Icon.NO_SERVICE in said.icons


def test_a_number_dialled_without_service_says_why_it_is_not_called():
    notice = Notice(Trouble.NO_SERVICE, "204")
    offline = phone(off_hook=True, service=Service.NO_NETWORK, notice=notice)
    assert shown(offline).lines == ("no network: check", "cable or Wi-Fi")
    assert shown(replace(offline, off_hook=False)).lines == ("no network: check", "cable or Wi-Fi")
    assert shown(phone(off_hook=True, notice=notice)).lines == ("cannot call 204", "now")


def test_a_failed_call_is_told():
    assert shown(GALLERY["idle-busy"]).lines == ("Sat 21 Nov", "Bob is busy")
    assert shown(GALLERY["busy"]).lines == ("is busy", "VOICEMAIL: message")


def test_the_line_of_an_ended_call_without_a_reason():
    assert shown(talking(progress=Progress.ENDED)).lines == ("the call failed",)


def test_a_call_whose_name_is_its_address_says_it_once():
    assert shown(talking(name="bob@example.org", peer="bob@example.org/phone")).lines == ()


def test_connected_without_an_answers_time_counts_from_then():
    assert shown(talking(answered_at=None, progressed_at=100.0), now=107).title == "00:07"


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "00:00"), (0.9, "00:00"), (59.99, "00:59"), (3599, "59:59"), (3600, "1:00:00")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_next_change_is_the_calls_next_second():
    state = talking(answered_at=10.0)
    assert next_change(state, 133.4) == 134.0
    assert next_change(state, 9.0) == 11.0
    assert next_change(state, 134.0) == 135.0
    assert next_change(phone(), 1.0) is None
    assert next_change(talking(progress=Progress.ALERTING), 1.0) == 20.0, "a message is offered then"
    assert next_change(talking(progress=Progress.ALERTING), 20.0) is None


def test_next_change_counts_recordings():
    saying = Menu(mail=menu_of("0", "played").mail)
    state = listening()
    assert next_change(state, 133.4, saying) == 134.0
    assert next_change(state, 133.4, menu_of("0")) is None
    assert next_change(state, 133.4) is None
    dictated = replace(phone(off_hook=True), dictation=Dictation("b@x.org", "Bob", 130.2, recording=True))
    assert next_change(dictated, 133.4) == pytest.approx(134.2)
    assert next_change(replace(dictated, dictation=replace(dictated.dictation, recording=False)), 133.4) is None
    taken = call(outgoing=False, answering=Answering.RECORDING, answering_at=130.5)
    assert next_change(phone(calls=(taken,)), 133.4) == pytest.approx(133.5)
    assert next_change(phone(calls=(replace(taken, answering=Answering.GREETING),)), 133.4) is None


def test_a_message_is_offered_where_it_can_be_left():
    offered = MAIL_GALLERY["offer-message"]
    assert shown(offered).lines == ("leave a message?", "VOICEMAIL")
    assert "VOICEMAIL" not in shown(replace(offered, locked=True)).lines
    assert shown(talking(progress=Progress.ENDED, reason=Reason.NOT_FOUND, answered_at=None)).lines == ("is not known",)
    assert shown(GALLERY["insecure"]).lines == ("refused: not", "encrypted"), "why it failed is not cut for it"


def test_lines_are_the_screen_in_words():
    assert lines(shown(GALLERY["calls-missed"])) == (
        "Missed [service]",
        "> \u00d7 Bob          13:50",
        "  \u00d7 +493012345… 20 Nov",
    )
    assert lines(shown(GALLERY["talking-volume"])) == ("02:03 [encrypted] [service]", "Bob", "Volume", "70 %")
    assert lines(shown(MAIL_GALLERY["mail-playing"])) == ("1/4 new [service]", "Bob", "21 Nov 09:30", "0:07 / 0:42")
    assert lines(shown(GALLERY["no-service"])) == ("No service [no service]", "the password is", "wrong")


# --- several calls, transfer, menus


def test_whoever_waits_is_named_with_the_time_and_the_key():
    assert shown(GALLERY["talking-one-held"]).lines == ("Anneliese O… 01:13", "waits, HOLD: swap")
    assert shown(GALLERY["knocking"]).lines == ("Bob 02:03", "HOLD: answer")
    assert shown(GALLERY["transfer-picking"]).big == CAROL


def test_the_lock_of_a_conference_is_that_of_its_weakest_leg():
    both = call(joined=True), call(id=B, name=CAROL, joined=True)
    weak = both[0], replace(both[1], encrypted=False)
    unknown = both[0], replace(both[1], encrypted=None)
    assert Icon.LOCK_CLOSED in shown(talking(calls=both, focus=ID)).icons
    assert Icon.LOCK_OPEN in shown(talking(calls=weak, focus=ID)).icons
    assert not {Icon.LOCK_CLOSED, Icon.LOCK_OPEN} & set(shown(talking(calls=unknown, focus=ID)).icons)


def test_the_lock_says_nothing_of_calls_that_the_ear_does_not_hear():
    for state in (phone(calls=BRIDGED), talking(held=True), phone(off_hook=True, calls=(held(),))):
        assert not {Icon.LOCK_CLOSED, Icon.LOCK_OPEN} & set(shown(state).icons)


def test_what_stands_large_is_what_lifting_calls():
    assert shown(typed("266")).big == "266"
    assert shown(typed("266", 1)).big == "Anna Meier"
    assert shown(typed("266", 4)).big == "266", "nobody stands there"
    assert shown(Shown(phone(dialled="26"), Menu(pick=Pick("2", 1)), BOOK)).big == "26"


def test_the_code_is_not_shown_and_an_emergency_number_is():
    assert shown(phone(locked=True, dialled="12")).big == "**"
    assert shown(phone(locked=True, dialled="11")).big == "11"
    assert shown(phone(locked=True, dialled="110")).lines == ("lift to call",)
    assert shown(phone(locked=True, dialled="12", off_hook=True)).lines == ("emergency only",)


def test_no_menu_is_seen_while_it_rings_or_knocks():
    for more in ({"calls": (call(**RINGING),)}, {"locked": True}, {"calls": (held(),), "recall": B}):
        assert not shown(Shown(phone(**more), Menu(pages=(Main(),)), BOOK)).rows


def test_missed_calls_count_until_they_are_looked_at():
    assert shown(Shown(phone(), Menu(), BOOK)).lines[-1] == "2 missed calls"
    assert shown(Shown(phone(), Menu(seen=at(13, 50)), BOOK)).lines == ("Sat 21 Nov",)


def test_the_idle_screen_wanders_each_minute_and_nothing_else_does():
    places = []
    for minute in range(9):
        wall = replace(WALL, now=WALL.now.replace(minute=minute))
        places.append(screen(replace(view(phone(), TEXTS), wall=wall)).shift)
    assert len(set(places)) == 9
    assert all(0 <= x <= 2 and 0 <= y <= 2 for x, y in places)
    assert shown(GALLERY["ringer-volume"]).shift is None
    assert shown(GALLERY["menu"]).shift is None
    assert shown(GALLERY["talking"]).shift is None


def test_dim_when_nothing_has_happened_for_long():
    quiet = phone(service_at=50.0)
    assert dims_at(quiet, Menu(touched_at=100.0), 60.0) == 160.0
    assert dims_at(quiet, Menu(), 60.0) == 110.0
    assert dims_at(replace(quiet, last_digit_at=70.0), Menu(), 60.0) == 130.0
    assert dims_at(quiet, Menu(), 0.0) is None
    for busy in (talking(), phone(off_hook=True), phone(calls=(held(),)), phone(calls=(call(**RINGING),))):
        assert dims_at(busy, Menu(), 60.0) is None
    assert dims_at(phone(calls=BRIDGED), Menu(touched_at=100.0), 60.0) == 160.0
    dark = view(quiet, TEXTS, 110.0)
    assert screen(dark, dim_seconds=60.0).dim
    assert not screen(replace(dark, now=109.9), dim_seconds=60.0).dim
    assert not screen(dark).dim


def test_next_change_counts_who_waits_too():
    both = talking(calls=(call(answered_at=10.0), held(held_at=60.3)), focus=ID)
    assert next_change(both, 133.4) == 134.0
    assert next_change(both, 134.1) == pytest.approx(134.3)


def test_dates():
    assert day(WALL.now, TEXTS) == "Sat 21 Nov"
    assert day(WALL.now, load_texts("de")) == "Sa 21. Nov"
    assert brief(WALL.now, WALL.now, TEXTS) == "14:05"
    assert brief(WALL.local(at(1, 1, 9)), WALL.now, load_texts("de")) == "9.11."


def test_speed_dial_and_codes_are_shown_by_name_where_the_book_has_one():
    assert shown(GALLERY["requested-known"]).big == "Bob"
    assert HABITS.lock_code not in lines(shown(GALLERY["locked-code"]))


def test_a_call_without_a_name_shows_its_address():
    assert shown(talking(name="\u200b", peer="b@x.org")).big == "b@x.org"


@given(st.text(), st.text(), st.text(max_size=80), st.booleans())
def test_nothing_that_comes_from_outside_breaks_a_screen(name, peer, dialled, off_hook):
    ours, theirs = call(name=name, peer=peer), held(name=name, peer=peer)
    recent = Recent(name, peer, at(1, 2), outgoing=off_hook, answered=False, missed=not off_hook)
    book = Book((Person(name, peer, dialled),), (recent,), frozenset({peer}))
    pages = (Contacts(), Contacts(dialled), Calls(Choice.ALL), Details(recent), Blocked(), Unblock(peer), Main())
    for state in (
        talking(name=name, peer=peer),
        talking(name=name, peer=peer, via=peer),
        talking(calls=(ours, theirs), focus=ID),
        talking(calls=(ours, replace(theirs, progress=Progress.OFFERED, held=False)), focus=ID),
        talking(calls=(replace(ours, joined=True), replace(theirs, joined=True, held=False)), focus=ID),
        talking(request=TransferRequest(peer, name, 100.0)),
        phone(calls=(theirs,), recall=B),
        phone(calls=(theirs,), off_hook=off_hook),
        phone(calls=(theirs,), off_hook=True, transfer=Transfer(B)),
        phone(calls=(replace(ours, handover=HandOver(peer, name, Method.BRIDGE, 1.0)),), off_hook=off_hook),
        phone(calls=(replace(ours, bridged=B), replace(theirs, bridged=ID, held=False))),
        phone(calls=(call(name=name, peer=peer, **RINGING),)),
        phone(dialled=dialled, off_hook=off_hook),
        phone(dialled=dialled, locked=True),
        Shown(phone(dialled=dialled, off_hook=off_hook), Menu(pick=Pick(dialled, 1)), book),
        phone(notice=Notice(Reason.BUSY, name)),
        *(Shown(phone(off_hook=off_hook), Menu(pages=(page,)), book) for page in pages),
    ):
        said = shown(state)
        assert len(said.title) <= TITLE_CHARS
        assert len(said.big) <= BIG_CHARS
        assert all(len(row) <= ROW_CHARS for row in said.rows)
        assert all(len(line) <= LINE_CHARS for line in said.lines)
        assert all(line.isprintable() or not line.isascii() for line in lines(said))
        assert "\n" not in "".join(lines(said))


# --- fitting ---


@given(st.text(), st.integers(2, 40))
def test_cut_and_cut_start_fit_and_keep_their_side(text, width):
    assert len(fit.cut(text, width)) <= width
    assert len(fit.cut_start(text, width)) <= width
    if len(text) > width:
        assert fit.cut_start(text, width) == "…" + text[1 - width :]


@given(st.text(alphabet="ab  c", max_size=60), st.integers(1, 20))
def test_wrap_loses_nothing(text, width):
    wrapped = fit.wrap(text, width)
    assert all(0 < len(line) <= width for line in wrapped)
    assert "".join(wrapped).replace(" ", "") == text.replace(" ", "")


@given(st.text(max_size=40), st.text(max_size=40), st.integers(8, 30))
def test_a_pair_fits_and_cuts_the_longer_first(first, second, width):
    line = fit.pair(first, second, " - ", width)
    assert len(line) <= width
    if len(first) + len(second) + 3 <= width:
        assert line == f"{first} - {second}"
    if len(first) <= (width - 3) // 2:
        assert line.startswith(first)


@given(st.text(max_size=40), st.text(max_size=6), st.integers(10, 30))
def test_tail_and_apart_keep_the_end(text, end, width):
    assert len(fit.tail(text, end, width)) <= width
    assert fit.tail(text, end, width).endswith(end)
    assert len(fit.apart(text, end, width)) == width
    assert fit.apart(text, end, width).endswith(end)


def test_clean():
    assert fit.clean("u\u0308 a\tb\n\u202ec\u0301\u0301") == "ü a b ć"
    assert fit.clean("\ud800x\x00y") == "xy"


def test_a_sentence_too_long_even_without_its_name_is_cut():
    assert fit.sentence(lambda who: "long " * 20 + who, "bob", 18, 2) == ("long long long", "long long long")


def test_ids_of_the_gallery():
    assert talking().focus == ID
