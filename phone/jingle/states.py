"""What may happen in a Jingle session, and when (XEP-0166 5, 7.2): states, moves, and the errors for all else."""

from __future__ import annotations

from enum import Enum
from typing import Final

from phone.jingle.api import StanzaError
from phone.jingle.elements import JINGLE_ERRORS, Action
from phone.jingle.proposal import Way

OUT_OF_ORDER: Final = StanzaError("unexpected-request", "wait", (JINGLE_ERRORS, "out-of-order"))
UNSUPPORTED_INFO: Final = StanzaError("feature-not-implemented", "modify", (JINGLE_ERRORS, "unsupported-info"))
UNKNOWN_SESSION: Final = StanzaError("item-not-found", "cancel", (JINGLE_ERRORS, "unknown-session"))
NOT_OURS: Final = StanzaError("feature-not-implemented", "cancel")
BAD_REQUEST: Final = StanzaError("bad-request", "modify")


class State(Enum):
    """XEP-0166 5, with NEW before the initiate."""

    NEW = "new"
    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


Move = tuple[Way, Action]
_SENT = Way.SENT
_GOT = Way.GOT

_ANY_TIME: Final[tuple[Move, ...]] = (
    (_SENT, Action.SESSION_INFO),
    (_SENT, Action.TRANSPORT_INFO),
    (_SENT, Action.CONTENT_REJECT),
    (_SENT, Action.CONTENT_REMOVE),
    (_SENT, Action.TRANSPORT_REJECT),
    (_GOT, Action.SESSION_INFO),
    (_GOT, Action.TRANSPORT_INFO),
    (_GOT, Action.DESCRIPTION_INFO),
    (_GOT, Action.SECURITY_INFO),
    (_GOT, Action.CONTENT_ADD),
    (_GOT, Action.CONTENT_MODIFY),
    (_GOT, Action.CONTENT_REMOVE),
    (_GOT, Action.TRANSPORT_REPLACE),
)
"""Allowed while the session lives, without effect on its state."""
_END: Final[dict[Move, State]] = {
    (_SENT, Action.SESSION_TERMINATE): State.ENDED,
    (_GOT, Action.SESSION_TERMINATE): State.ENDED,
}

TRANSITIONS: Final[dict[bool, dict[State, dict[Move, State]]]] = {
    True: {  # we are the initiator
        State.NEW: {(_SENT, Action.SESSION_INITIATE): State.PENDING},
        State.PENDING: dict.fromkeys(_ANY_TIME, State.PENDING) | _END | {(_GOT, Action.SESSION_ACCEPT): State.ACTIVE},
        State.ACTIVE: dict.fromkeys(_ANY_TIME, State.ACTIVE) | _END,
        State.ENDED: {},
    },
    False: {
        State.NEW: {(_GOT, Action.SESSION_INITIATE): State.PENDING},
        State.PENDING: dict.fromkeys(_ANY_TIME, State.PENDING) | _END | {(_SENT, Action.SESSION_ACCEPT): State.ACTIVE},
        State.ACTIVE: dict.fromkeys(_ANY_TIME, State.ACTIVE) | _END,
        State.ENDED: {},
    },
}
