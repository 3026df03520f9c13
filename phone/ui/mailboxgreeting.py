"""Recording a greeting: told how, tone, speech, heard, used or not. Pure."""

from __future__ import annotations

from dataclasses import replace

from phone.calls.events import Key
from phone.ui.mailboxmoves import home, keys_of, recorded, speak
from phone.ui.mailboxstate import (
    DRAFT,
    GREETING,
    DropGreeting,
    Note,
    RemoveGreeting,
    Session,
    Stage,
    StopGreeting,
    Turn,
    UseGreeting,
    prompts,
)
from phone.ui.spoken import Say, said

GREETING_STAGES = frozenset({Stage.GREETING, Stage.BRIEFING, Stage.RECORDING, Stage.DRAFT})


def greeting_room(session: Session, at: float) -> Session:
    """Who has a greeting of his own may want to hear it first; else it is recorded now."""
    if not session.box.own_greeting:
        return _briefed(session, at)
    return replace(speak(session, Stage.GREETING, said(Say.GREETING_KEYS), at), repeated=False)


def greeting_key(session: Session, key: str | Key, at: float) -> Turn:
    """A key in one of `GREETING_STAGES`."""
    match session.stage:
        case Stage.GREETING:
            return _own(session, key, at)
        case Stage.BRIEFING:
            return Turn(home(session, at) if key in ("*", Key.BACK) else _briefed(session, at))
        case Stage.RECORDING:
            return _recording(session, key, at)
        case _:
            return _draft(session, key, at)


def drafted(session: Session, at: float) -> Session:
    """What was recorded has come: it is heard."""
    spoke = speak(session, Stage.DRAFT, said(Say.YOUR_GREETING), at)
    return replace(spoke, parts=(*spoke.parts, DRAFT, *prompts(said(Say.DRAFT_KEYS))))


def _briefed(session: Session, at: float) -> Session:
    return speak(session, Stage.BRIEFING, said(Say.RECORD, Say.BEEP), at)


def _own(session: Session, key: str | Key, at: float) -> Turn:
    match key:
        case "1" | Key.OK:
            spoke = speak(session, Stage.GREETING, (), at)
            return Turn(replace(spoke, parts=(GREETING, *prompts(said(Say.GREETING_KEYS))), repeated=False))
        case "2" | "0":
            return Turn(_briefed(session, at))
        case "3":
            return Turn(home(session, at, said(Say.BUILT_IN), Note.BUILT_IN), (RemoveGreeting(),))
        case "*" | Key.BACK:
            return Turn(home(session, at))
        case _:
            return Turn(replace(speak(session, session.stage, keys_of(session), at), repeated=False))


def _recording(session: Session, key: str | Key, at: float) -> Turn:
    match key:
        case "#" | Key.OK:
            return Turn(recorded(session, at), (StopGreeting(),))
        case "*" | Key.BACK:
            return Turn(home(session, at), (DropGreeting(),))
        case _:
            return Turn(session)


def _draft(session: Session, key: str | Key, at: float) -> Turn:
    if key in ("*", Key.BACK):
        return Turn(home(session, at), (DropGreeting(),))
    if session.draft_awaited:
        return Turn(session)
    match key:
        case "1" | Key.OK:
            return Turn(replace(drafted(session, at), repeated=False))
        case "2":
            return Turn(home(session, at, said(Say.IN_USE), Note.IN_USE), (UseGreeting(),))
        case "3" | "0":
            return Turn(_briefed(session, at), (DropGreeting(),))
        case _:
            return Turn(replace(speak(session, session.stage, keys_of(session), at), repeated=False))
