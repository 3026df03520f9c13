"""The menu of the messages, inside `Menu`: opened and closed with the core's word, fed by keys, time and the ear. Pure.

Laws:
 1. It is open while `Phone.mailbox` and somebody is at the phone, and no longer.
 2. Calls come first: while one rings, waits or asks, the keys are the core's.
 3. Volume, mute, speaker, HOLD, VOICEMAIL and the hook are the core's at any time.
"""

from __future__ import annotations

from dataclasses import replace

from phone.calls import events as ev
from phone.calls.events import Event, Key
from phone.calls.model import Phone
from phone.ui.book import Book
from phone.ui.mailboxgreeting import drafted
from phone.ui.mailboxkeys import pressed
from phone.ui.mailboxmoves import heard_out, moved, opened, time_over
from phone.ui.mailboxstate import (
    DRAFT,
    GREETING,
    BoxRequest,
    DropGreeting,
    LeaveBox,
    MarkHeard,
    Session,
    Speech,
    Stage,
    Turn,
)
from phone.ui.menustate import Handled, Menu, looked, unseen
from phone.ui.pages import calls_first

HEARD_MS = 3000
"""So much of a message makes it a heard one, or half of it."""
_KEYS = (Key.OK, Key.BACK, Key.UP, Key.DOWN, Key.TRANSFER)


def follow(menu: Menu, phone: Phone, book: Book, at: float) -> Handled:
    """The session as it has to be now: opened, closed, with the box as it is. To be called after every event."""
    return _known(_followed(menu, phone, book, at), book)


def _followed(menu: Menu, phone: Phone, book: Book, at: float) -> Handled:
    session = menu.mail
    if not (phone.mailbox and phone.seized):
        return Handled(menu, ()) if session is None else _closed(menu, session)
    if session is None:
        return _opened(menu, menu.token, phone, book, at)
    if session.asked_at != phone.mailbox_at:
        return replace(_opened(menu, session.token, phone, book, at), requests=_undecided(session))
    session = session if session.box is book.box else moved(session, book.box, at)
    if session.draft_awaited and book.box.draft:
        session = drafted(session, at)
    session, requests = _marked(session)
    return Handled(menu if session is menu.mail else replace(menu, mail=session), (), requests)


def taken(menu: Menu, event: Event, phone: Phone) -> Handled | None:
    """What the session makes of an act of the user's, or of time; None: it is none of its business."""
    session = menu.mail
    if session is None:
        return None
    match event:
        case ev.Ticked(at) if session.until is not None and session.until <= at:
            turn = time_over(session, at)
            return _turned(menu, replace(turn, events=(*turn.events, event)))
        case ev.DigitPressed(digit, at) if not calls_first(phone):
            return _turned(menu, pressed(session, digit, at))
        case ev.KeyPressed(key, at) if key in _KEYS and not calls_first(phone):
            return _turned(menu, pressed(session, key, at))
        case _:
            return None


def played(menu: Menu, token: int, trouble: str, phone: Phone, book: Book, at: float) -> Handled:
    """The ear has heard all of that speech, or some of it could not be played."""
    followed = follow(menu, phone, book, at)
    session = followed.menu.mail
    if session is None or session.token != token or session.told or not session.parts:
        return followed
    handled = _turned(followed.menu, heard_out(session, at, trouble=bool(trouble)))
    return replace(handled, requests=(*followed.requests, *handled.requests))


def playing(menu: Menu, token: int, ms: int, _at: float) -> Menu:
    """The ear is there in the last part of that speech; 0: before it."""
    session = menu.mail
    if session is None or session.token != token or session.stage is not Stage.PLAYING or ms <= 0:
        return menu
    note = session.note if ms <= session.start_ms else None
    return replace(menu, mail=replace(session, ms=min(ms, session.long_ms), note=note))


def speech(menu: Menu, book: Book) -> Speech | None:
    """What is to be heard."""
    session = menu.mail
    if session is None or not session.parts:
        return None
    paths = {GREETING: book.box.greeting, DRAFT: book.box.draft}
    parts = tuple(path for part in session.parts if (path := paths.get(part, part)))
    speed = session.speed if session.stage is Stage.PLAYING else 100
    return Speech(session.token, parts, session.start_ms, speed, session.paused)


def recording(menu: Menu) -> bool:
    """A greeting is being recorded."""
    return menu.mail is not None and menu.mail.stage is Stage.RECORDING


def _opened(menu: Menu, token: int, phone: Phone, book: Book, at: float) -> Handled:
    new = opened(book.box, menu.voice, token, at, phone.mailbox_letter)
    return Handled(replace(menu, mail=replace(new, asked_at=phone.mailbox_at), pages=(), pick=None), ())


def _known(handled: Handled, book: Book) -> Handled:
    """Calls that left messages are those messages' matter from now on, whatever becomes of them."""
    if unseen(handled.menu, book):
        return handled
    known = looked(handled.menu, book)
    return replace(handled, menu=known.menu, requests=(*handled.requests, *known.requests))


def _turned(menu: Menu, turn: Turn) -> Handled:
    return Handled(replace(menu, mail=turn.session), turn.events, turn.requests)


def _closed(menu: Menu, session: Session) -> Handled:
    return Handled(replace(menu, mail=None, token=session.token), (), (*_undecided(session), LeaveBox()))


def _undecided(session: Session) -> tuple[BoxRequest, ...]:
    """A greeting that was not decided upon is not used."""
    return (DropGreeting(),) if session.stage in (Stage.RECORDING, Stage.DRAFT) else ()


def _marked(session: Session) -> tuple[Session, tuple[BoxRequest, ...]]:
    letter = session.letter
    if letter is None or letter.state != "new" or letter.id == session.deleted:
        return session, ()
    if session.ms < HEARD_MS and not session.half_heard:
        return session, ()
    letters = tuple(replace(m, state="heard") if m.id == letter.id else m for m in session.letters)
    return replace(session, letters=letters, heard=session.heard | {letter.id}), (MarkHeard(letter.id),)
