"""Mailboxes with messages, and the menu of them in any state."""

from __future__ import annotations

from dataclasses import replace

from gallery import ANNA, BOOK, at, phone

from phone.calls.events import DigitPressed, Key, KeyPressed, Ticked
from phone.calls.model import Mail, Phone
from phone.ui.book import Book, Box, Letter
from phone.ui.menu import Menu, follow, handle, played, playing

FIRST, SECOND, THIRD = (
    Letter("m1", "Bob", "bob@example.org", at(9, 30), 42.4, "new", "/box/m1.opus"),
    Letter("m2", ANNA, "anneliese.oberstdoerfer@example.org", at(13, 5), 127.0, "new", "/box/m2.opus"),
    Letter("m3", "Carol", "carol@example.org", at(17, 0, 9), 8.0, "kept", "/box/m3.opus"),
)
NAMELESS = Letter("m4", "", "", at(8, 0, 3), 3.0, "heard", "/box/m4.opus")
LETTERS = (FIRST, SECOND, THIRD, NAMELESS)
BOX = Box(2, 2, LETTERS, "/box/greeting.opus")
OLD = Box(0, 2, (THIRD, NAMELESS))
OWN = replace(BOX, own_greeting=True)
NOW = 120.0


def book(box: Box = BOX) -> Book:
    return replace(BOOK, recents=(), box=box)


def listening(box: Box = BOX, **facts: object) -> Phone:
    usual = {"off_hook": True, "mailbox": True, "mailbox_at": NOW, "mail": Mail(box.new, box.old)}
    return phone(**usual | facts)


def menu_of(*acts: str | Key | int, box: Box = BOX, now: float = NOW) -> Menu:
    """The menu after the session has begun and these acts: a key, "played", "draft" (it has come), "trouble", or the
    milliseconds that the message was heard, "time" (until something happens by itself).
    """
    state = listening(box)
    menu = follow(Menu(), state, book(box), now).menu
    for act in acts:
        token = menu.mail.token
        match act:
            case int():
                menu = playing(menu, token, act, now)
            case "played" | "trouble":
                menu = played(menu, token, act if act == "trouble" else "", state, book(box), now).menu
            case "draft":
                menu = follow(menu, state, book(replace(box, draft="/box/draft.opus")), now).menu
            case "time":
                menu = handle(menu, Ticked(menu.mail.until), state, book(box)).menu
            case Key():
                menu = handle(menu, KeyPressed(act, now), state, book(box)).menu
            case _:
                menu = handle(menu, DigitPressed(act, now), state, book(box)).menu
    return menu
