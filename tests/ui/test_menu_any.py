"""The laws of the menus, whatever happens."""

from __future__ import annotations

from dataclasses import replace

from gallery import BOOK, HABITS, PEOPLE, RECENTS, B, Shown, phone, shot
from hypothesis import given
from hypothesis import strategies as st
from menudesk import DOWN, OK, SPEAKER, TEXTS, UP, Desk

from phone.calls import events as ev
from phone.calls.events import DIGITS, Key
from phone.calls.model import (
    CallId,
    Reason,
)
from phone.ui.fit import cut
from phone.ui.menu import (
    top,
)
from phone.ui.pages import (
    Room,
    calls_first,
    room,
)
from phone.ui.screens import BIG_CHARS

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
        assert told == [event] or isinstance(event, ev.HookLifted | ev.Ticked)
    listens = before.mailbox and before.seized and not calls_first(before)
    if isinstance(event, ev.KeyPressed | ev.DigitPressed) and room(before) is Room.NONE and not listens:
        assert told == [event], "calls come first"
    page = top(desk.menu, desk.phone)
    if page is not None:
        assert room(desk.phone) is not Room.NONE
        assert not desk.phone.offered
        assert page.cursor >= 0
    said = shot(Shown(desk.phone, desk.menu, desk.book), TEXTS, desk.now)
    assert bool(said.rows) <= (page is not None or desk.menu.mail is not None)
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
