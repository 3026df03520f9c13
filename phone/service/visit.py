"""One caller's visit (pure): greeting, beep, recording, end. A frozen state and what happens to it.

    GREETING --said--> RECORDING --silence, length, room, gone--> CLOSING --closed--> KEEPING --kept--> ENDED

Law: our side ends a session as a success only after the message is committed (FINISH comes from `kept`, or there was
no word to keep).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

GREETING_SECONDS: Final = 120.0
"""A greeting that takes longer than this, or a path that does not open, is given up."""
CLOSING_SECONDS: Final = 2.0
LEAST_SPEECH_MS: Final = 1000
"""Less than this is no message."""


class Phase(Enum):
    """How far it is."""

    GREETING = auto()
    """From the accept until the beep is over; the path may not be open yet."""
    RECORDING = auto()
    CLOSING = auto()
    """Nothing more is to be recorded; the last of it is on its way from the media process."""
    KEEPING = auto()
    """The message is on its way into the store."""
    ENDED = auto()


class Why(Enum):
    """Why a recording ended."""

    HUNG_UP = "hung up"
    SILENCE = "silence"
    LENGTH = "length"
    ROOM = "room"
    LOST = "lost"
    """The media failed."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Moments are monotonic seconds."""

    phase: Phase
    deadline: float
    speech_ms: int = 0
    there: bool = True
    """The caller's session has not ended."""
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a message may be, and a silence."""

    seconds: float
    silence: float


class Act(Enum):
    """What is to be done now."""

    KEEP = auto()
    """The recording is over: put it into the store."""
    DROP = auto()
    """There is nothing worth keeping."""
    FINISH = auto()
    """End the session, as a success: the message is committed, or none was meant."""
    FAIL = auto()
    """End the session: it did not work."""


Step = tuple[Visit, tuple[Act, ...]]


def arrived(now: float) -> Visit:
    """He was let in."""
    return Visit(Phase.GREETING, now + GREETING_SECONDS)


def said(visit: Visit, terms: Terms, now: float) -> Step:
    """He has heard greeting and beep."""
    if visit.phase is not Phase.GREETING:
        return visit, ()
    return replace(visit, phase=Phase.RECORDING, deadline=now + terms.seconds), ()


def heard(visit: Visit, terms: Terms, speech_ms: int, silent_ms: int, now: float) -> Step:
    """The media process tells of the recording."""
    if visit.phase not in {Phase.RECORDING, Phase.CLOSING}:
        return visit, ()
    visit = replace(visit, speech_ms=speech_ms)
    silent = visit.phase is Phase.RECORDING and silent_ms >= 1000 * terms.silence
    return over(visit, Why.SILENCE, now) if silent else (visit, ())


def over(visit: Visit, why: Why, now: float) -> Step:
    """Nothing more is to be recorded."""
    if visit.phase is Phase.RECORDING:
        return replace(visit, phase=Phase.CLOSING, why=why, deadline=now + CLOSING_SECONDS), ()
    if visit.phase is not Phase.GREETING:
        return visit, ()
    return replace(visit, phase=Phase.ENDED, why=why), (Act.DROP, *((Act.FAIL,) if visit.there else ()))


def gone(visit: Visit, now: float) -> Step:
    """The caller's session is over."""
    return over(replace(visit, there=False), Why.HUNG_UP, now)


def closed(visit: Visit) -> Step:
    """All that was recorded is here."""
    if visit.phase is not Phase.CLOSING:
        return visit, ()
    if visit.speech_ms >= LEAST_SPEECH_MS:
        return replace(visit, phase=Phase.KEEPING), (Act.KEEP,)
    end = Act.FAIL if visit.why is Why.LOST else Act.FINISH
    return replace(visit, phase=Phase.ENDED), (Act.DROP, *((end,) if visit.there else ()))


def expired(visit: Visit, now: float) -> Step:
    """The clock."""
    if now < visit.deadline:
        return visit, ()
    if visit.phase is Phase.CLOSING:
        return closed(visit)
    return over(visit, Why.LENGTH if visit.phase is Phase.RECORDING else Why.LOST, now)


def kept(visit: Visit, *, committed: bool) -> Step:
    """The store has it, or does not take it now (the spool has it all the same, and it comes into the store later)."""
    if visit.phase is not Phase.KEEPING:
        return visit, ()
    end = (Act.FINISH if committed else Act.FAIL,) if visit.there else ()
    return replace(visit, phase=Phase.ENDED), end
