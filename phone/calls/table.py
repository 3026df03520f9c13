"""The legal moves of one call leg, of one that the phone answers for its user, and of one hand-over, as data. What is
not listed is ignored: the network may be late, reordered or rude, and a phone must not stumble over it.

`MediaUp` is not in here before CONNECTING: it is remembered in `Call.media_up` and lets the answer connect at once.
Every live leg may also be ended by us (the cradle, BACK, a timer); that needs no permission. `HookLifted` stands for
whatever takes an offered call; `MessageRefused` is for a leg that leaves a message.
"""

from __future__ import annotations

from enum import Enum

from phone.calls.events import (
    Accepted,
    Alerting,
    Ended,
    Event,
    GreetingOver,
    HookLifted,
    MediaUp,
    MessageRefused,
    RecordingStopped,
)
from phone.calls.model import Answering, Progress

MOVES: dict[Progress, dict[type[Event], Progress]] = {
    Progress.OFFERED: {HookLifted: Progress.CONNECTING, Ended: Progress.ENDED},
    Progress.PROPOSED: {
        Alerting: Progress.ALERTING,
        Accepted: Progress.CONNECTING,
        MessageRefused: Progress.ENDED,
        Ended: Progress.ENDED,
    },
    Progress.ALERTING: {
        Accepted: Progress.CONNECTING,
        MessageRefused: Progress.ENDED,
        Ended: Progress.ENDED,
    },
    Progress.CONNECTING: {
        MediaUp: Progress.CONNECTED,
        MessageRefused: Progress.ENDED,
        Ended: Progress.ENDED,
    },
    Progress.CONNECTED: {Ended: Progress.ENDED},
    Progress.ENDED: {},
}


class Turn(Enum):
    """What comes next for a leg that the phone answers for its user."""

    RECORD = "the far end speaks"
    TAKE_OVER = "the user has it, and nothing is kept"
    HANG_UP = "we end it, and what there is is kept"


ANSWERING_MOVES: dict[Answering, dict[type[Event], Turn]] = {
    Answering.GREETING: {GreetingOver: Turn.RECORD, HookLifted: Turn.TAKE_OVER},
    Answering.RECORDING: {HookLifted: Turn.TAKE_OVER, RecordingStopped: Turn.HANG_UP},
}


class Step(Enum):
    """How far a hand-over has come."""

    ASKED = "asked"  # the far end is to call the third party itself (XEP-0251)
    TAKEN = "taken"  # the third party has it; the far end has still to leave us
    RINGING = "ringing"  # it cannot; we call the third party for it
    BRIDGED = "bridged"  # and carry their speech
    DONE = "done"
    RECALLED = "recalled"  # it failed: the far end is back with our user


class Sign(Enum):
    """What moves a hand-over on."""

    GONE = "the far end has left"
    MOVED = "the third party ended our leg as transferred"
    LOST = "our leg to the third party ended otherwise"
    ANSWERED = "our leg to the third party is up"
    UNSUPPORTED = "the far end cannot"
    SILENT = "nothing heard for too long"
    REFUSED = "the far end will not"
    FAILED = "the far end could not reach it"


HANDOVER_MOVES: dict[Step, dict[Sign, Step]] = {
    Step.ASKED: {
        Sign.GONE: Step.DONE,
        Sign.MOVED: Step.TAKEN,
        Sign.LOST: Step.RECALLED,
        Sign.UNSUPPORTED: Step.RINGING,
        Sign.SILENT: Step.RINGING,
        Sign.REFUSED: Step.RECALLED,
        Sign.FAILED: Step.RECALLED,
    },
    Step.TAKEN: {
        Sign.GONE: Step.DONE,
        Sign.UNSUPPORTED: Step.DONE,
        Sign.SILENT: Step.DONE,
        Sign.REFUSED: Step.RECALLED,
        Sign.FAILED: Step.RECALLED,
    },
    Step.RINGING: {
        Sign.GONE: Step.DONE,
        Sign.MOVED: Step.RECALLED,
        Sign.LOST: Step.RECALLED,
        Sign.ANSWERED: Step.BRIDGED,
    },
    Step.BRIDGED: {Sign.GONE: Step.DONE},
    Step.DONE: {},
    Step.RECALLED: {},
}


def mermaid() -> str:
    """A Mermaid state diagram of `MOVES`; the documentation's drawing is this text."""
    lines = ["stateDiagram-v2", "  [*] --> OFFERED: Offered", "  [*] --> PROPOSED: Propose"]
    for start, row in MOVES.items():
        lines += [f"  {start.name} --> {end.name}: {event.__name__}" for event, end in row.items()]
    return "\n".join([*lines, "  ENDED --> [*]"]) + "\n"


def answering_mermaid() -> str:
    """A Mermaid state diagram of `ANSWERING_MOVES`, from the moment that the phone answers."""
    ends = {Turn.RECORD: Answering.RECORDING.name, Turn.TAKE_OVER: "USER", Turn.HANG_UP: "ENDED"}
    lines = ["stateDiagram-v2", "  [*] --> GREETING: nobody lifts, or VOICEMAIL"]
    for start, row in ANSWERING_MOVES.items():
        lines += [f"  {start.name} --> {ends[turn]}: {event.__name__}" for event, turn in row.items()]
    return "\n".join([*lines, "  USER --> [*]", "  ENDED --> [*]"]) + "\n"


def transfer_mermaid() -> str:
    """A Mermaid state diagram of `HANDOVER_MOVES`, from the moment that the user lets go."""
    lines = ["stateDiagram-v2", "  [*] --> ASKED: it does XEP-0251", "  [*] --> RINGING: it does not"]
    for start, row in HANDOVER_MOVES.items():
        lines += [f"  {start.name} --> {end.name}: {sign.value}" for sign, end in row.items()]
    return "\n".join([*lines, "  DONE --> [*]", "  RECALLED --> [*]"]) + "\n"
