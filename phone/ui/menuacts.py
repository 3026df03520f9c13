"""What OK, BACK, UP and DOWN do: on a page, and where there is none yet. Pure."""

from __future__ import annotations

from dataclasses import replace

from phone.calls import events as ev
from phone.calls.events import Event, Key
from phone.calls.model import Call, Phone
from phone.ui.book import Book, Person, Recent
from phone.ui.menustate import (
    Block,
    ClearLog,
    Handled,
    Menu,
    Pick,
    closed,
    looked,
    matches,
    person_meant,
    picked,
    selected,
    turned,
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
    Held,
    Item,
    Lists,
    Main,
    Page,
    Room,
    Troubles,
    Unblock,
    bare,
    items,
    room,
)

_OPENS: dict[Choice, Page] = {
    Choice.CONTACTS: Contacts(),
    Choice.CALLS: Lists(),
    Choice.BLOCKED: Blocked(),
    Choice.ADDRESS: Address(),
    Choice.TROUBLES: Troubles(),
    Choice.ABOUT: About(),
    Choice.ALL: Calls(Choice.ALL),
    Choice.MISSED: Calls(Choice.MISSED),
    Choice.RECEIVED: Calls(Choice.RECEIVED),
    Choice.PLACED: Calls(Choice.PLACED),
    Choice.ERASE: Erase(),
}


def on_page(menu: Menu, page: Page, event: ev.KeyPressed, phone: Phone, book: Book) -> Handled:
    """One of the four keys on the page that is seen."""
    choices = items(page, phone, book, menu.index)
    match event.key:
        case Key.UP | Key.DOWN:
            return Handled(turned(menu, _moved(page, len(choices), event.key)), ())
        case Key.BACK:
            if isinstance(page, Contacts) and page.digits:
                return Handled(turned(menu, Contacts(page.digits[:-1])), ())
            return Handled(_left(menu), ())
        case _:
            return _choose(menu, page, selected(page, choices), event, phone, book)


def off_page(menu: Menu, event: ev.KeyPressed, phone: Phone, book: Book) -> Handled:
    """One of the four keys where no page is seen: it opens one, if there is room."""
    move = event.key in (Key.UP, Key.DOWN)
    match room(phone):
        case Room.NONE:
            return Handled(menu, (event,))
        case Room.IN_CALL:
            return Handled(replace(menu, pages=(Held(),)), ()) if move else Handled(menu, (event,))
        case Room.ON_HOOK if phone.dialled:
            return _typed_on_hook(menu, event, phone, book)
        case Room.DIALLING if phone.dialled:
            return _typed_off_hook(menu, event, phone, book)
        case Room.DIALLING if not move:
            return Handled(menu, (event,))
    if event.key is Key.BACK:
        return Handled(menu, (event,))
    return _opened(menu, _first_page(event.key, phone), event, phone, book)


def transfer_to(menu: Menu, event: ev.KeyPressed, phone: Phone, book: Book) -> Handled:
    """TRANSFER on a person while choosing for a transfer: a call, as by OK; once more, and it is let go."""
    address = person_meant(menu, phone, book)
    return Handled(menu, ()) if address is None else _call(menu, address, event, phone)


def _first_page(key: Key, phone: Phone) -> Page:
    if key is Key.OK:
        return Main()
    if key is Key.DOWN:
        return Contacts()
    several = phone.seized and phone.transfer is None and len(phone.held) > 1
    return Held() if several else Calls(Choice.ALL)


def _moved(page: Page, count: int, key: Key) -> Page:
    """Round and round."""
    step = 1 if key is Key.DOWN else -1
    if isinstance(page, Troubles):
        return replace(page, cursor=page.cursor + step)
    if not count:
        return page
    return replace(page, cursor=(min(page.cursor, count - 1) + step) % count)


def _left(menu: Menu) -> Menu:
    return replace(menu, pages=menu.pages[:-1])


def _opened(menu: Menu, page: Page, event: ev.KeyPressed, phone: Phone, book: Book) -> Handled:
    """On-hook the user has read what the display told: the core forgets that with BACK."""
    told = phone.notice is not None and not phone.seized and not phone.busy
    handled = _pushed(menu, page, book)
    return replace(handled, events=_pressed(Key.BACK, event.at) if told else ())


def _pushed(menu: Menu, page: Page, book: Book) -> Handled:
    """Whoever looks at the missed calls has seen them."""
    menu = replace(menu, pages=(*menu.pages, page))
    missed = isinstance(page, Calls) and page.which in (Choice.ALL, Choice.MISSED)
    return looked(menu, book) if missed else Handled(menu, ())


def _pressed(key: Key, at: float) -> tuple[Event, ...]:
    return ev.KeyPressed(key, at), ev.KeyReleased(key.value, at)


# --- OK -------------------------------------------------------------------------------------------------------


def _choose(menu: Menu, page: Page, item: Item | None, event: ev.KeyPressed, phone: Phone, book: Book) -> Handled:
    match item:
        case None:
            return Handled(menu, ())
        case Person(address=address):
            return _call(menu, address, event, phone)
        case Recent():
            if phone.seized:
                return _call(menu, item.address, event, phone)
            return _pushed(menu, Details(item), book)
        case Call(id=id):
            return Handled(closed(menu), (ev.ResumeRequested(id, event.at),))
        case Choice():
            return _act(menu, page, item, event, phone, book)
        case _:
            return _pushed(menu, Unblock(item), book)


def _act(menu: Menu, page: Page, choice: Choice, event: ev.KeyPressed, phone: Phone, book: Book) -> Handled:
    if choice in _OPENS:
        return _pushed(menu, _OPENS[choice], book)
    if isinstance(page, Details):
        if choice is Choice.CALL:
            return _call(menu, page.recent.address, event, phone)
        return Handled(menu, (), (Block(bare(page.recent.address), choice is Choice.BLOCK),))
    if isinstance(page, Unblock):
        return Handled(_left(menu), (), (Block(page.address, on=False),))
    if choice is Choice.YES:
        return Handled(_left(menu), (), (ClearLog(),))
    if choice is Choice.LOCK:
        return Handled(closed(menu), (ev.LockChanged(on=True, at=event.at),))
    return Handled(menu, (ev.DndChanged(not phone.dnd, event.at),))


def _call(menu: Menu, address: str, event: ev.KeyPressed, phone: Phone) -> Handled:
    """Off-hook at once; on-hook by the speaker, and without one as soon as the handset is lifted."""
    speaker = phone.habits.has_speaker and not phone.seized
    by = _pressed(Key.SPEAKER, event.at) if speaker else ()
    return Handled(closed(menu), (ev.DialRequested(address, event.at), *by))


# --- while a number is being typed ----------------------------------------------------------------------------


def _typed_on_hook(menu: Menu, event: ev.KeyPressed, phone: Phone, book: Book) -> Handled:
    """UP and DOWN go round through the number as typed and the people whom it finds."""
    match event.key:
        case Key.UP | Key.DOWN:
            return Handled(_picked_next(menu, event.key, phone), ())
        case Key.BACK:
            gone_to = picked(menu, phone) is not None
            return Handled(replace(menu, pick=None), () if gone_to else (event,))
        case _:
            if (address := person_meant(menu, phone, book)) is not None:
                return _call(menu, address, event, phone)
            speaker = phone.habits.has_speaker
            return Handled(closed(menu), _pressed(Key.SPEAKER, event.at) if speaker else (event,))


def _picked_next(menu: Menu, key: Key, phone: Phone) -> Menu:
    people = matches(menu, phone)
    pick = menu.pick
    at = pick.place if pick is not None and picked(menu, phone) is not None else 0
    place = (at + (1 if key is Key.DOWN else -1)) % (len(people) + 1)
    return replace(menu, pick=Pick(phone.dialled, place) if place else None)


def _typed_off_hook(menu: Menu, event: ev.KeyPressed, phone: Phone, book: Book) -> Handled:
    """UP and DOWN take the digits from the line, which would else be dialled soon, and look people up by them."""
    match event.key:
        case Key.UP | Key.DOWN if matches(menu, phone):
            erased = tuple(e for _ in phone.dialled for e in _pressed(Key.BACK, event.at))
            return Handled(replace(menu, pages=(Contacts(phone.dialled),)), erased)
        case Key.OK if (address := person_meant(menu, phone, book)) is not None:
            return _call(menu, address, event, phone)
        case _:
            return Handled(menu, (event,))
