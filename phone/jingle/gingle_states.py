"""What may happen in a Google session, and when: states, moves, dialects, and the errors for all else."""

from __future__ import annotations

from typing import Final

from phone.jingle.api import StanzaError
from phone.jingle.gingle_elements import Act, Dialect, Gingle
from phone.jingle.proposal import Way
from phone.jingle.states import State

UNKNOWN: Final = StanzaError("bad-request", "modify", text="unknown session")
"""libjingle's, where Jingle says item-not-found."""
NOT_NOW: Final = StanzaError("not-allowed", "cancel")
"""libjingle 0.4's, in the wrong state."""

Move = tuple[Way, Act]
_SENT = Way.SENT
_GOT = Way.GOT

_ANY_WAY: Final = (Act.CANDIDATES, Act.TRANSPORT_INFO, Act.TRANSPORT_ACCEPT, Act.INFO, Act.CONTENT_INFO)
_ANY_TIME: Final[tuple[Move, ...]] = (
    *((way, act) for way in (_SENT, _GOT) for act in _ANY_WAY),
    (_GOT, Act.UPDATE),
)
"""Allowed while the session lives, without effect on its state: candidates go before or after the accept, both ways."""
_END: Final[dict[Move, State]] = {
    (_SENT, Act.TERMINATE): State.ENDED,
    (_GOT, Act.TERMINATE): State.ENDED,
}

TRANSITIONS: Final[dict[bool, dict[State, dict[Move, State]]]] = {
    True: {  # we are the initiator
        State.NEW: {(_SENT, Act.INITIATE): State.PENDING},
        State.PENDING: dict.fromkeys(_ANY_TIME, State.PENDING)
        | _END
        | {
            (_GOT, Act.ACCEPT): State.ACTIVE,
            (_GOT, Act.REJECT): State.ENDED,
            (_GOT, Act.REDIRECT): State.ENDED,
        },
        State.ACTIVE: dict.fromkeys(_ANY_TIME, State.ACTIVE) | _END,
        State.ENDED: {},
    },
    False: {
        State.NEW: {(_GOT, Act.INITIATE): State.PENDING},
        State.PENDING: dict.fromkeys(_ANY_TIME, State.PENDING)
        | _END
        | {
            (_SENT, Act.ACCEPT): State.ACTIVE,
            (_SENT, Act.REJECT): State.ENDED,
            (_SENT, Act.REDIRECT): State.ENDED,
        },
        State.ACTIVE: dict.fromkeys(_ANY_TIME, State.ACTIVE) | _END,
        State.ENDED: {},
    },
}


FORMS: Final[dict[Dialect, tuple[Act, ...]]] = {
    Dialect.UNKNOWN: (Act.TRANSPORT_INFO, Act.CANDIDATES),
    Dialect.GTALK3: (Act.CANDIDATES,),
    Dialect.GTALK4: (Act.TRANSPORT_INFO,),
}
"""How candidates are told."""


def seen(dialect: Dialect, got: Gingle) -> Dialect:
    """What a far end that has sent this speaks. Who once sent bare candidates is taken for GTALK3 for ever: all that
    write them read them, while newer libjingle and Asterisk are blind for wrapped ones. (Yate sends both.)
    """
    if dialect is Dialect.GTALK3 or got.bare or got.act is Act.CANDIDATES:
        return Dialect.GTALK3
    if got.act is Act.INITIATE:
        video = got.description is not None and got.description.video
        return Dialect.GTALK4 if got.transport and not video else Dialect.GTALK3
    if got.transport and got.act in {Act.TRANSPORT_INFO, Act.TRANSPORT_ACCEPT}:
        return Dialect.GTALK4
    return dialect
