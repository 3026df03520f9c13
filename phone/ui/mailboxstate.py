"""What the menu of the messages knows, what it asks for, and what it wants heard. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from phone.calls.events import Event
from phone.ui.book import Box, Letter
from phone.ui.spoken import Say, Voice, Words

PROMPT = "prompt:"
"""Begins a part of `Speech` that is a prompt's name."""
GREETING, DRAFT = "greeting:", "draft:"
"""Parts of a session's speech that stand for a path in `Box`."""


@dataclass(frozen=True, slots=True)
class MarkHeard:
    """So much of a new message was heard that it is new no more."""

    id: str


@dataclass(frozen=True, slots=True)
class KeepLetter:
    """It is not to expire."""

    id: str


@dataclass(frozen=True, slots=True)
class DeleteLetter:
    """`UndoDelete` brings it back until the next one, or `LeaveBox`."""

    id: str


@dataclass(frozen=True, slots=True)
class UndoDelete:
    """Bring back what was deleted last."""


@dataclass(frozen=True, slots=True)
class LeaveBox:
    """The session is over: deleted messages go for good."""


@dataclass(frozen=True, slots=True)
class SkipBy:
    """Go on elsewhere in the last file of the speech of that token."""

    token: int
    ms: int
    """Relative, may be negative."""


@dataclass(frozen=True, slots=True)
class RecordGreeting:
    """`recording` is true now. With `StopGreeting` what was said becomes `Box.draft`, which is "" until then."""


@dataclass(frozen=True, slots=True)
class StopGreeting:
    """It is complete."""


@dataclass(frozen=True, slots=True)
class UseGreeting:
    """Callers hear the draft from now on."""


@dataclass(frozen=True, slots=True)
class DropGreeting:
    """Away with the draft, or with what is being recorded."""


@dataclass(frozen=True, slots=True)
class RemoveGreeting:
    """Away with the user's own greeting: callers hear the built-in one again."""


BoxRequest = (
    MarkHeard
    | KeepLetter
    | DeleteLetter
    | UndoDelete
    | LeaveBox
    | SkipBy
    | RecordGreeting
    | StopGreeting
    | UseGreeting
    | DropGreeting
    | RemoveGreeting
)


@dataclass(frozen=True, slots=True)
class Speech:
    """What the ear is to hear now."""

    token: int
    """Another one whenever something else is to be heard."""
    parts: tuple[str, ...]
    """One after the other: a prompt ("prompt:NAME"), or the path of a file."""
    start_ms: int = 0
    """Where the last part is begun."""
    speed: int = 100
    """Percent."""
    paused: bool = False


class Stage(Enum):
    """Where the user is."""

    END = "no message is at hand: there is none, or the last one is over"
    CHOSEN = "a message is announced"
    PLAYING = "a message is heard"
    OVER = "it was, or it was deleted: the next new one follows soon"
    HELP = "the keys are told"
    GREETING = "what can be done with the user's own greeting is told"
    BRIEFING = "how to record a greeting is told, and the tone sounds"
    RECORDING = "a greeting is being recorded"
    DRAFT = "it is complete, and heard"


class Note(Enum):
    """What was said last of an act, for the display."""

    COUNTS = "how many messages there are"
    TROUBLE = "trouble"
    SAVED = "saved"
    ERASED = "erased"
    RESTORED = "restored"
    NO_MORE_NEW = "no more new"
    CANNOT_PLAY = "cannot play"
    NO_CALL_BACK = "no call back"
    NOT_RECORDED = "not recorded"
    IN_USE = "in use"
    BUILT_IN = "built-in"


_EMPTY = Box()
SPEEDS = (75, 100, 125, 150, 200)


@dataclass(frozen=True, slots=True)
class Session:
    """The user listens to his messages."""

    voice: Voice
    box: Box = _EMPTY
    """As it was told last."""
    letters: tuple[Letter, ...] = ()
    """In the order of the beginning, whatever became of them; what came meanwhile behind the new ones."""
    cursor: int = 0
    """Among `letters`."""
    stage: Stage = Stage.END
    since: float = 0.0
    """When that stage began (monotonic)."""
    token: int = 0
    parts: tuple[str, ...] = ()
    start_ms: int = 0
    ms: int = 0
    """How far the message at hand was heard."""
    told: bool = False
    """All of `parts` was heard."""
    speed: int = 100
    paused: bool = False
    until: float | None = None
    """Something happens by itself then (monotonic)."""
    repeated: bool = False
    """The keys were told again, since nothing was pressed."""
    note: Note | None = None
    asked_at: float = 0.0
    """When it was opened, or asked for a message (`Phone.mailbox_at`)."""
    back: Stage = Stage.CHOSEN
    """From which stage the user asked for help."""
    played: frozenset[str] = frozenset()
    """Ids of messages that were begun in this session."""
    heard: frozenset[str] = frozenset()
    """Those that `MarkHeard` was asked for."""
    kept: frozenset[str] = frozenset()
    deleted: str = ""
    """Can be brought back."""
    gone: frozenset[str] = frozenset()
    """Deleted before that one."""
    restored: frozenset[str] = frozenset()
    """Were brought back; the box may not know it yet."""

    @property
    def letter(self) -> Letter | None:
        """The message at hand."""
        return None if self.stage is Stage.END or not self.letters else self.letters[self.cursor]

    @property
    def letter_id(self) -> str:
        """Of the message under the cursor, at hand or not; "": there is none."""
        return self.letters[self.cursor].id if self.letters else ""

    @property
    def long_ms(self) -> int:
        """How long the message at hand is."""
        return round(1000 * self.letter.seconds) if self.letter else 0

    @property
    def half_heard(self) -> bool:
        """At least half of it."""
        return self.ms > 0 and 2 * self.ms >= self.long_ms

    @property
    def draft_awaited(self) -> bool:
        """The greeting is recorded, and not in the box yet."""
        return self.stage is Stage.DRAFT and not self.parts


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of an event."""

    session: Session
    requests: tuple[BoxRequest, ...] = ()
    events: tuple[Event, ...] = ()
    """For the call core."""


def prompts(words: Words) -> tuple[str, ...]:
    """As parts of a speech."""
    return tuple(PROMPT + word for word in words)


def state_of(session: Session, letter: Letter) -> Say:
    """What is said of its state."""
    if letter.id == session.deleted:
        return Say.DELETED
    return {"new": Say.NEW, "heard": Say.HEARD, "kept": Say.KEPT}[letter.state]


def merged(session: Session, box: Box) -> Session:
    """The session with the box as it is now. The order stays; what is at hand stays at hand as long as it is there."""
    known = {letter.id: letter for letter in box.letters}
    pending = session.restored | {session.deleted}
    stay = [known.get(m.id, m) for m in session.letters if m.id in known or m.id in pending]
    have = {m.id for m in stay} | session.gone
    came = [letter for letter in box.letters if letter.id not in have]
    at = _behind_new(session, stay)
    letters = tuple(_ours(session, letter) for letter in (*stay[:at], *came, *stay[at:]))
    return replace(session, box=box, letters=letters, cursor=_cursor(session, letters))


def _behind_new(session: Session, letters: list[Letter]) -> int:
    """Where messages belong that came meanwhile: behind the new ones, and behind what was played of them."""
    begun = [i for i, m in enumerate(letters) if m.state == "new" or m.id in session.heard | session.played]
    return begun[-1] + 1 if begun else 0


def _ours(session: Session, letter: Letter) -> Letter:
    """The box may not know yet what the session asked for."""
    if letter.id in session.kept:
        return replace(letter, state="kept")
    heard = letter.id in session.heard and letter.state == "new"
    return replace(letter, state="heard") if heard else letter


def _cursor(session: Session, letters: tuple[Letter, ...]) -> int:
    """Of the same message; where it is gone, of the one that has its place."""
    places = [i for i, letter in enumerate(letters) if letter.id == session.letter_id]
    return places[0] if places else max(0, min(session.cursor, len(letters) - 1))
