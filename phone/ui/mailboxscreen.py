"""The screens of the messages: what is said is shown, and what is shown is said. Pure."""

from __future__ import annotations

from phone.ui.book import Letter
from phone.ui.dates import moment
from phone.ui.fit import clean, cut, tail, wrap
from phone.ui.frame import (
    BIG_CHARS,
    LINE_CHARS,
    ROW_CHARS,
    ROWS,
    TITLE_CHARS,
    Heard,
    Screen,
    View,
    brief_duration,
    small,
)
from phone.ui.mailboxstate import Note, Session, Stage, state_of


def mailbox(v: View, session: Session) -> Screen:
    """Where the user is among his messages."""
    match session.stage:
        case Stage.HELP:
            return _rows(v, "help", "help")
        case Stage.GREETING:
            return _rows(v, "greeting", "greeting")
        case Stage.BRIEFING:
            return Screen(v.title("greeting"), "", (v.hint("after_tone"), v.hint("hash_done")))
        case Stage.RECORDING:
            hints = v.hint("hash_done"), v.hint("back_drops")
            return Screen(v.title("recording"), v.since(session.since), hints, digits=True)
        case Stage.DRAFT if session.draft_awaited:
            return Screen(v.title("greeting"), "", (v.hint("moment"),))
        case Stage.DRAFT:
            return _rows(v, "greeting", "draft")
        case Stage.END:
            return _end(v, session)
        case _:
            return _card(v, session, session.letters[session.cursor])


def lift(v: View) -> Screen:
    """VOICEMAIL on-hook, and no speaker to hear the messages by."""
    mail = v.phone.mail
    what = "lift_to_hear" if mail.new or mail.old else "lift_for_menu"
    return Screen(v.title("messages"), "", (count(v), v.hint(what)))


def count(v: View) -> str:
    """How many messages there are: the new ones, else the old ones."""
    new, old = v.phone.mail.new, v.phone.mail.old
    if new:
        return v.hint("mail_new_one" if new == 1 else "mail_new_some", count=str(new))
    if old:
        return v.hint("mail_old_one" if old == 1 else "mail_old_some", count=str(old))
    return v.hint("no_mail")


def _end(v: View, session: Session) -> Screen:
    if session.note is Note.TROUBLE:
        rows = wrap(clean(v.book.box.trouble), ROW_CHARS)[:ROWS] or (cut(_note(v, Note.TROUBLE), ROW_CHARS),)
        return Screen(v.title("messages"), "", rows=rows)
    what = v.hint("no_more_mail" if session.letters else "no_mail")
    if session.note is not None:
        what = _note(v, session.note)
    undo = (v.hint("undo"),) if session.deleted else (v.hint("mail_again" if session.letters else "mail_greeting"),)
    return Screen(v.title("messages"), "", (what, *undo))


def _card(v: View, session: Session, letter: Letter) -> Screen:
    """One message."""
    state = "paused" if session.paused else state_of(session, letter).value
    place = f"{session.cursor + 1}/{len(session.letters)}"
    title = cut(f"{place} {v.texts.get('letter', state)}", TITLE_CHARS)
    big = cut(clean(letter.name) or clean(letter.address) or v.hint("unknown"), BIG_CHARS)
    return Screen(title, big, _below(v, session, letter), progress=_progress(session))


def _below(v: View, session: Session, letter: Letter) -> tuple[str, ...]:
    """A bar takes the second line's place while a message is played."""
    playing = session.stage is Stage.PLAYING
    first = _note(v, session.note) if session.note else _date(v, session, letter)
    if playing:
        return (first,)
    if letter.id == session.deleted:
        return small(first, v.hint("undo"))
    if session.stage is Stage.OVER and session.note is None:
        return v.hint("mail_keys"), v.hint("mail_keys_more")
    return first, v.hint("mail_play")


def _date(v: View, session: Session, letter: Letter) -> str:
    when = moment(v.wall.local(letter.at), v.texts)
    return cut(when, LINE_CHARS) if session.speed == 100 else tail(when, f"{session.speed}%", LINE_CHARS)


def _note(v: View, note: Note) -> str:
    if note is Note.COUNTS:
        return v.hint("mail_counts", new=str(v.book.box.new), old=str(v.book.box.old))
    return v.texts.get("said", note)


def _progress(session: Session) -> Heard | None:
    if session.stage is not Stage.PLAYING:
        return None
    total = session.long_ms / 1000
    part = min(1.0, session.ms / session.long_ms) if session.long_ms else 0.0
    return Heard(brief_duration(session.ms / 1000), brief_duration(total), part)


def _rows(v: View, title: str, table: str) -> Screen:
    return Screen(v.title(title), "", rows=tuple(v.texts.tables[table].values()))
