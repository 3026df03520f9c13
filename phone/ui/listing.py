"""The screens of the menu: the rows around the one that is chosen. Pure."""

from __future__ import annotations

from typing import assert_never

from phone.calls.model import Call, Phone
from phone.ui import card
from phone.ui.book import Person, Recent
from phone.ui.dates import brief, moment
from phone.ui.fit import apart, clean, cut, cut_start, wrap
from phone.ui.frame import ROW_CHARS, ROWS, TITLE_CHARS, Screen, View, full_name, small
from phone.ui.pages import (
    About,
    Address,
    Blocked,
    Calls,
    Choice,
    Contacts,
    Details,
    Erase,
    Held,
    Item,
    Lists,
    Main,
    Page,
    Troubles,
    Unblock,
    items,
)

_List = Main | Lists | Calls | Details | Erase | Contacts | Blocked | Unblock | About | Held
_MARKS = {"missed": "\u00d7", "received": "←", "placed": "→"}
_STEP = ROWS - 1
"""Rows by which sentences move: one stays, to be read on from."""
_EMPTY = {Contacts: "nobody_found", Calls: "no_calls", Blocked: "nobody_blocked"}


def listing(v: View, page: Page) -> Screen:
    """The page as a list; told that there is nothing, where there is nothing."""
    match page:
        case Address():
            return card.address(v)
        case Troubles(cursor):
            return _troubles(v, cursor)
        case _:
            return _list(v, page)


def _troubles(v: View, cursor: int) -> Screen:
    """Whole sentences, an empty row between them."""
    rows = [row for sentence in v.troubles for row in ("", *wrap(clean(sentence), ROW_CHARS))][1:]
    if not rows:
        return Screen(v.title("troubles"), "", small(v.hint("no_troubles")))
    moves = -(-max(0, len(rows) - ROWS) // _STEP)
    first = min(cursor % (moves + 1) * _STEP, max(0, len(rows) - ROWS))
    scroll = (first, len(rows)) if moves else None
    return Screen(v.title("troubles"), "", rows=tuple(rows[first : first + ROWS]), scroll=scroll)


def _list(v: View, page: _List) -> Screen:
    facts = _facts(v, page)
    choices = items(page, v.phone, v.book, v.menu.index)
    if not choices and not facts:
        return Screen(_title(v, page), "", small(v.hint(_EMPTY.get(type(page), "nothing"))))
    room = ROWS - len(facts)
    at = min(page.cursor, len(choices) - 1)
    first = max(0, min(at - room // 2, len(choices) - room))
    shown = choices[first : first + room]
    return Screen(
        _title(v, page),
        "",
        rows=(*facts, *(_row(v, item) for item in shown)),
        chosen=len(facts) + at - first if choices else None,
        scroll=(first, len(choices)) if len(choices) > room else None,
    )


def _title(v: View, page: _List) -> str:
    match page:
        case Main():
            return v.title("menu")
        case Lists():
            return v.title("calls")
        case Calls(which):
            return v.title(which.name.lower())
        case Details(recent):
            return cut(_who(recent), TITLE_CHARS)
        case Erase():
            return v.title("erase")
        case Contacts(digits):
            return cut_start(clean(digits), TITLE_CHARS) or v.title("contacts")
        case Blocked() | Unblock():
            return v.title("blocked")
        case About():
            return v.title("about")
        case Held():
            return v.title("held")
        case _:
            assert_never(page)


def _facts(v: View, page: _List) -> tuple[str, ...]:
    """Rows that tell and cannot be chosen."""
    match page:
        case Details(recent):
            told = f"{_MARKS[kind(recent)]} {moment(v.wall.local(recent.at), v.texts)}"
            return cut(told, ROW_CHARS), cut(clean(recent.address), ROW_CHARS)
        case Unblock(address):
            return (cut(clean(address), ROW_CHARS),)
        case About():
            return tuple(cut(clean(fact), ROW_CHARS) for fact in v.about[:ROWS])
        case _:
            return ()


def _row(v: View, item: Item) -> str:
    match item:
        case Choice():
            return cut(_choice(v.phone, v, item), ROW_CHARS)
        case Person(name=name):
            return cut(clean(name) or clean(item.address), ROW_CHARS)
        case Recent():
            mark = _MARKS[kind(item)]
            return apart(f"{mark} {_who(item)}", brief(v.wall.local(item.at), v.wall.now, v.texts), ROW_CHARS)
        case Call():
            return apart(full_name(item), v.since(item.held_at), ROW_CHARS)
        case _:
            return cut(clean(item), ROW_CHARS)


def _choice(phone: Phone, v: View, choice: Choice) -> str:
    if choice is Choice.DND:
        return v.texts.get("menu", "dnd_on" if phone.dnd else "dnd_off")
    return v.texts.get("menu", choice)


def _who(recent: Recent) -> str:
    return clean(recent.name) or clean(recent.address)


def kind(recent: Recent) -> str:
    """What became of it: missed, received or placed."""
    if recent.outgoing:
        return "placed"
    return "missed" if recent.missed else "received"
