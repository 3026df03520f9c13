"""The XEP-0353 0.8.0 machine: one call's messages before (and, with finish, after) its Jingle session.

Laws
1. What may happen when stands in TRANSITIONS and nowhere else.
2. A message of ours that the table does not allow raises LocalProtocolError and changes nothing; one of theirs is
   refused (`receive` says False) and changes nothing.
3. Nothing in here knows of Jingle sessions, users or time.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from phone.jingle.api import EndReason, SendMessage
from phone.jingle.codec import encode_proposal
from phone.jingle.elements import Proposal, Reason, Transfer, Verb
from phone.jingle.errors import LocalProtocolError
from phone.jingle.reasons import to_wire


class Way(Enum):
    """Which way an element went."""

    SENT = "sent"
    GOT = "got"


class Stage(Enum):
    """How far an invitation has come."""

    NEW = "new"
    PROPOSED = "proposed"  # ours, nothing heard
    ALERTED = "alerted"  # ours, a device rings
    PROCEEDED = "proceeded"  # ours, a device took it: session-initiate is our turn
    OFFERED = "offered"  # theirs, we may ring
    TAKEN = "taken"  # theirs, we took it: session-initiate is their turn
    ENDED = "ended"


_SENT = Way.SENT
_GOT = Way.GOT

TRANSITIONS: Final[dict[Stage, dict[tuple[Way, Verb], Stage]]] = {
    Stage.NEW: {
        (_SENT, Verb.PROPOSE): Stage.PROPOSED,
        (_GOT, Verb.PROPOSE): Stage.OFFERED,
    },
    Stage.PROPOSED: {
        (_GOT, Verb.RINGING): Stage.ALERTED,
        (_GOT, Verb.PROCEED): Stage.PROCEEDED,
        (_GOT, Verb.REJECT): Stage.ENDED,
        (_GOT, Verb.FINISH): Stage.ENDED,
        (_SENT, Verb.RETRACT): Stage.ENDED,
    },
    Stage.ALERTED: {
        (_GOT, Verb.RINGING): Stage.ALERTED,  # another of their devices
        (_GOT, Verb.PROCEED): Stage.PROCEEDED,
        (_GOT, Verb.REJECT): Stage.ENDED,
        (_GOT, Verb.FINISH): Stage.ENDED,
        (_SENT, Verb.RETRACT): Stage.ENDED,
    },
    Stage.PROCEEDED: {
        (_GOT, Verb.REJECT): Stage.ENDED,  # changed their mind before the session
        (_GOT, Verb.FINISH): Stage.ENDED,
        (_SENT, Verb.RETRACT): Stage.ENDED,
        (_SENT, Verb.FINISH): Stage.ENDED,
    },
    Stage.OFFERED: {
        (_SENT, Verb.RINGING): Stage.OFFERED,
        (_SENT, Verb.ACCEPT): Stage.OFFERED,
        (_SENT, Verb.PROCEED): Stage.TAKEN,
        (_SENT, Verb.REJECT): Stage.ENDED,
        (_GOT, Verb.RETRACT): Stage.ENDED,
        (_GOT, Verb.FINISH): Stage.ENDED,
    },
    Stage.TAKEN: {
        (_SENT, Verb.REJECT): Stage.ENDED,
        (_SENT, Verb.FINISH): Stage.ENDED,
        (_GOT, Verb.RETRACT): Stage.ENDED,
        (_GOT, Verb.FINISH): Stage.ENDED,
    },
    Stage.ENDED: {},
}


_REFUSALS: Final = (
    EndReason.BUSY,
    EndReason.DECLINED,
    EndReason.HANGUP,
    EndReason.CANCELLED,
    EndReason.TRANSFERRED,
)
"""What the user means for all devices. For another reason we just stop: our other devices may ring on."""


class Invitation:
    """One JMI id, seen from one end."""

    def __init__(self, id: str, peer: str) -> None:
        """`peer`: bare JID of whom we call; full JID of who calls us, and of who took ours once it has."""
        self.id = id
        self.peer = peer
        self.stage = Stage.NEW

    def __repr__(self) -> str:
        return f"Invitation({self.id!r}, {self.peer!r}, {self.stage.value})"

    def send(
        self,
        verb: Verb,
        *,
        to: str | None = None,
        reason: str | None = None,
        tie_break: bool = False,
        transfer: Transfer | None = None,
    ) -> SendMessage:
        """One message, to `peer` unless said otherwise. Raises LocalProtocolError when out of turn."""
        stage = TRANSITIONS[self.stage].get((Way.SENT, verb))
        if stage is None:
            raise LocalProtocolError(f"cannot send {verb.value} when {self.stage.value}: check the stage first")
        self.stage = stage
        return SendMessage(
            to or self.peer,
            encode_proposal(
                Proposal(
                    verb,
                    self.id,
                    media=("audio",) if verb is Verb.PROPOSE else (),
                    reason=None if reason is None else Reason(reason),
                    tie_break=tie_break,
                    transfer=transfer,
                )
            ),
        )

    def withdraw(self, reason: EndReason) -> tuple[SendMessage, ...]:
        """End it before its session: retract ours, reject theirs. "busy" is the only reason that we give away."""
        match self.stage:
            case Stage.PROPOSED | Stage.ALERTED | Stage.PROCEEDED:
                return (self.send(Verb.RETRACT, reason="cancel"),)
            case Stage.TAKEN:
                return (self.send(Verb.REJECT),)
            case Stage.OFFERED if reason in _REFUSALS:
                return (self.send(Verb.REJECT, reason="busy" if reason is EndReason.BUSY else None),)
            case _:
                return ()

    def finish(self, reason: EndReason) -> tuple[SendMessage, ...]:
        """Its session is over: both sides tell it to the other's device, so that archives hold the end."""
        if self.stage not in {Stage.PROCEEDED, Stage.TAKEN}:
            return ()
        return (self.send(Verb.FINISH, reason=to_wire(reason, active=True, outgoing=self.stage is Stage.PROCEEDED)),)

    def receive(self, verb: Verb) -> bool:
        """Take one of theirs; False when it is out of turn (then nothing has changed)."""
        stage = TRANSITIONS[self.stage].get((Way.GOT, verb))
        if stage is None:
            return False
        self.stage = stage
        return True
