"""The pages of the menu: what each has to choose from, and what may be open when. Pure.

Law: a menu never disturbs a call. While anything rings, waits or asks there is none; in a call there is only the
choice among several held ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from phone.calls.model import Call, Phone
from phone.ui.book import Book, Person, Recent
from phone.ui.t9 import Index, found


class Choice(Enum):
    """An entry that is always the same; its text is named like it."""

    CONTACTS = "contacts"
    CALLS = "calls"
    DND = "do not disturb"
    LOCK = "lock"
    BLOCKED = "block list"
    ADDRESS = "my address"
    TROUBLES = "troubles"
    ABOUT = "about"
    ALL = "all calls"
    MISSED = "missed calls"
    RECEIVED = "received calls"
    PLACED = "placed calls"
    ERASE = "delete all calls"
    CALL = "call"
    BLOCK = "block"
    UNBLOCK = "unblock"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Main:
    """What OK opens."""

    cursor: int = 0


@dataclass(frozen=True, slots=True)
class Lists:
    """Which calls are to be listed."""

    cursor: int = 0


@dataclass(frozen=True, slots=True)
class Calls:
    """A list of calls, newest first."""

    which: Choice
    cursor: int = 0


@dataclass(frozen=True, slots=True)
class Details:
    """One call of the list."""

    recent: Recent
    cursor: int = 0


@dataclass(frozen=True, slots=True)
class Erase:
    """Asks before all calls are deleted."""

    cursor: int = 0


@dataclass(frozen=True, slots=True)
class Contacts:
    """The people that `digits` find."""

    digits: str = ""
    cursor: int = 0


@dataclass(frozen=True, slots=True)
class Blocked:
    """The block list."""

    cursor: int = 0


@dataclass(frozen=True, slots=True)
class Unblock:
    """One of the block list."""

    address: str
    cursor: int = 0


@dataclass(frozen=True, slots=True)
class Address:
    """The account's address, for a mobile's camera; nothing to choose."""

    cursor: int = 0


@dataclass(frozen=True, slots=True)
class Troubles:
    """What does not work, in whole sentences; nothing to choose."""

    cursor: int = 0
    """Steps through them, in either direction without end."""


@dataclass(frozen=True, slots=True)
class About:
    """What this phone is; nothing to choose."""

    cursor: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """Who is on hold: OK goes to one of them."""

    cursor: int = 0


Page = Main | Lists | Calls | Details | Erase | Contacts | Blocked | Unblock | Address | Troubles | About | Held
Item = Choice | Person | Recent | Call | str
"""What can be chosen; a text is an address of the block list."""

_LISTS = (Choice.MISSED, Choice.RECEIVED, Choice.PLACED, Choice.ALL, Choice.ERASE)


class Room(Enum):
    """How much of a menu the state of the phone leaves room for."""

    NONE = "none"
    ON_HOOK = "on-hook"
    DIALLING = "off-hook, nobody at the ear"
    IN_CALL = "a call at the ear or a locked keypad, several held"


def calls_first(phone: Phone) -> bool:
    """Something rings, waits or asks: the keys belong to it."""
    return bool(phone.offered or phone.recall or any(c.live and c.request for c in phone.calls))


def room(phone: Phone) -> Room:
    """What menu there may be now."""
    if calls_first(phone) or phone.mailbox or phone.dictation or (phone.seized and phone.listened):
        return Room.NONE
    if phone.seized and phone.ear:
        return Room.IN_CALL if phone.ear.up and len(phone.held) > 1 else Room.NONE
    if phone.locked:
        dials = bool(phone.dialled) or phone.transfer is not None
        return Room.IN_CALL if phone.seized and len(phone.held) > 1 and not dials else Room.NONE
    return Room.DIALLING if phone.seized else Room.ON_HOOK


def fits(page: Page, phone: Phone) -> bool:
    """Whether `page` may be seen now."""
    where = room(phone)
    match where:
        case Room.NONE:
            return False
        case Room.IN_CALL:
            return isinstance(page, Held)
        case Room.ON_HOOK:
            return not isinstance(page, Held)
        case Room.DIALLING:
            return True
        case _:
            assert_never(where)


def items(page: Page, phone: Phone, book: Book, index: Index) -> tuple[Item, ...]:
    """What `page` has to choose from."""
    match page:
        case Main():
            lock = (Choice.LOCK,) if phone.habits.lock_code else ()
            last = (Choice.TROUBLES, Choice.BLOCKED, Choice.ADDRESS, Choice.ABOUT)
            return (Choice.CONTACTS, Choice.CALLS, Choice.DND, *lock, *last)
        case Lists():
            return _LISTS
        case Calls(which):
            return tuple(recent for recent in book.recents if listed(recent, which))
        case Details(recent):
            return Choice.CALL, Choice.UNBLOCK if bare(recent.address) in book.blocked else Choice.BLOCK
        case Erase():
            return (Choice.YES,)
        case Contacts(digits):
            return found(index, digits)
        case Blocked():
            return tuple(sorted(book.blocked))
        case Unblock():
            return (Choice.UNBLOCK,)
        case Address() | Troubles() | About():
            return ()
        case Held():
            return phone.held
        case _:
            assert_never(page)


def listed(recent: Recent, which: Choice) -> bool:
    """Whether a call is one of MISSED, RECEIVED, PLACED or ALL."""
    match which:
        case Choice.MISSED:
            return recent.missed
        case Choice.RECEIVED:
            return not recent.outgoing and not recent.missed
        case Choice.PLACED:
            return recent.outgoing
        case _:
            return True


def bare(address: str) -> str:
    """Without a resource (RFC 7622): what can be blocked."""
    return address.partition("/")[0]
