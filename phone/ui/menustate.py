"""What the menus know, and what can be asked of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from phone.calls.events import Event
from phone.calls.model import Phone
from phone.calls.numbers import Fault
from phone.ui.book import Book, Letter, Person, Recent
from phone.ui.mailboxstate import BoxRequest, Session
from phone.ui.pages import Details, Item, Page, Room, fits, items, room
from phone.ui.spoken import Voice
from phone.ui.t9 import Index, found, indexed

PAGE_SECONDS = 30.0
"""A page that nobody touches goes by itself."""
LATEST_MESSAGE = 240.0
"""Seconds after a call came in: so late, with all ringing and the longest greeting, its message may begin."""
_NOBODY = Index()
_VOICE = Voice()


@dataclass(frozen=True, slots=True)
class Block:
    """Put `address` on the account's block list, or take it off (XEP-0191)."""

    address: str
    on: bool


@dataclass(frozen=True, slots=True)
class ClearLog:
    """Delete the call log."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The missed calls up to `at` (Unix seconds) have been looked at: to be kept over a restart."""

    at: float


Request = Block | ClearLog | Seen | BoxRequest


@dataclass(frozen=True, slots=True)
class Pick:
    """Whom the user went to by UP and DOWN while a number was being typed on-hook."""

    digits: str
    place: int
    """Among those whom `digits` find, from 1."""


@dataclass(frozen=True, slots=True)
class Menu:
    """All that the menus know."""

    pages: tuple[Page, ...] = ()
    """The last one is seen; BACK goes to the one before."""
    pick: Pick | None = None
    index: Index = _NOBODY
    seen: float = 0.0
    """Unix seconds of the newest missed call that was looked at."""
    used_at: float = 0.0
    """When the user last did something (monotonic)."""
    touched_at: float = 0.0
    """When anything last happened but the passing of time: the display is bright from then on."""
    mail: Session | None = None
    """The user listens to his messages."""
    voice: Voice = _VOICE
    """What the phone speaks."""
    token: int = 0
    """Of the last speech in the last session."""


@dataclass(frozen=True, slots=True)
class Handled:
    """What came of an event: the menus, what the call core is to be told in its place, and what else is to be done."""

    menu: Menu
    events: tuple[Event, ...]
    requests: tuple[Request, ...] = ()


def deadline(menu: Menu) -> float | None:
    """When `handle` wants a `Ticked` (monotonic seconds)."""
    pages_go = menu.used_at + PAGE_SECONDS if menu.pages else None
    times = (pages_go, menu.mail.until if menu.mail else None)
    return min((at for at in times if at is not None), default=None)


def refresh(menu: Menu, book: Book) -> Menu:
    """The people of `book` can be found from now on. To be called with a new book, lest the next key has to do it."""
    if menu.index.people is book.people:
        return menu
    return replace(menu, index=indexed(book.people, menu.index))


def top(menu: Menu, phone: Phone) -> Page | None:
    """The page that is seen."""
    return menu.pages[-1] if menu.pages and fits(menu.pages[-1], phone) else None


def matches(menu: Menu, phone: Phone) -> tuple[Person, ...]:
    """Whom the digits that were typed find."""
    if not phone.dialled or "@" in phone.dialled or room(phone) not in (Room.ON_HOOK, Room.DIALLING):
        return ()
    return found(menu.index, phone.dialled)


def picked(menu: Menu, phone: Phone) -> Person | None:
    """Whom the user went to, if that is still whom the digits find."""
    pick = menu.pick
    if pick is None or pick.digits != phone.dialled or phone.seized:
        return None
    people = matches(menu, phone)
    return people[pick.place - 1] if pick.place <= len(people) else None


def unseen(menu: Menu, book: Book) -> int:
    """How many missed calls nobody has looked at. One that left a message is told of by that."""
    missed = (recent for recent in book.recents if recent.missed and recent.at > menu.seen)
    return sum(not any(_left(recent, letter) for letter in book.box.letters) for recent in missed)


def _left(call: Recent, letter: Letter) -> bool:
    return letter.address == call.address and 0 <= letter.at - call.at < LATEST_MESSAGE


def looked(menu: Menu, book: Book) -> Handled:
    """The user is told of all the missed calls there are."""
    newest = max((recent.at for recent in book.recents if recent.missed), default=menu.seen)
    if newest <= menu.seen:
        return Handled(menu, ())
    return Handled(replace(menu, seen=newest), (), (Seen(newest),))


def closed(menu: Menu) -> Menu:
    """No page, and nobody gone to."""
    return replace(menu, pages=(), pick=None)


def person_meant(menu: Menu, phone: Phone, book: Book) -> str | None:
    """Address of whom the display shows as chosen, or who alone is meant by digits that are no number."""
    if (page := top(menu, phone)) is not None:
        item = selected(page, items(page, phone, book, menu.index))
        if isinstance(page, Details):
            return page.recent.address
        return item.address if isinstance(item, Person | Recent) else None
    if person := picked(menu, phone):
        return person.address
    people = matches(menu, phone)
    nonsense = isinstance(phone.plan.resolve(phone.dialled), Fault)
    return people[0].address if nonsense and len(people) == 1 else None


def selected(page: Page, choices: tuple[Item, ...]) -> Item | None:
    """The item under the cursor; lists may have become shorter meanwhile."""
    return choices[min(page.cursor, len(choices) - 1)] if choices else None


def turned(menu: Menu, page: Page) -> Menu:
    """`page` in the place of the one that is seen."""
    return replace(menu, pages=(*menu.pages[:-1], page))
