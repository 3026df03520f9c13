"""All calls of one address: what comes in is routed to its leg, what nobody owns is answered, nothing grows.

A mutable facade without IO: methods take what happened and return `Effects`, in the order in which they must
happen. Every IQ gets exactly one `Reply`, at once but for `<transfer/>` (the user is asked).
A sid that was refused by an error is free again, since Asterisk re-initiates with it in its next dialect (PEERS.md,
Asterisk 7).

Laws
1. What a far end sends never raises; what our own side asks out of turn raises LocalProtocolError and changes nothing.
2. A call's id appears in `wishes` from its beginning to its end and never after.
3. Google's dialect has an owner of its own (`gingle_agent`) for the same ids and under the same limits; proposals,
   glare and transfer are Jingle's alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from xml.etree.ElementTree import Element

from phone.jingle.api import (
    CallEnded,
    Effects,
    EndReason,
    IceCandidate,
    LocalMedia,
    MediaWish,
    Nonsense,
    PeerPolicy,
    Permission,
    Reply,
    Target,
    TransferFailed,
    TransferFault,
)
from phone.jingle.codec import parse_jingle, parse_proposal
from phone.jingle.elements import (
    DTLS,
    EARLY,
    JINGLE,
    JMI,
    RTP_AUDIO,
    Action,
    Proposal,
    Verb,
)
from phone.jingle.errors import RemoteProtocolError
from phone.jingle.gingle_agent import GoogleAgent
from phone.jingle.gingle_elements import SESSION
from phone.jingle.incoming import Incoming
from phone.jingle.invited import messaged
from phone.jingle.jid import bare
from phone.jingle.leg import Leg, Surroundings
from phone.jingle.legs import Legs
from phone.jingle.proposal import Stage
from phone.jingle.reasons import from_bounce
from phone.jingle.register import MAX_LEGS, Register
from phone.jingle.states import BAD_REQUEST, NOT_OURS, UNKNOWN_SESSION
from phone.jingle.transfer import Request


def _refuse(asker: str, to: str) -> Permission:
    del asker, to
    return Permission.REFUSE


class Agent:
    """The Jingle room's face."""

    def __init__(
        self,
        own: str,
        *,
        policy: Callable[[str], PeerPolicy],
        new_id: Callable[[], str],
        transfers: Callable[[str, str], Permission] = _refuse,
        account: bool = True,
        most: int = MAX_LEGS,
    ) -> None:
        """`own`: our full JID (set it anew when the server gives another resource). `policy`: what the config
        allows for an address. `new_id`: unguessable ids (of IQs, and of calls whose sid is taken). `transfers`: what
        the config says to (who asks, as a full JID; whom we shall call), XEP-0251.

        `account`: `own` is one device of an account, whose others may ring too; a service's address is none. `most`:
        calls at once.
        """
        self._permits = transfers
        self._policy = policy
        self._new_id = new_id
        self._account = account
        self._register = Register(new_id, most)
        self.legs = Legs(self._register)
        self._google = GoogleAgent(own, policy=policy, new_id=new_id, register=self._register)
        self._incoming = Incoming(self.legs, self._register, lambda far: self._around(self._policy(far)))

    def __contains__(self, id: str) -> bool:
        """Whether that call lives."""
        return id in self._register

    @property
    def own(self) -> str:
        """Our full JID."""
        return self._google.own

    @own.setter
    def own(self, jid: str) -> None:
        self._google.own = jid

    # --- the core -----------------------------------------------------------------------------------------------

    def call(self, id: str, to: str, targets: Sequence[Target], now: float, on_behalf: str | None = None) -> Effects:
        """Call `to`; `targets` are the resources that we know of it. Raises LocalProtocolError when `id` is taken.

        `id` is the JMI id and the sid as well: whoever knows it may take the call's place (XEP-0251), so it must not
        be guessable. XEP-0353 asks for a UUIDv4 (122 random bits); any other text of 128 random bits does as well.

        `on_behalf`: the far end of that leg asked for this call, and our user allowed it (`answer_transfer`): the call
        says so, once for each request. When the request is gone (it was answered too late, or used) it is an ordinary
        call; when the leg has ended meanwhile, as Jitsi does at once, as well.
        """
        self._register.check(id)
        if to in {self.own, bare(self.own)}:
            return (CallEnded(id, EndReason.BUSY),)  # as any phone that calls its own number hears
        policy = self._policy(to)
        plain = policy.plain_rtp and not any(DTLS in t.features for t in targets)
        request = self._granted(on_behalf)
        leg = Leg(
            id,
            to,
            self._around(policy),
            outgoing=True,
            plain=plain,
            mark=None if request is None else request.mark,
            trail=None if request is None else request.trail,
        )
        self.legs.add(leg)
        if policy.direct:
            return leg.initiate(to, now)
        capable = [t for t in targets if {JINGLE, RTP_AUDIO} <= t.features]
        if len(capable) == 1 and EARLY in capable[0].features:
            return leg.initiate(capable[0].jid, now, early=True)
        if request is not None and "/" in to:
            return leg.initiate(to, now)  # the attendant's own third party: it is there, whatever we know of it
        if not capable or any(JMI in t.features for t in targets):
            return leg.propose()
        return leg.initiate(max(capable, key=lambda t: t.priority).jid, now)

    def call_voicemail(self, id: str, to: str, regarding: str, *, google: bool, now: float) -> Effects:
        """Leave a message for the account `regarding` at the voicemail address `to`, which is called as it stands; in
        Google's dialect where `google` (`gingle_voicemail.dialect`) and plain RTP is allowed. Hanging up delivers it.

        Raises LocalProtocolError when `id` is taken.
        """
        self._register.check(id)
        policy = self._policy(to)
        if to == self.own:
            return (CallEnded(id, EndReason.UNREACHABLE),)  # what the server names is no mailbox but this phone
        if google and not policy.plain_rtp:
            return (CallEnded(id, EndReason.INSECURE),)
        if google:
            return self._google.call(id, to, now, regarding=bare(regarding))
        leg = Leg(id, to, self._around(policy), outgoing=True, regarding=bare(regarding))
        self.legs.add(leg)
        return leg.initiate(to, now)

    def accept(self, id: str, now: float) -> Effects:
        """The user takes a call that was offered. An id that is over already: nothing, its CallEnded is under way."""
        if id in self._google:
            return self._google.accept(id, now)
        leg = self.legs.get(id)
        return () if leg is None else self.legs.swept(leg, leg.accept(now), now)

    def terminate(self, id: str, reason: EndReason, now: float) -> Effects:
        """The user (or the core's timer) ends a call. An id that is over already: nothing."""
        if id in self._google:
            return self._google.terminate(id, reason)
        leg = self.legs.get(id)
        return () if leg is None else self.legs.swept(leg, leg.terminate(reason), now)

    def hold(self, id: str, held: bool, now: float) -> Effects:
        """The user puts the far end on hold, or is back. Before the session is active it waits until then; a Google
        session has no word for it.
        """
        leg = self.legs.get(id)
        return () if leg is None else self.legs.swept(leg, leg.set_hold(held=held), now)

    def transfer(self, id: str, to: str, target: str | None, now: float) -> Effects:
        """Ask the far end of `id` to call `to`; in the place of our leg `target` when that has a session (attended),
        else as an ordinary call (unattended: a `target` that was merely proposed is still ours to end).

        It ends with CallEnded (mostly TRANSFERRED), or with TransferFailed; `id` and `target` stand until then. A leg
        that is not active, or a Google session: TransferFailed at once. Raises LocalProtocolError while one is under
        way.
        """
        if id in self._google:
            return (TransferFailed(id, TransferFault.UNSUPPORTED),)
        leg = self.legs.get(id)
        if leg is None:
            return ()
        other = self.legs.get(target)
        return leg.transfers.ask(leg.session, to, None if other is None else other.session, now)

    def answer_transfer(self, id: str, accept: bool, now: float) -> Effects:
        """The user (or the policy) answers TransferAsked. One that was answered by time already: nothing."""
        del now
        leg = self.legs.get(id)
        return () if leg is None else leg.transfers.answer(accept=accept)

    def peer(self, id: str) -> str | None:
        """The full JID that a leg's session is with, once it is known."""
        leg = self.legs.get(id)
        session = None if leg is None else leg.session
        peer = self._google.peer(id) if session is None else session.peer
        return peer if peer is not None and "/" in peer else None

    # --- the media process --------------------------------------------------------------------------------------

    def described(self, id: str, media: LocalMedia, now: float) -> Effects:
        """Our side of a leg's media; of a `gice` one `ufrag` is the username, 16 characters of base64 (else
        LocalProtocolError). For a leg that is over: nothing.
        """
        if id in self._google:
            return self._google.described(id, media)
        leg = self.legs.get(id)
        return () if leg is None else self.legs.swept(leg, leg.described(media), now)

    def candidate(self, id: str, candidate: IceCandidate, restart: int, now: float) -> Effects:
        """One more local candidate."""
        if id in self._google:
            return self._google.candidate(id, candidate)
        leg = self.legs.get(id)
        return () if leg is None else self.legs.swept(leg, leg.candidate(candidate, restart), now)

    def media_up(self, id: str, now: float) -> Effects:
        """The path is open. Jingle has nothing to say about it."""
        del id, now
        return ()

    def media_failed(self, id: str, fault: str, now: float) -> Effects:
        """A `media.plan.LegFault` ended a leg: the far end and the core are told."""
        if id in self._google:
            return self._google.media_failed(id, fault)
        leg = self.legs.get(id)
        return () if leg is None else self.legs.swept(leg, leg.media_failed(fault), now)

    def wishes(self) -> tuple[MediaWish, ...]:
        """How all media should stand now."""
        return (*(leg.wish() for leg in self.legs), *self._google.wishes())

    # --- the network --------------------------------------------------------------------------------------------

    def receive_iq(self, sender: str, iq_id: str, payload: Element, now: float, to: str | None = None) -> Effects:
        """An IQ-set: one Reply, then what follows from it. `to`: the address of ours that it was sent to, unless that
        is `own`; a session that begins so keeps it (`SendIq.own`), and is found by whichever.
        """
        if payload.tag == f"{{{SESSION}}}session":
            return self._google.receive_iq(sender, iq_id, payload, to)
        if payload.tag != f"{{{JINGLE}}}jingle":
            return (Reply(sender, iq_id, NOT_OURS),)  # an older dialect, or nothing of ours
        try:
            jingle = parse_jingle(payload)
        except RemoteProtocolError as wrong:
            return Reply(sender, iq_id, BAD_REQUEST), Nonsense(sender, str(wrong))
        leg = self.legs.by_session(sender, jingle.sid)
        both_call = leg is not None and leg.contested and jingle.action is Action.SESSION_INITIATE
        if leg is not None and leg.session is not None and jingle.transfer and jingle.action is Action.SESSION_INFO:
            leg.session.peer = sender
            return leg.transfers.requested(leg.session, iq_id, jingle.transfer, self._permits, now)
        if leg is not None and not both_call:
            error, effects = leg.receive(jingle, sender)
            return (Reply(sender, iq_id, error), *self.legs.swept(leg, effects, now))
        if jingle.action is not Action.SESSION_INITIATE:
            return (Reply(sender, iq_id, UNKNOWN_SESSION),)
        error, effects = self._incoming.initiated(sender, to or self.own, jingle, now)
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
            return self._incoming.proposed(sender, proposal, now)
        leg = self.legs.by_invitation(sender, proposal.id)
        if leg is None or leg.invitation is None:
            return ()  # copies for our other devices, and echoes of ended calls
        return self.legs.swept(leg, messaged(leg, leg.invitation, proposal, sender, now), now)

    def bounced(self, sender: str, id: str, condition: str, now: float) -> Effects:
        """Our propose could not be delivered: the message came back with an error from `sender`.

        Only before any device answered: of several resources one may bounce while another rings.
        """
        leg = self.legs.by_invitation(sender, id)
        if leg is None or not leg.outgoing or leg.invitation is None or leg.invitation.stage is not Stage.PROPOSED:
            return ()
        # a server does not tell strangers which of its addresses exist (RFC 6121 8.5.1): unavailable means either
        return self.legs.swept(leg, leg.end(from_bounce(condition)), now)

    def replied(self, token: str, error: str | None, now: float) -> Effects:
        """The answer to a SendIq: None for a result, else the defined condition, or "timeout"."""
        effects: Effects = ()
        for leg in self.legs:
            effects += self.legs.swept(leg, leg.replied(token, error, now), now)
        return effects + self._google.replied(token, error)

    def resource_gone(self, full_jid: str, now: float) -> Effects:
        """`full_jid` became unavailable."""
        effects: Effects = ()
        for leg in self.legs:
            effects += self.legs.swept(leg, leg.gone(full_jid), now)
        return effects + self._google.resource_gone(full_jid)

    # --- the clock ----------------------------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """When `expire` should be called next."""
        every = (self._google.deadline(), *(leg.deadline for leg in self.legs))
        return min((at for at in every if at is not None), default=None)

    def expire(self, now: float) -> Effects:
        """End what has waited too long."""
        effects: Effects = ()
        for leg in self.legs:
            if leg.deadline is not None and leg.deadline <= now:
                effects += self.legs.swept(leg, leg.expire(now), now)
        return effects + self._google.expire(now)

    # --- inside -------------------------------------------------------------------------------------------------

    def _granted(self, on_behalf: str | None) -> Request | None:
        leg = self.legs.get(on_behalf)
        return None if leg is None else leg.transfers.use()

    def _around(self, policy: PeerPolicy) -> Surroundings:
        return Surroundings(self.own, policy, self._new_id, self._account)

    def _own_device(self, proposal: Proposal, now: float) -> Effects:
        """Another device of ours took or refused a call that rings here as well."""
        if proposal.verb not in {Verb.ACCEPT, Verb.PROCEED, Verb.REJECT}:
            return ()
        effects: Effects = ()
        for leg in self.legs:
            if leg.invitation is not None and leg.invitation.id == proposal.id:
                effects += self.legs.swept(leg, leg.elsewhere(proposal.verb), now)
        return effects
