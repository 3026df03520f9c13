"""XEP-0251 0.2 on one leg, in all three roles: attendant (we ask), caller (we are asked), callee (we are called).

Laws
1. Only the far end of an active session may ask, for itself, and one thing at a time; every `<transfer/>` IQ is
   answered exactly once: on the user's word, after ANSWER_SECONDS, or when the leg ends, whichever is first.
2. A request is good for one call, on a chain of at most MAX_HOPS transfers. Back to who was left is everyday work
   ("I put you back to the secretary"); it is the count that ends a circle.
3. What we asked for comes to one end: the leg's (`outcome`), or one TransferFailed. An ack proves nothing
   (Conversations acks whatever it is told): it counts when they terminate.
4. A leg is told to be replaced at most once, by who knows its sid and both its full JIDs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from phone.jingle.api import (
    Effects,
    EndReason,
    Nonsense,
    Permission,
    Reply,
    StanzaError,
    TransferAsked,
    TransferFailed,
    TransferFault,
)
from phone.jingle.elements import JINGLE_ERRORS, RTP_INFO, Info, Transfer
from phone.jingle.errors import LocalProtocolError
from phone.jingle.jid import bare, valid
from phone.jingle.parse import MAX_ID
from phone.jingle.reasons import from_transfer_error
from phone.jingle.session import Session
from phone.jingle.states import BAD_REQUEST, OUT_OF_ORDER, State

REPLY_SECONDS: Final = 30.0
"""For the answer to our `<transfer/>`: Yate calls the third party first."""
OUTCOME_SECONDS: Final = 60.0
"""From their ack to their terminate: our own phone lets the third party ring for 45 s."""
ANSWER_SECONDS: Final = 18.0
"""For our user to say yes or no: Yate gives an IQ up after 20 s."""
MAX_HOPS: Final = 3

NOT_ALLOWED: Final = StanzaError("not-allowed", "cancel")
RUNNING: Final = StanzaError("conflict", "cancel", (JINGLE_ERRORS, "tie-break"))


@dataclass(frozen=True, slots=True)
class Trail:
    """How a call came about: how many transfers led to it."""

    hops: int = 0

    def further(self) -> Trail:
        """One transfer more."""
        return Trail(self.hops + 1)

    @property
    def ends(self) -> bool:
        """It may not be transferred again."""
        return self.hops >= MAX_HOPS


@dataclass(frozen=True, slots=True)
class Request:
    """What a far end asked us to do; `attendant` is the JID that the third party knows it by."""

    asker: str
    iq_id: str
    attendant: str
    to: str
    sid: str | None
    deadline: float | None
    """When it is answered with no; None once it was answered with yes."""
    trail: Trail
    """That of the call that it asks for."""
    used: bool = False

    @property
    def mark(self) -> Transfer:
        """What goes out with the call."""
        return Transfer(self.attendant) if self.sid is None else Transfer(self.attendant, self.to, self.sid)


@dataclass(frozen=True, slots=True)
class Asking:
    """What we asked a far end to do."""

    token: str
    deadline: float
    acked: bool = False
    held: bool = False
    """It put us on hold after its ack: it does what was asked."""


class Transfers:
    """What is going on about one leg."""

    def __init__(self, id: str, *, mark: Transfer | None = None, trail: Trail | None = None) -> None:
        """`id` names the call; `mark`: on whose behalf we place it."""
        self.mark = mark
        self.trail = trail or Trail()
        self.replaced = False
        """Another call was offered to the core as taking this one's place."""
        self._id = id
        self._asking: Asking | None = None
        self._request: Request | None = None

    @property
    def deadline(self) -> float | None:
        """When `expire` should be called."""
        waits = [w.deadline for w in (self._asking, self._request) if w is not None and w.deadline is not None]
        return min(waits, default=None)

    def expire(self, now: float) -> Effects:
        """What was waited for too long."""
        effects: Effects = ()
        if self._request is not None and self._request.deadline is not None and self._request.deadline <= now:
            effects += self.answer(accept=False)
        if self._asking is not None and self._asking.deadline <= now:
            effects += self._failed(TransferFault.FAILED if self._asking.held else TransferFault.UNSUPPORTED)
        return effects

    # --- attendant ----------------------------------------------------------------------------------------------

    def ask(self, session: Session | None, to: str, target: Session | None, now: float) -> Effects:
        """`<transfer/>` to the far end of `session`: attended when we have a session with the third party, else to
        the address `to`. Raises LocalProtocolError while one is under way. A session that is not active yet has
        nothing to transfer: FAILED.
        """
        if self._asking is not None:
            raise LocalProtocolError(f"{self._id} is being transferred already: wait for TransferFailed or CallEnded")
        if session is None or session.state is not State.ACTIVE:
            return (TransferFailed(self._id, TransferFault.FAILED),)
        attended = target is not None and target.state in {State.PENDING, State.ACTIVE}
        asked = Transfer(target.own, target.peer, target.sid) if target is not None and attended else Transfer(to=to)
        iq = session.inform(transfer=asked)
        self._asking = Asking(iq.token, now + REPLY_SECONDS)
        return (iq,)

    def replied(self, token: str, error: str | None, now: float) -> Effects:
        """The answer to one of our IQs. A second one may contradict the first (Gajim): the error counts."""
        asking = self._asking
        if asking is None or asking.token != token:
            return ()
        if error is not None:
            return self._failed(from_transfer_error(error))
        self._asking = replace(asking, acked=True, deadline=now + OUTCOME_SECONDS)
        return ()

    def informed(self, info: Info) -> Effects:
        """A session-info. After their ack, hold is the next step and active means that it came to nothing."""
        if self._asking is None or not self._asking.acked or info.namespace != RTP_INFO:
            return ()
        if info.name == "hold":
            self._asking = replace(self._asking, held=True)
        return self._failed(TransferFault.FAILED) if info.name in {"active", "unhold"} else ()

    def outcome(self, reason: EndReason) -> EndReason:
        """What the end of the leg means: after their ack, an ordinary one is what we asked for."""
        acked = self._asking is not None and self._asking.acked
        return EndReason.TRANSFERRED if acked and reason is EndReason.HANGUP else reason

    # --- caller -------------------------------------------------------------------------------------------------

    def requested(
        self, session: Session, iq_id: str, asked: Transfer, permits: Callable[[str, str], Permission], now: float
    ) -> Effects:
        """`<transfer/>` from the far end of `session`. Its IQ is answered later, unless it is refused."""
        asker = session.peer
        error, why = self._objection(session, asked)
        permission = permits(asker, asked.to) if error is None and asked.to is not None else Permission.REFUSE
        if asked.to is None or permission is Permission.REFUSE:
            why = why or "a transfer to an address that the policy refuses"
            return Reply(asker, iq_id, error or NOT_ALLOWED), Nonsense(asker, why)
        self._request = Request(
            asker, iq_id, asked.attendant or asker, asked.to, asked.sid, now + ANSWER_SECONDS, self.trail.further()
        )
        return (TransferAsked(self._id, asked.to, ask=permission is Permission.ASK),)

    def answer(self, *, accept: bool) -> Effects:
        """The user's word, or that of time. Without a request that waits for it: nothing."""
        request = self._request
        if request is None or request.deadline is None:
            return ()
        self._request = replace(request, deadline=None) if accept else None
        return (Reply(request.asker, request.iq_id, None if accept else NOT_ALLOWED),)

    def use(self) -> Request | None:
        """The granted request, once."""
        request = self._request
        if request is None or request.deadline is not None or request.used:
            return None
        self._request = replace(request, used=True)
        return request

    def give_up(self) -> bool:
        """The third party could not be reached, or our user is back. Whether the far end must be told."""
        granted = self._request is not None and self._request.deadline is None
        if granted:
            self._request = None
        return granted

    def close(self) -> Effects:
        """The leg is over: nothing stays unanswered, and nothing granted outlives it."""
        effects = self.answer(accept=False)
        self._asking = self._request = None
        return effects

    # --- inside -------------------------------------------------------------------------------------------------

    def _failed(self, fault: TransferFault) -> Effects:
        self._asking = None
        return (TransferFailed(self._id, fault),)

    def _objection(self, session: Session, asked: Transfer) -> tuple[StanzaError | None, str]:
        """The error to answer, and what is wrong."""
        if session.state is not State.ACTIVE:
            return OUT_OF_ORDER, "a transfer before the answer"
        wrong = objection(asked, session)
        if wrong:
            return BAD_REQUEST, wrong
        if self._request is not None or self._asking is not None:
            return RUNNING, "a transfer while one is under way"
        if self.trail.ends:
            return NOT_ALLOWED, "one transfer too many"
        return None, ""


def objection(asked: Transfer, session: Session) -> str:
    """What makes a request to us invalid by itself; "" if nothing does. XEP-0251 has no security considerations yet."""
    own, asker = session.own, session.peer
    attendant = asked.attendant or asker
    if asked.to is None or not valid(asked.to):
        return "a transfer without a valid address"
    if not valid(attendant) or bare(attendant) != bare(asker):
        return "a transfer in another's name"
    if asked.to in {own, bare(own)}:
        return "a transfer to ourselves"
    if asked.to in {asker, bare(asker), attendant}:
        return "a transfer to who asks for it"
    if asked.sid is not None and (asked.sid == session.sid or len(asked.sid) > MAX_ID):
        return "a transfer that names no other session"
    return ""
