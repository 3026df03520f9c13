"""What the keys do while the user listens to his messages. Pure.

Law: a key that is pressed is answered, by speech or by what it does; it cuts short what is being said.
"""

from __future__ import annotations

from dataclasses import replace

from phone.calls import events as ev
from phone.calls.events import Key
from phone.ui import spoken
from phone.ui.book import Letter
from phone.ui.mailboxgreeting import GREETING_STAGES, greeting_key, greeting_room
from phone.ui.mailboxmoves import (
    after_help,
    chosen,
    ended,
    home,
    keys_of,
    onward,
    paused,
    play,
    resumed,
    speak,
    touched,
)
from phone.ui.mailboxstate import (
    SPEEDS,
    DeleteLetter,
    KeepLetter,
    Note,
    Session,
    SkipBy,
    Stage,
    Turn,
    UndoDelete,
)
from phone.ui.spoken import Say, Words, said

SKIP_MS = 5000


def pressed(session: Session, key: str | Key, at: float) -> Turn:
    """A digit, or OK, BACK, UP, DOWN, TRANSFER."""
    if session.stage in GREETING_STAGES:
        return greeting_key(session, key, at)
    if session.stage is Stage.HELP:
        return _in_help(session, key, at)
    match key:
        case Key.BACK:
            return Turn(session, (), (ev.MailboxLeft(at),))
        case Key.UP | Key.DOWN:
            return Turn(_stepped(session, 1 if key is Key.DOWN else -1, at))
        case "0":
            return Turn(greeting_room(session, at))
        case "7" | "9":
            return Turn(_sped(session, 1 if key == "9" else -1, at))
        case "8":
            helped = replace(session, back=session.stage, repeated=False)
            return Turn(speak(helped, Stage.HELP, said(Say.HELP), at))
    letter = session.letter
    return _at_end(session, key, at) if letter is None else _at_letter(session, letter, key, at)


def _in_help(session: Session, key: str | Key, at: float) -> Turn:
    """BACK and 8 leave it, so does any other key, which then does what it says."""
    back = replace(session, stage=session.back)
    if key in (Key.BACK, "8"):
        return Turn(after_help(session, at))
    return pressed(back, key, at)


def _at_end(session: Session, key: str | Key, at: float) -> Turn:
    if key == "3" and session.deleted:
        place = next(i for i, letter in enumerate(session.letters) if letter.id == session.deleted)
        return _restored(replace(session, cursor=place), at)
    if key in ("1", "6", Key.OK) and session.letters:
        return Turn(play(replace(session, cursor=0), at))
    return Turn(replace(speak(session, Stage.END, keys_of(session), at), repeated=False))


def _at_letter(session: Session, letter: Letter, key: str | Key, at: float) -> Turn:
    match key:
        case "1":
            return Turn(play(session, at, plain=True))
        case "2":
            return _next(session, letter, at)
        case "3":
            return _restored(session, at) if letter.id == session.deleted else _deleted(session, letter, at)
        case "4":
            who = spoken.caller(letter.name, letter.address, session.voice)
            return Turn(_told(session, (*spoken.moment(letter.at, session.voice), *who), at))
        case "5":
            if not letter.address:
                return Turn(_told(session, said(Say.NO_CALL_BACK), at, Note.NO_CALL_BACK))
            return Turn(session, (), (ev.DialRequested(letter.address, at),))
        case "6" | Key.OK:
            return Turn(_play_or_pause(session, at))
        case "*" | "#":
            return _skipped(session, SKIP_MS if key == "#" else -SKIP_MS, at)
        case _:
            return Turn(_told(session, keys_of(session), at))


def _next(session: Session, letter: Letter, at: float) -> Turn:
    """What was heard by half is kept by that."""
    if not session.half_heard or letter.id == session.deleted:
        return Turn(onward(session, at))
    letters = tuple(replace(m, state="kept") if m.id == letter.id else m for m in session.letters)
    kept = replace(session, kept=session.kept | {letter.id}, letters=letters)
    requests = () if letter.state == "kept" else (KeepLetter(letter.id),)
    return Turn(onward(kept, at, said(Say.SAVED), Note.SAVED), requests)


def _deleted(session: Session, letter: Letter, at: float) -> Turn:
    """The one deleted before goes for good."""
    before = session.deleted
    letters = tuple(m for m in session.letters if m.id != before)
    cursor = next(i for i, m in enumerate(letters) if m.id == letter.id)
    session = replace(session, letters=letters, cursor=cursor, deleted=letter.id, repeated=False)
    session = replace(
        session,
        gone=session.gone | {before} if before else session.gone,
        restored=session.restored - {letter.id},
    )
    return Turn(speak(session, Stage.OVER, said(Say.ERASED), at, Note.ERASED), (DeleteLetter(letter.id),))


def _restored(session: Session, at: float) -> Turn:
    back = replace(session, deleted="", restored=session.restored | {session.deleted})
    return Turn(chosen(back, at, said(Say.RESTORED), Note.RESTORED), (UndoDelete(),))


def _told(session: Session, words: Words, at: float, note: Note | None = None) -> Session:
    """Something about the message at hand; one that is being played goes on then."""
    if session.stage is Stage.PLAYING:
        return replace(resumed(session, at, words), note=note)
    return replace(speak(session, Stage.CHOSEN, words, at, note), repeated=False)


def _play_or_pause(session: Session, at: float) -> Session:
    if session.stage is Stage.PLAYING:
        return paused(session, at)
    return play(session, at, plain=True)


def _skipped(session: Session, by: int, at: float) -> Turn:
    """Before the message has begun, and after its end, it begins elsewhere."""
    to = session.ms + by
    if session.stage is Stage.PLAYING and session.ms > session.start_ms:
        skipped = replace(touched(session, at), ms=max(0, min(to, session.long_ms)), paused=False)
        return Turn(skipped, (SkipBy(session.token, by),))
    if to >= session.long_ms:
        return Turn(onward(session, at))
    return Turn(play(session, at, start_ms=to, plain=True))


def _sped(session: Session, by: int, at: float) -> Session:
    """What is being played goes on at another speed."""
    speed = SPEEDS[max(0, min(SPEEDS.index(session.speed) + by, len(SPEEDS) - 1))]
    return touched(replace(session, speed=speed), at)


def _stepped(session: Session, by: int, at: float) -> Session:
    """To another message, round and round."""
    if not session.letters:
        return ended(session, at, said(Say.NO_MESSAGES))
    if session.stage is Stage.END:
        place = 0 if by > 0 else len(session.letters) - 1
    else:
        place = (session.cursor + by) % len(session.letters)
    return home(replace(session, cursor=place), at)
