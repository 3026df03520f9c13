"""How the menu of the messages goes from one thing to the next: by itself, or when a key asks for it. Pure.

Law: whatever is said anew has a new token; nothing is said that a key could not cut short.
"""

from __future__ import annotations

from dataclasses import replace

from phone.calls import events as ev
from phone.ui import spoken
from phone.ui.book import Box
from phone.ui.mailboxstate import (
    DropGreeting,
    Note,
    RecordGreeting,
    Session,
    Stage,
    StopGreeting,
    Turn,
    merged,
    prompts,
    state_of,
)
from phone.ui.spoken import Say, Voice, Words, said

ADVANCE = 4.0
"""Seconds from the end of a message to the next new one."""
REPEAT, LEAVE = 10.0, 20.0
"""Seconds without a key until the keys are told once more, and from then on until the session is over."""
PAUSED = 300.0
LONGEST_GREETING = 60.0
DRAFT_WAIT = 5.0
"""Seconds for a recorded greeting to come."""
_PATIENCE = 60.0
"""Seconds after which a prompt is taken as heard: nobody may ever tell."""


def opened(box: Box, voice: Voice, token: int, at: float, letter: str = "") -> Session:
    """The session begins: with that message, else with the first new one, else by telling what there is."""
    session = Session(voice, box, box.letters, token=token)
    places = [i for i, known in enumerate(box.letters) if known.id == letter]
    if places:
        return play(replace(session, cursor=places[0]), at)
    if box.trouble and not box.letters:
        return ended(session, at, said(Say.TROUBLE), Note.TROUBLE)
    if not box.letters:
        return ended(session, at, said(Say.NO_MESSAGES))
    lead, note = spoken.counts(box.new, box.old), Note.COUNTS
    if box.trouble:
        lead, note = (*said(Say.TROUBLE), *lead), Note.TROUBLE
    first = next_new(session)
    return chosen(session, at, lead, note) if first is None else play(replace(session, cursor=first), at, lead, note)


def speak(session: Session, stage: Stage, words: Words, at: float, note: Note | None = None) -> Session:
    """`words`, in that stage."""
    spoke = replace(session, stage=stage, since=at, parts=prompts(words), start_ms=0, note=note, paused=False)
    return replace(spoke, token=session.token + 1, told=False, until=at + _PATIENCE)


def chosen(session: Session, at: float, lead: Words = (), note: Note | None = None) -> Session:
    """The message under the cursor is announced, not played."""
    session = replace(session, stage=Stage.CHOSEN, ms=0, repeated=False)
    return speak(session, Stage.CHOSEN, (*lead, *_announced(session), *_keys(session)), at, note)


def play(
    session: Session, at: float, lead: Words = (), note: Note | None = None, *, start_ms: int = 0, plain: bool = False
) -> Session:
    """The message under the cursor is played; `plain`: without being announced."""
    letter = session.letters[session.cursor]
    session = replace(session, stage=Stage.PLAYING, repeated=False, played=session.played | {letter.id})
    if not letter.file:
        return _unplayable(session, at)
    start_ms = max(0, min(start_ms, session.long_ms))
    words = (*lead, *(() if plain else _announced(session)))
    spoke = speak(session, Stage.PLAYING, words, at, note)
    return replace(
        spoke,
        parts=(*spoke.parts, letter.file),
        start_ms=start_ms,
        ms=start_ms,
        until=_latest(spoke, at),
    )


def resumed(session: Session, at: float, lead: Words = ()) -> Session:
    """After something else was told of the message that is being played, it goes on where it was."""
    return play(session, at, lead, start_ms=session.ms, plain=True)


def paused(session: Session, at: float) -> Session:
    """Paused, or going on: the same speech."""
    stops = not session.paused
    return replace(session, paused=stops, until=at + PAUSED if stops else _latest(session, at))


def touched(session: Session, at: float) -> Session:
    """A key that did not change what is heard."""
    return replace(session, until=_latest(session, at)) if session.stage is Stage.PLAYING else session


def ended(session: Session, at: float, lead: Words, note: Note | None = None) -> Session:
    """No message is at hand."""
    keys = Say.KEYS_END if session.letters else Say.KEYS_EMPTY
    session = replace(session, repeated=False, ms=0)
    return speak(session, Stage.END, (*lead, *said(keys)), at, note)


def home(session: Session, at: float, lead: Words = (), note: Note | None = None) -> Session:
    """From a side room back to the messages."""
    if session.letters:
        return chosen(session, at, lead, note)
    return ended(session, at, lead or said(Say.NO_MESSAGES), note)


def next_new(session: Session) -> int | None:
    """The first new message that was not played yet."""
    done = session.played | {session.deleted}
    return next((i for i, m in enumerate(session.letters) if m.state == "new" and m.id not in done), None)


def onward(session: Session, at: float, lead: Words = (), note: Note | None = None) -> Session:
    """To the next new message; if there is none, to the one behind that at hand."""
    place = next_new(session)
    if place is None:
        place = session.cursor + 1
    if place >= len(session.letters):
        return ended(session, at, (*lead, *said(Say.NO_MORE)), note)
    return play(replace(session, cursor=place), at, lead, note)


# --- by itself --------------------------------------------------------------------------------------------------


def heard_out(session: Session, at: float, *, trouble: bool) -> Turn:
    """All that was to be heard was."""
    match session.stage:
        case Stage.PLAYING if trouble:
            return Turn(_unplayable(session, at))
        case Stage.PLAYING:
            over = replace(session, ms=max(1, session.long_ms), repeated=False)
            return Turn(speak(over, Stage.OVER, (*said(Say.END_OF_MESSAGE), *_keys(over)), at))
        case Stage.OVER:
            return Turn(replace(session, told=True, until=at + ADVANCE))
        case Stage.HELP:
            return Turn(after_help(session, at))
        case Stage.BRIEFING:
            recording = replace(session, stage=Stage.RECORDING, since=at, parts=(), until=at + LONGEST_GREETING)
            return Turn(replace(recording, token=session.token + 1), (RecordGreeting(),))
        case _:
            wait = LEAVE if session.repeated else REPEAT
            return Turn(replace(session, told=True, until=at + wait))


def time_over(session: Session, at: float) -> Turn:
    """`until` has come."""
    if session.stage is Stage.RECORDING:
        return Turn(recorded(session, at), (StopGreeting(),))
    if session.draft_awaited:
        return Turn(home(session, at, said(Say.NOT_RECORDED), Note.NOT_RECORDED), (DropGreeting(),))
    if session.stage is Stage.PLAYING and session.paused:
        return Turn(replace(session, until=None), (), (ev.MailboxLeft(at),))
    if not session.told:
        return heard_out(session, at, trouble=True)
    if session.stage is Stage.OVER:
        return Turn(_advanced(session, at))
    if session.repeated:
        return Turn(replace(session, until=None), (), (ev.MailboxLeft(at),))
    return Turn(replace(speak(session, session.stage, keys_of(session), at), repeated=True))


def recorded(session: Session, at: float) -> Session:
    """The greeting is complete; it is awaited."""
    waits = replace(session, stage=Stage.DRAFT, since=at, repeated=False, note=None)
    return replace(waits, until=at + DRAFT_WAIT)


def after_help(session: Session, at: float) -> Session:
    """Back to where help was asked for."""
    if session.back is Stage.PLAYING:
        return resumed(session, at)
    return home(session, at)


def moved(session: Session, box: Box, at: float) -> Session:
    """The box has changed. If what is at hand has gone, the one in its place is told of."""
    now = merged(session, box)
    if session.stage is Stage.END:
        return _refilled(session, now, at)
    if not session.letters or session.letter_id in {m.id for m in now.letters}:
        return now
    if session.stage in (Stage.CHOSEN, Stage.PLAYING, Stage.OVER):
        return home(now, at)
    return replace(now, back=Stage.CHOSEN)


def _refilled(before: Session, now: Session, at: float) -> Session:
    """Nothing was at hand; what has come is told."""
    if before.box.trouble and not now.box.trouble:
        return replace(opened(now.box, now.voice, now.token, at), speed=now.speed, asked_at=now.asked_at)
    if next_new(now) is not None and next_new(before) is None:
        return onward(now, at)
    return now


def _advanced(session: Session, at: float) -> Session:
    """The message was over for a while."""
    if next_new(session) is not None or (session.deleted and session.deleted == session.letter_id):
        return onward(session, at)
    keys = (*said(Say.NO_MORE_NEW), *_keys(session))
    return replace(speak(session, Stage.CHOSEN, keys, at, Note.NO_MORE_NEW), repeated=False)


def _unplayable(session: Session, at: float) -> Session:
    return speak(replace(session, ms=0), Stage.OVER, said(Say.CANNOT_PLAY), at, Note.CANNOT_PLAY)


def _latest(session: Session, at: float) -> float:
    """When a message must have been played, at any speed."""
    return at + _PATIENCE + 2 * session.letters[session.cursor].seconds


def _announced(session: Session) -> Words:
    letter = session.letters[session.cursor]
    return spoken.position(state_of(session, letter), session.cursor + 1, len(session.letters))


def _keys(session: Session) -> Words:
    deleted = session.deleted and session.letter_id == session.deleted
    return said(Say.KEYS_DELETED if deleted else Say.KEYS)


def keys_of(session: Session) -> Words:
    """What the keys do in this stage."""
    match session.stage:
        case Stage.GREETING:
            return said(Say.GREETING_KEYS)
        case Stage.DRAFT:
            return said(Say.DRAFT_KEYS)
        case Stage.END:
            return said(Say.KEYS_END if session.letters else Say.KEYS_EMPTY)
        case _:
            return _keys(session)
