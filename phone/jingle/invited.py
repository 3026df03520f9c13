"""What the far end's JMI messages (XEP-0353) do to a leg: from the invitation's progress to the call's."""

from __future__ import annotations

from phone.jingle.api import CallAccepted, CallAlerting, Effects, EndReason, Nonsense, SendMessage
from phone.jingle.codec import encode_proposal
from phone.jingle.elements import Proposal, Reason, Verb
from phone.jingle.leg import Leg
from phone.jingle.proposal import Invitation, Stage
from phone.jingle.reasons import from_proposal
from phone.jingle.states import State


def messaged(leg: Leg, invitation: Invitation, proposal: Proposal, sender: str, now: float) -> Effects:
    """A message about the leg's `invitation`, of the far end."""
    if invitation.stage is Stage.PROCEEDED and sender != invitation.peer:
        return _too_late(proposal, sender)
    if not invitation.receive(proposal.verb):
        return (Nonsense(sender, f"{proposal.verb.value} out of turn"),)
    match proposal.verb:
        case Verb.RINGING:
            return leg.settled((CallAlerting(leg.id),))
        case Verb.PROCEED:
            invitation.peer = sender
            return leg.settled((CallAccepted(leg.id),)) + leg.initiate(sender, now)
        case _:
            return _called_off(leg, proposal)


def _too_late(proposal: Proposal, sender: str) -> Effects:
    """Another of their devices took it first: this one must not wait for a session."""
    if proposal.verb is not Verb.PROCEED:
        return ()
    retract = Proposal(Verb.RETRACT, proposal.id, reason=Reason("cancel"))
    return (SendMessage(sender, encode_proposal(retract)),)


def _called_off(leg: Leg, proposal: Proposal) -> Effects:
    """reject, retract or finish of theirs."""
    session = leg.session
    active = session is not None and session.state is State.ACTIVE
    before = session.terminate(EndReason.HANGUP) if session is not None else ()
    return leg.end(from_proposal(proposal, active=active, outgoing=leg.outgoing), before)
