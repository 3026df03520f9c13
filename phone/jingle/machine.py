"""What the session machines of both dialects share: the state by its table, which answers are awaited, the one end, and
what hold and digits mean.

Law: only `replied`, `refuse` and what the far end sends set `ended`, once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar

from phone.jingle.api import CallHeld, DigitReceived, Effects, EndReason, LocalMedia, StanzaError
from phone.jingle.errors import LocalProtocolError
from phone.jingle.negotiate import Refusal
from phone.jingle.proposal import Way
from phone.jingle.reasons import from_error, to_wire
from phone.jingle.states import BAD_REQUEST, State
from phone.jingle.transport import RemoteTransport

ActT = TypeVar("ActT", bound=Enum)

Table = dict[bool, dict[State, dict[tuple[Way, ActT], State]]]
"""By whether we are the initiator: what may happen in a state, and to which it leads."""


class Machine(ABC, Generic[ActT]):
    """One session of some dialect. Methods return what must be done, in order."""

    def __init__(
        self, id: str, sid: str, own: str, peer: str, *, initiator: bool, new_id: Callable[[], str], table: Table[ActT]
    ) -> None:
        """`id` names the call to the core, (`peer`, `sid`) the session on the wire; `own` is our address as the far end
        knows it; `new_id` makes IQ tokens.
        """
        self.id = id
        self.sid = sid
        self.own = own
        self.peer = peer
        self.initiator = initiator
        self.state = State.NEW
        self.ended: EndReason | None = None
        self.remote = RemoteTransport()
        self.media: LocalMedia | None = None
        self._new_id = new_id
        self._table = table
        self._awaited: set[str] = set()
        """Tokens of the IQ that ends the session when it fails: our initiate, or our accept."""
        self._held = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r}, {self.peer!r}, {self.state.value})"

    def terminate(self, reason: EndReason) -> Effects:
        """Our user ends it; nothing to say when nothing was sent yet."""
        if self.state is State.NEW:
            self.state = State.ENDED
            return ()
        return self._end(to_wire(reason, active=self.state is State.ACTIVE, outgoing=self.initiator))

    def refuse(self, refusal: Refusal) -> Effects:
        """An end by the protocol's own decision; sets `ended`."""
        effects = self._end(refusal.condition)
        self.ended = refusal.reason
        return effects

    def replied(self, token: str, error: str | None) -> Effects:
        """The answer to one of our IQs: None for a result, else the condition, or "timeout". Only initiate and accept
        can end a session by it (PEERS.md 6).

        None at all ends no active one: a server that restarts loses answers while media flows, and that judges.
        """
        if token not in self._awaited or self.state is State.ENDED:
            return ()
        self._awaited.remove(token)
        if error is None:
            return self._acked()
        if error == "timeout" and self.state is State.ACTIVE:
            return ()
        self.ended = from_error(error) if self.initiator else EndReason.CANCELLED
        # Who does not answer at all may still believe in the session.
        effects = self._end("timeout") if error == "timeout" else ()
        self.state = State.ENDED
        return effects

    # --- for the dialects ---------------------------------------------------------------------------------------

    @abstractmethod
    def _end(self, condition: str) -> Effects:
        """Say that it is over, with an XEP-0166 7.4 condition."""

    def _acked(self) -> Effects:
        """Our initiate or accept was taken."""
        return ()

    def _after(self, way: Way, act: ActT) -> State | None:
        return self._table[self.initiator][self.state].get((way, act))

    def _check(self, act: ActT) -> State:
        after = self._after(Way.SENT, act)
        if after is None:
            raise LocalProtocolError(f"cannot send {act.value} when {self.state.value}: check the state first")
        return after

    def _token(self, *, decisive: bool) -> str:
        """For one more IQ."""
        token = self._new_id()
        if decisive:
            self._awaited.add(token)
        return token

    def _described(self) -> LocalMedia:
        if self.media is None:
            raise LocalProtocolError("our media is not described yet: wait for it")
        return self.media

    def _hold(self, *, held: bool) -> Effects:
        if held == self._held or self.state is not State.ACTIVE:
            return ()
        self._held = held
        return (CallHeld(self.id, held),)

    def _digit(self, code: str) -> tuple[StanzaError | None, Effects]:
        if len(code) != 1 or code not in "0123456789*#ABCD":
            return BAD_REQUEST, ()
        return None, (DigitReceived(self.id, code),)
