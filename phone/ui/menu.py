"""The menus: what a key does before the call core sees it. Pure.

Laws:
 1. The hook is never swallowed; lifting on a person calls that person, and then is a lifting like any other.
 2. A number that was typed is called as typed, unless the user went to a person by UP or DOWN, or it is no number at
    all that could be called and finds one person alone.
 3. While the messages are listened to, the keys are those of `mailbox`.
 4. A page that the state of the phone leaves no room for (see `pages`) is not seen, and gone with the next key.
"""

from __future__ import annotations

from dataclasses import replace

from phone.calls import events as ev
from phone.calls.events import Event, Key
from phone.calls.model import Phone
from phone.ui.book import Book
from phone.ui.mailbox import follow, played, playing, recording, speech, taken
from phone.ui.mailboxstate import (
    BoxRequest,
    DeleteLetter,
    DropGreeting,
    KeepLetter,
    LeaveBox,
    MarkHeard,
    RecordGreeting,
    RemoveGreeting,
    SkipBy,
    Speech,
    StopGreeting,
    UndoDelete,
    UseGreeting,
)
from phone.ui.menuacts import off_page, on_page, transfer_to
from phone.ui.menustate import (
    PAGE_SECONDS,
    Block,
    ClearLog,
    Handled,
    Menu,
    Pick,
    Request,
    Seen,
    closed,
    deadline,
    matches,
    person_meant,
    picked,
    refresh,
    top,
    turned,
    unseen,
)
from phone.ui.pages import Contacts

__all__ = [
    "PAGE_SECONDS",
    "Block",
    "BoxRequest",
    "ClearLog",
    "DeleteLetter",
    "DropGreeting",
    "Handled",
    "KeepLetter",
    "LeaveBox",
    "MarkHeard",
    "Menu",
    "Pick",
    "RecordGreeting",
    "RemoveGreeting",
    "Request",
    "Seen",
    "SkipBy",
    "Speech",
    "StopGreeting",
    "UndoDelete",
    "UseGreeting",
    "deadline",
    "follow",
    "handle",
    "matches",
    "picked",
    "played",
    "playing",
    "recording",
    "refresh",
    "speech",
    "top",
    "unseen",
]

_USER = (ev.HookLifted, ev.HookReplaced, ev.DigitPressed, ev.KeyPressed, ev.KeyReleased)


def handle(menu: Menu, event: Event, phone: Phone, book: Book) -> Handled:
    """Take one event that is meant for `phone` as it is now; what is no act of the user's goes on as it came."""
    followed = follow(_awake(refresh(menu, book), event, phone), phone, book, event.at)
    menu = followed.menu
    handled = taken(menu, event, phone) or _handle(menu, event, phone, book)
    return replace(handled, requests=(*followed.requests, *handled.requests))


def _handle(menu: Menu, event: Event, phone: Phone, book: Book) -> Handled:
    match event:
        case ev.Ticked(at):
            late = menu.pages and menu.used_at + PAGE_SECONDS <= at
            return Handled(replace(menu, pages=()) if late else menu, (event,))
        case ev.HookLifted():
            return _seize(menu, event, phone, book)
        case ev.HookReplaced() | ev.DialRequested():
            return Handled(closed(menu), (event,))
        case ev.DigitPressed(digit):
            return _digit(menu, event, phone, digit)
        case ev.KeyPressed():
            return _key(menu, event, phone, book)
        case _:
            return Handled(menu, (event,))


def _awake(menu: Menu, event: Event, phone: Phone) -> Menu:
    """A call that came to nothing by itself may have ended just now: time that passes for it counts, too."""
    if isinstance(event, ev.Ticked):
        return replace(menu, touched_at=event.at) if phone.busy else menu
    menu = replace(menu, touched_at=event.at)
    return replace(menu, used_at=event.at) if isinstance(event, _USER) else menu


def _seize(menu: Menu, event: ev.HookLifted | ev.KeyPressed, phone: Phone, book: Book) -> Handled:
    """Lifting (or SPEAKER) on a person calls that person."""
    address = None if phone.off_hook else person_meant(menu, phone, book)
    dial = () if address is None else (ev.DialRequested(address, event.at),)
    return Handled(closed(menu), (*dial, event))


def _digit(menu: Menu, event: ev.DigitPressed, phone: Phone, digit: str) -> Handled:
    """Digits narrow down the contacts; anywhere else they are dialled."""
    page = top(menu, phone)
    if not isinstance(page, Contacts):
        return Handled(closed(menu), (event,))
    if not digit.isdigit():
        return Handled(menu, ())
    return Handled(turned(menu, Contacts(page.digits + digit)), ())


def _key(menu: Menu, event: ev.KeyPressed, phone: Phone, book: Book) -> Handled:
    match event.key:
        case Key.VOL_UP | Key.VOL_DOWN | Key.MUTE:
            return Handled(menu, (event,))
        case Key.SPEAKER if phone.habits.has_speaker and not phone.seized:
            return _seize(menu, event, phone, book)
        case Key.OK | Key.BACK | Key.UP | Key.DOWN:
            if (page := top(menu, phone)) is not None:
                return on_page(menu, page, event, phone, book)
            return off_page(replace(menu, pages=()), event, phone, book)
        case Key.TRANSFER if phone.transfer and top(menu, phone) is not None:
            return transfer_to(menu, event, phone, book)
        case _:
            return Handled(closed(menu), (event,))
