"""Glare: both call at once. Which call stands (XEP-0166 7.2.16, XEP-0353 tie breaking), from our end."""

from __future__ import annotations

from typing import Final

from phone.jingle.api import Effects, EndReason, SendMessage, StanzaError
from phone.jingle.codec import encode_proposal
from phone.jingle.elements import JINGLE_ERRORS, Jingle, Proposal, Reason, Verb
from phone.jingle.jid import bare
from phone.jingle.leg import Leg
from phone.jingle.negotiate import Terms
from phone.jingle.proposal import Invitation
from phone.jingle.states import State

TIE_BREAK: Final = StanzaError("conflict", "cancel", (JINGLE_ERRORS, "tie-break"))


def with_proposal(rival: Leg, sender: str, proposal: Proposal, now: float) -> Effects:
    """The lower id stands (i;octet), then the lower JID. A session of ours that was sent stands against any
    proposal; one that was not is dropped.
    """
    session = rival.session
    if session is None or session.state is State.NEW:
        theirs = (proposal.id.encode(), bare(sender))
        if session is not None or theirs < (rival.id.encode(), bare(rival.around.own)):
            return _yield_to_proposal(rival, proposal.id, sender, now)
    reject = Proposal(Verb.REJECT, proposal.id, reason=Reason("expired"), tie_break=True)
    return (SendMessage(sender, encode_proposal(reject)),)


def with_session(rival: Leg, sender: str, jingle: Jingle, terms: Terms) -> tuple[StanzaError | None, Effects]:
    """The lower sid stands, then the lower JID. A session stands against a mere proposal."""
    session = rival.session
    sent = session is not None and session.state is State.PENDING
    if sent and (rival.id.encode(), rival.around.own) < (jingle.sid.encode(), sender):
        return TIE_BREAK, ()
    return None, _yield_to_session(rival, jingle, sender, terms)


def _yield_to_proposal(leg: Leg, id: str, caller: str, now: float) -> Effects:
    effects = leg.give_way()
    leg.invitation = Invitation(id, caller)
    leg.invitation.receive(Verb.PROPOSE)
    return effects + leg.take(now)


def _yield_to_session(leg: Leg, jingle: Jingle, sender: str, terms: Terms) -> Effects:
    """Ours is ended in so many words: if they gave theirs up meanwhile, they have taken ours for a new call."""
    ours = leg.session
    effects = leg.give_way()
    if ours is not None and ours.sid != jingle.sid:
        effects += ours.terminate(EndReason.CANCELLED)
    return effects + leg.initiated(jingle, sender, terms)
