"""All calls of one account: what comes in is routed to its leg, what nobody owns is answered, nothing grows.

A mutable facade without IO: methods take what happened and return `Effects`, in the order in which they must
happen. Every IQ gets exactly one `Reply`. Sessions are keyed by (peer's full JID, sid); a sid that was refused
by an error is free again, since Asterisk re-initiates with it in its next dialect (PEERS.md, Asterisk 7).

Laws
1. What a far end sends never raises; what our own side asks out of turn raises LocalProtocolError and changes nothing.
2. A call's id appears in `wishes` from its beginning to its end and never after.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from xml.etree.ElementTree import Element

from phone.jingle import glare
from phone.jingle.api import (
    CallEnded,
    CallOffered,
    Effects,
    EndReason,
    IceCandidate,
    LocalMedia,
    MediaWish,
    Nonsense,
    PeerPolicy,
    Reply,
    StanzaError,
    Target,
)
from phone.jingle.codec import parse_jingle, parse_proposal
from phone.jingle.elements import DTLS, EARLY, JINGLE, JINGLE_ERRORS, JMI, RTP_AUDIO, Action, Jingle, Proposal, Verb
from phone.jingle.errors import LocalProtocolError, RemoteProtocolError
from phone.jingle.jid import bare
from phone.jingle.leg import Leg, Surroundings
from phone.jingle.legs import Legs
from phone.jingle.negotiate import Refusal, Terms, foreign, take
from phone.jingle.proposal import Stage
from phone.jingle.reasons import from_error
from phone.jingle.session import Session
from phone.jingle.states import BAD_REQUEST

UNKNOWN_SESSION: Final = StanzaError("item-not-found", "cancel", (JINGLE_ERRORS, "unknown-session"))
NOT_OURS: Final = StanzaError("feature-not-implemented", "cancel")
TOO_MANY: Final = StanzaError("resource-constraint", "wait")


class Agent:
    """The Jingle room's face."""

    def __init__(self, own: str, *, policy: Callable[[str], PeerPolicy], new_id: Callable[[], str]) -> None:
        """`own`: our full JID (set it anew when the server gives another resource). `policy`: what the config
        allows for an address. `new_id`: unguessable ids (UUIDv4 texts).
        """
        self.own = own
        self._policy = policy
        self._new_id = new_id
        self.legs = Legs(new_id)

    # --- the core -----------------------------------------------------------------------------------------------

    def call(self, id: str, to: str, targets: Sequence[Target], now: float) -> Effects:
        """Call `to`; `targets` are the resources that we know of it. Raises LocalProtocolError when `id` is taken."""
        if id in self.legs:
            raise LocalProtocolError(f"call id {id!r} is in use: take a fresh one")
        if to in {self.own, bare(self.own)}:
            return (CallEnded(id, EndReason.BUSY),)  # as any phone that calls its own number hears
        policy = self._policy(to)
        plain = policy.plain_rtp and not any(DTLS in t.features for t in targets)
        leg = Leg(id, to, self._around(policy), outgoing=True, plain=plain)
        self.legs.add(leg)
        if policy.direct:
            return leg.initiate(to, now)
        capable = [t for t in targets if {JINGLE, RTP_AUDIO} <= t.features]
        if len(capable) == 1 and EARLY in capable[0].features:
            return leg.initiate(capable[0].jid, now, early=True)
        if not capable or any(JMI in t.features for t in targets):
            return leg.propose()
        return leg.initiate(max(capable, key=lambda t: t.priority).jid, now)

    def accept(self, id: str, now: float) -> Effects:
        """The user takes a call that was offered. An id that is over already: nothing, its CallEnded is under way."""
        leg = self.legs.get(id)
        return () if leg is None else self.legs.swept(leg, leg.accept(now), now)

    def terminate(self, id: str, reason: EndReason, now: float) -> Effects:
        """The user (or the core's timer) ends a call. An id that is over already: nothing."""
        leg = self.legs.get(id)
        return () if leg is None else self.legs.swept(leg, leg.terminate(reason), now)

    # --- the media process --------------------------------------------------------------------------------------

    def described(self, id: str, media: LocalMedia, now: float) -> Effects:
        """Our side of a leg's media. For a leg that is over: nothing."""
        leg = self.legs.get(id)
        return () if leg is None else self.legs.swept(leg, leg.described(media), now)

    def candidate(self, id: str, candidate: IceCandidate, restart: int, now: float) -> Effects:
        """One more local candidate."""
        leg = self.legs.get(id)
        return () if leg is None else self.legs.swept(leg, leg.candidate(candidate, restart), now)

    def media_up(self, id: str, now: float) -> Effects:
        """The path is open. Jingle has nothing to say about it."""
        del id, now
        return ()

    def media_failed(self, id: str, fault: str, now: float) -> Effects:
        """A `media.plan.LegFault` ended a leg: the far end and the core are told."""
        leg = self.legs.get(id)
        return () if leg is None else self.legs.swept(leg, leg.media_failed(fault), now)

    def wishes(self) -> tuple[MediaWish, ...]:
        """How all media should stand now."""
        return tuple(leg.wish() for leg in self.legs)

    # --- the network --------------------------------------------------------------------------------------------

    def receive_iq(self, sender: str, iq_id: str, payload: Element, now: float) -> Effects:
        """An IQ-set: one Reply, then what follows from it."""
        if payload.tag != f"{{{JINGLE}}}jingle":
            return (Reply(sender, iq_id, NOT_OURS),)  # an older dialect, or nothing of ours
        try:
            jingle = parse_jingle(payload)
        except RemoteProtocolError as wrong:
            return Reply(sender, iq_id, BAD_REQUEST), Nonsense(sender, str(wrong))
        leg = self.legs.by_session(sender, jingle.sid)
        both_call = leg is not None and leg.offering and jingle.action is Action.SESSION_INITIATE
        if leg is not None and not both_call:
            error, effects = leg.receive(jingle, sender)
            return (Reply(sender, iq_id, error), *self.legs.swept(leg, effects, now))
        if jingle.action is not Action.SESSION_INITIATE:
            return (Reply(sender, iq_id, UNKNOWN_SESSION),)
        error, effects = self._initiated(sender, jingle, now)
        return (Reply(sender, iq_id, error), *effects)

    def receive_message(
        self, sender: str, to: str, payload: Element, now: float, *, carbon: bool, sent_by_us: bool
    ) -> Effects:
        """A JMI message. `carbon`: a copy (XEP-0280); `sent_by_us`: of what another of our devices sent."""
        del to, carbon
        try:
            proposal = parse_proposal(payload)
        except RemoteProtocolError as wrong:
            return (Nonsense(sender, str(wrong)),)
        if sender == self.own:
            return ()
        if sent_by_us or bare(sender) == bare(self.own):
            return self._own_device(proposal, now)
        if proposal.verb is Verb.PROPOSE:
            return self._proposed(sender, proposal, now)
        leg = self.legs.by_invitation(sender, proposal.id)
        if leg is None:
            return ()  # copies for our other devices, and echoes of ended calls
        return self.legs.swept(leg, leg.messaged(proposal, sender, now), now)

    def bounced(self, sender: str, id: str, condition: str, now: float) -> Effects:
        """Our propose could not be delivered: the message came back with an error from `sender`.

        Only before any device answered: of several resources one may bounce while another rings.
        """
        leg = self.legs.by_invitation(sender, id)
        if leg is None or not leg.outgoing or leg.invitation is None or leg.invitation.stage is not Stage.PROPOSED:
            return ()
        # a server does not tell strangers which of its addresses exist (RFC 6121 8.5.1): unavailable means either
        return self.legs.swept(leg, leg.end(from_error(condition)), now)

    def replied(self, token: str, error: str | None, now: float) -> Effects:
        """The answer to a SendIq: None for a result, else the defined condition, or "timeout"."""
        effects: Effects = ()
        for leg in self.legs:
            effects += self.legs.swept(leg, leg.replied(token, error), now)
        return effects

    def resource_gone(self, full_jid: str, now: float) -> Effects:
        """`full_jid` became unavailable."""
        effects: Effects = ()
        for leg in self.legs:
            effects += self.legs.swept(leg, leg.gone(full_jid), now)
        return effects

    # --- the clock ----------------------------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """When `expire` should be called next."""
        return min((leg.deadline for leg in self.legs if leg.deadline is not None), default=None)

    def expire(self, now: float) -> Effects:
        """End what has waited too long."""
        effects: Effects = ()
        for leg in self.legs:
            if leg.deadline is not None and leg.deadline <= now:
                effects += self.legs.swept(leg, leg.expired(), now)
        return effects

    # --- offers -------------------------------------------------------------------------------------------------

    def _initiated(self, sender: str, jingle: Jingle, now: float) -> tuple[StanzaError | None, Effects]:
        """A session-initiate of no session that we have."""
        if not jingle.contents:
            return BAD_REQUEST, ()  # XEP-0166 7.2.14
        if foreign(jingle):
            return NOT_OURS, ()
        if (bare(sender), jingle.sid) in self.legs.ended:
            return UNKNOWN_SESSION, ()  # a JMI call that we refused meanwhile must not ring again
        policy = self._policy(sender)
        terms = take(jingle, plain=policy.plain_rtp)
        invited = self.legs.awaiting(sender, jingle.sid)
        if invited is not None:
            return None, self._start(invited, sender, jingle, terms, now)
        rival = self.legs.rival(sender)
        if rival is not None and isinstance(terms, Terms):
            error, effects = glare.with_session(rival, sender, jingle, terms)
            return error, self.legs.swept(rival, effects, now)
        if self.legs.full(policy):
            return TOO_MANY, (Nonsense(sender, "too many calls at once"),)
        leg = self.legs.open(jingle.sid, sender, self._around(policy))
        return None, (CallOffered(leg.id, sender), *self._start(leg, sender, jingle, terms, now))

    def _start(self, leg: Leg, sender: str, jingle: Jingle, terms: Terms | Refusal, now: float) -> Effects:
        """Their session in a leg. What cannot be agreed on is acked, then terminated (XEP-0166 6.2)."""
        if isinstance(terms, Terms):
            return self.legs.swept(leg, leg.initiated(jingle, sender, terms), now)
        nothing = Terms("", "", plain=False)
        leg.session = Session(
            leg.id, jingle.sid, self.own, sender, nothing, initiator=False, plain=False, new_id=self._new_id
        )
        leg.session.receive(jingle)
        return self.legs.swept(leg, leg.settled(leg.session.refuse(terms)), now)

    def _proposed(self, sender: str, proposal: Proposal, now: float) -> Effects:
        """A propose of another account."""
        if "audio" not in proposal.media:
            return (Nonsense(sender, "a proposal without audio"),)
        known = self.legs.by_invitation(sender, proposal.id)
        if (known is not None and not known.outgoing) or (bare(sender), proposal.id) in self.legs.ended:
            return (Nonsense(sender, "a proposal that is known already"),)
        rival = self.legs.rival(sender)
        if rival is not None:
            return self.legs.swept(rival, glare.with_proposal(rival, sender, proposal, now), now)
        effects = self._superseded(sender, now)
        policy = self._policy(sender)
        if self.legs.full(policy):
            return (*effects, Nonsense(sender, "too many calls at once"))
        leg = self.legs.open(proposal.id, sender, self._around(policy))
        return (*effects, CallOffered(leg.id, sender), *leg.offered(proposal.id, sender))

    def _superseded(self, sender: str, now: float) -> Effects:
        """A device that proposes anew has lost its former proposal (it crashed, or the retract was lost)."""
        effects: Effects = ()
        for leg in self.legs.ringing_for(sender):
            effects += self.legs.swept(leg, leg.end(EndReason.CANCELLED), now)
        return effects

    def _own_device(self, proposal: Proposal, now: float) -> Effects:
        """Another device of ours took or refused a call that rings here as well."""
        if proposal.verb not in {Verb.ACCEPT, Verb.PROCEED, Verb.REJECT}:
            return ()
        effects: Effects = ()
        for leg in self.legs:
            if leg.invitation is not None and leg.invitation.id == proposal.id:
                effects += self.legs.swept(leg, leg.elsewhere(proposal.verb), now)
        return effects

    def _around(self, policy: PeerPolicy) -> Surroundings:
        return Surroundings(self.own, policy, self._new_id)
