"""What comes in of no call that we have: proposals and session-initiates, XEP-0251's mark on them, and glare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from phone.jingle import glare
from phone.jingle.api import CallOffered, Effects, EndReason, Nonsense, StanzaError
from phone.jingle.elements import Jingle, Proposal, Transfer
from phone.jingle.jid import bare, valid
from phone.jingle.leg import Leg, Surroundings
from phone.jingle.legs import Legs
from phone.jingle.negotiate import Refusal, Terms, foreign, take
from phone.jingle.register import Register
from phone.jingle.session import Session
from phone.jingle.states import BAD_REQUEST, NOT_OURS, UNKNOWN_SESSION
from phone.jingle.transfer import Trail

TOO_MANY: Final = StanzaError("resource-constraint", "wait")


class Incoming:
    """Turns them into legs, or refuses them."""

    def __init__(self, legs: Legs, register: Register, around: Callable[[str], Surroundings]) -> None:
        """`around`: what a leg with that far end needs."""
        self._legs = legs
        self._register = register
        self._around = around

    def initiated(self, sender: str, own: str, jingle: Jingle, now: float) -> tuple[StanzaError | None, Effects]:
        """A session-initiate of no session that we have, to our address `own`."""
        if not jingle.contents:
            return BAD_REQUEST, ()  # XEP-0166 7.2.14
        if foreign(jingle):
            return NOT_OURS, ()
        if (bare(sender), jingle.sid) in self._legs.ended:
            return UNKNOWN_SESSION, ()  # a JMI call that we refused meanwhile must not ring again
        around = replace(self._around(sender), own=own)
        terms = take(jingle, plain=around.policy.plain_rtp)
        invited = self._legs.awaiting(sender, jingle.sid)
        if invited is not None:
            return None, self._start(invited, sender, jingle, terms, now)
        rival = None if _attended(jingle.transfer) else self._legs.rival(sender)
        if rival is not None and isinstance(terms, Terms):
            error, effects = glare.with_session(rival, sender, jingle, terms)
            return error, self._legs.swept(rival, effects, now)
        if self._register.full(around.policy):
            return TOO_MANY, (Nonsense(sender, "too many calls at once"),)
        leg, offered = self._offered(jingle.sid, sender, around, jingle.transfer, jingle.regarding)
        return None, (offered, *self._start(leg, sender, jingle, terms, now))

    def _start(self, leg: Leg, sender: str, jingle: Jingle, terms: Terms | Refusal, now: float) -> Effects:
        """Their session in a leg. What cannot be agreed on is acked, then terminated (XEP-0166 6.2)."""
        if isinstance(terms, Terms):
            return self._legs.swept(leg, leg.initiated(jingle, sender, terms), now)
        nothing = Terms("", "", plain=False)
        leg.session = Session(
            leg.id, jingle.sid, leg.around.own, sender, nothing, initiator=False, plain=False, new_id=leg.around.new_id
        )
        leg.session.receive(jingle)
        return self._legs.swept(leg, leg.settled(leg.session.refuse(terms)), now)

    def proposed(self, sender: str, proposal: Proposal, now: float) -> Effects:
        """A propose of another account."""
        if "audio" not in proposal.media:
            return (Nonsense(sender, "a proposal without audio"),)
        known = self._legs.by_invitation(sender, proposal.id)
        if (known is not None and not known.outgoing) or (bare(sender), proposal.id) in self._legs.ended:
            return (Nonsense(sender, "a proposal that is known already"),)
        rival = None if _attended(proposal.transfer) else self._legs.rival(sender)
        if rival is not None:
            return self._legs.swept(rival, glare.with_proposal(rival, sender, proposal, now), now)
        effects = self._superseded(sender, now)
        around = self._around(sender)
        if self._register.full(around.policy):
            return (*effects, Nonsense(sender, "too many calls at once"))
        leg, offered = self._offered(proposal.id, sender, around, proposal.transfer)
        return (*effects, offered, *leg.offered(proposal.id, sender))

    def _offered(
        self, wanted: str, sender: str, around: Surroundings, mark: Transfer | None, regarding: str = ""
    ) -> tuple[Leg, CallOffered]:
        """One more incoming call. What its mark says of a third party is a claim, until the sid of our session with
        that one proves it (XEP-0251, attended).
        """
        claimed = "" if mark is None or mark.attendant is None else mark.attendant
        via = claimed if valid(claimed) else ""
        replaced = self._legs.replaceable(mark)
        leg = self._legs.open(wanted, sender, around, Trail().further() if via else Trail())
        if replaced is not None:
            replaced.transfers.replaced = True
        return leg, CallOffered(leg.id, sender, via, None if replaced is None else replaced.id, regarding)

    def _superseded(self, sender: str, now: float) -> Effects:
        """A device that proposes anew has lost its former proposal (it crashed, or the retract was lost)."""
        effects: Effects = ()
        for leg in self._legs.ringing_for(sender):
            effects += self._legs.swept(leg, leg.end(EndReason.CANCELLED), now)
        return effects


def _attended(mark: Transfer | None) -> bool:
    """Such a call takes the place of another one: it is no glare, whatever we are about with the same far end."""
    return mark is not None and mark.sid is not None
