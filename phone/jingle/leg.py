"""One call: its invitation (JMI), its session (Jingle) or both, and our media, from the first act to the end.

Laws
1. A call ends once: after `over` nothing is sent for it and nothing is told of it.
2. `CallAlerting` and `CallAccepted` are told once.
3. What hold and transfer are about is in `hold` and `transfers`; here is when they are asked.
4. The session goes out (or is answered) at the first moment when both the user's will and our media are there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from phone.jingle.api import (
    CallAccepted,
    CallAlerting,
    CallEnded,
    Effects,
    EndReason,
    IceCandidate,
    LocalMedia,
    MediaWish,
    PeerPolicy,
    SendPresence,
    StanzaError,
)
from phone.jingle.elements import Jingle, Transfer, Verb
from phone.jingle.errors import LocalProtocolError
from phone.jingle.hold import Hold
from phone.jingle.jid import bare
from phone.jingle.negotiate import OFFER, Refusal, Terms, offer
from phone.jingle.proposal import Invitation, Stage
from phone.jingle.reasons import from_fault
from phone.jingle.session import Session
from phone.jingle.states import State
from phone.jingle.transfer import Trail, Transfers

SESSION_SECONDS: Final = 20.0
"""From `proceed` to the session-initiate, and from the will to call to our media's description. Dino gives up after
20 s as well (PEERS.md 2)."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a leg needs of its agent."""

    own: str
    policy: PeerPolicy
    new_id: Callable[[], str]
    account: bool = True
    """Other devices of ours may ring as well, and must be told who took a call."""


class Leg:
    """One call leg. Methods return what must be done, in order."""

    def __init__(
        self,
        id: str,
        peer: str,
        around: Surroundings,
        *,
        outgoing: bool,
        plain: bool = False,
        mark: Transfer | None = None,
        trail: Trail | None = None,
        regarding: str = "",
    ) -> None:
        """`plain`: offer plain RTP (outgoing); `mark`: on whose behalf (outgoing); `trail`: how it came about;
        `regarding`: whom a message is for that is left (outgoing), a bare JID.
        """
        self.id = id
        self.peer = peer
        self.around = around
        self.outgoing = outgoing
        self.regarding = regarding
        self.invitation: Invitation | None = None
        self.session: Session | None = None
        self.media: LocalMedia | None = None
        self.hold = Hold()
        self.transfers = Transfers(id, mark=mark, trail=trail)
        self.over = False
        self._due: float | None = None
        self._plain = plain
        self._early = False
        self._wanted = outgoing
        self._yielded = False
        self._alerted = False
        self.accepted = False
        self._shown_to: str | None = None

    def __repr__(self) -> str:
        return f"Leg({self.id!r}, {self.invitation!r}, {self.session!r})"

    # --- beginnings ---------------------------------------------------------------------------------------------

    def propose(self) -> Effects:
        """Call by JMI."""
        self.invitation = Invitation(self.id, bare(self.peer))
        propose = self.invitation.send(Verb.PROPOSE, transfer=self.transfers.mark)
        return (*self._show_to(bare(self.peer)), propose)

    def initiate(self, to: str, now: float, *, early: bool = False) -> Effects:
        """Call by a session: at once when our media is described, else as soon as it is."""
        self._early = early
        self.session = Session(
            self.id,
            self.invitation.id if self.invitation else self.id,
            self.around.own,
            to,
            offer(plain=self._plain),
            initiator=True,
            plain=self.around.policy.plain_rtp,
            new_id=self.around.new_id,
        )
        self._due = now + SESSION_SECONDS
        # A third party whom somebody else chose may never have seen us.
        shown = self._show_to(to) if self.transfers.mark and self.invitation is None else ()
        return shown + self._go_on()

    def offered(self, id: str, caller: str) -> Effects:
        """They propose; only contacts learn that we ring (XEP-0353 security considerations)."""
        self.invitation = Invitation(id, caller)
        self.invitation.receive(Verb.PROPOSE)
        return (self.invitation.send(Verb.RINGING),) if self.around.policy.contact else ()

    def initiated(self, jingle: Jingle, sender: str, terms: Terms) -> Effects:
        """They start the session."""
        self.session = Session(
            self.id,
            jingle.sid,
            self.around.own,
            sender,
            terms,
            initiator=False,
            plain=self.around.policy.plain_rtp,
            new_id=self.around.new_id,
        )
        self.session.receive(jingle)
        self.session.media = self.media
        self._early = jingle.early and self.around.policy.contact
        self._due = None
        ringing = () if self._wanted else self.session.ring()
        return ringing + self._go_on()

    # --- the user -----------------------------------------------------------------------------------------------

    def accept(self, now: float) -> Effects:
        """The user takes their call."""
        self._wanted = True
        return self.take(now) + self._go_on()

    def take(self, now: float) -> Effects:
        """`proceed` to their device; `accept` to our own bare JID for our older ones (PEERS.md, Dino)."""
        invitation = self.invitation
        if invitation is None or invitation.stage is not Stage.OFFERED:
            return ()
        if self.session is None:
            self._due = now + SESSION_SECONDS
        shown = self._show_to(invitation.peer)
        told = (invitation.send(Verb.ACCEPT, to=bare(self.around.own)),) if self.around.account else ()
        return (*shown, *told, invitation.send(Verb.PROCEED))

    def set_hold(self, *, held: bool) -> Effects:
        """The user puts them on hold, or is back. Who asked us to call somebody else is told in any case that we are
        back (XEP-0251 has no other way to say that it failed).
        """
        self.hold.wanted = held
        if self.session is None:
            return ()
        if not held and self.transfers.give_up():
            return self.hold.take_back(self.session)
        return self.hold.tell(self.session)

    def terminate(self, reason: EndReason) -> Effects:
        """The user ends it, whichever way its progress means."""
        self.over = True
        if self.session is None or self.session.state is State.NEW:
            return self._withdraw(reason) + self._hide()
        effects = self.session.terminate(reason) + self._finish(reason)
        # One that they started before we took their proposal may still ring on our other devices.
        return effects + self._withdraw(reason) + self._hide()

    # --- our media ----------------------------------------------------------------------------------------------

    def described(self, media: LocalMedia) -> Effects:
        """Our side of the media is ready."""
        self.media = media
        effects = self.session.describe(media) if self.session is not None else ()
        return effects + self._go_on()

    def candidate(self, candidate: IceCandidate, restart: int) -> Effects:
        """One more of our candidates; one of a former ICE generation is dropped."""
        if self.media is None or self.media.restart != restart or candidate in self.media.candidates:
            return ()
        self.media = replace(self.media, candidates=(*self.media.candidates, candidate))
        return self.session.trickle(self.media, candidate) if self.session is not None else ()

    def media_failed(self, fault: str) -> Effects:
        """The media process gave the leg up."""
        condition, reason = from_fault(fault)
        if self.session is not None and self.session.state is not State.NEW:
            return self.settled(self.session.refuse(Refusal(condition, reason)))
        return self.end(reason, self._withdraw(reason))

    def wish(self) -> MediaWish:
        """How the media should stand now."""
        if self.session is not None:
            return self.session.wish()
        return MediaWish(
            id=self.id,
            controlling=self.outgoing,
            security="plain" if self._plain else "dtls",
            receive=OFFER if self.outgoing else (),
            before_ice=self._plain,
        )

    # --- theirs -------------------------------------------------------------------------------------------------

    def receive(self, jingle: Jingle, sender: str) -> tuple[StanzaError | None, Effects]:
        """An action in our session. One that we called by its bare address (a gateway) may answer with a resource,
        and is held to it from then on.
        """
        session = self._existing_session()
        session.peer = sender
        error, effects = session.receive(jingle)
        if jingle.info is not None:
            effects += self.transfers.informed(jingle.info)
        return error, self.settled(effects + self.hold.tell(session))

    def replied(self, token: str, error: str | None, now: float) -> Effects:
        """The answer to one of our IQs."""
        session = self.session
        if session is None:
            return ()
        effects = self.transfers.replied(token, error, now) + self.hold.replied(session, token, error)
        return effects + self.settled(session.replied(token, error))

    def elsewhere(self, verb: Verb) -> Effects:
        """Another of our own devices took or refused it (through carbons, or `accept` to our bare JID)."""
        if self.outgoing or self._wanted:
            return ()
        refused = verb is Verb.REJECT
        return self.end(EndReason.DECLINED_ELSEWHERE if refused else EndReason.ANSWERED_ELSEWHERE)

    @property
    def deadline(self) -> float | None:
        """When `expire` should be called."""
        return min((at for at in (self._due, self.transfers.deadline) if at is not None), default=None)

    def expire(self, now: float) -> Effects:
        """Give up what has waited too long: their session or our media, then who asks for a transfer, or is asked."""
        if self._due is None or self._due > now:
            return self.transfers.expire(now)
        self._due = None
        if self.session is None:
            return self.end(EndReason.UNREACHABLE, self._withdraw(EndReason.UNREACHABLE))
        return self.end(EndReason.FAILED, self.session.terminate(EndReason.FAILED) + self._withdraw(EndReason.FAILED))

    def gone(self, full: str) -> Effects:
        """A resource went away. An active session lives on: its media may well flow (the no-RTP timer judges)."""
        far = self.session or self.invitation
        active = self.session is not None and self.session.state is State.ACTIVE
        if far is None or far.peer != full or active:
            return ()
        return self.end(EndReason.UNREACHABLE if self.outgoing else EndReason.CANCELLED)

    @property
    def contested(self) -> bool:
        """Whether our session-initiate is out and unanswered: one of theirs with its sid is glare. No mailbox calls."""
        pending = self.session is not None and self.session.state is State.PENDING
        return pending and self.outgoing and not self.regarding

    # --- glare --------------------------------------------------------------------------------------------------

    def give_way(self) -> Effects:
        """Both call, and theirs stands: ours is taken back. Our user wants this call, so it is taken at once."""
        effects: Effects = ()
        if self.invitation is not None:
            effects = (self.invitation.send(Verb.RETRACT, reason="expired", tie_break=True),)
        self.invitation = None
        self.session = None
        self.outgoing = False
        self._yielded = True
        return effects

    # --- ends ---------------------------------------------------------------------------------------------------

    def end(self, reason: EndReason, before: Effects = ()) -> Effects:
        """It is over, and not by our user."""
        self.over = True
        return before + self._hide() + (CallEnded(self.id, self.transfers.outcome(reason)),)

    def settled(self, effects: Effects) -> Effects:
        """Told once, and finished when the session is."""
        kept: Effects = ()
        for effect in effects:
            match effect:
                case CallAlerting() if self._alerted or self.accepted:
                    continue
                case CallAlerting():
                    self._alerted = True
                case CallAccepted() if self.accepted:
                    continue
                case CallAccepted():
                    self.accepted = True
            kept += (effect,)
        if self.session is None or self.session.ended is None:
            return kept
        return self.end(self.session.ended, kept + self._finish(self.session.ended))

    # --- inside -------------------------------------------------------------------------------------------------

    def _go_on(self) -> Effects:
        """Send what waits for our media: the offer, the early transport or the answer."""
        session = self.session
        if session is None or self.media is None:
            return ()
        if session.state is State.NEW:
            self._due = None
            mark = self.transfers.mark
            return session.offer(self.media, early=self._early, transfer=mark, regarding=self.regarding)
        if session.initiator or session.state is not State.PENDING or not session.ready:
            return ()
        if not self._wanted:
            return session.tell_early() if self._early and session.told < 0 else ()
        # In a call that began as ours (glare) this is the far end's yes.
        answer = session.accept() + self.settled((CallAccepted(self.id),) if self._yielded else ())
        return answer + self.hold.tell(session)

    def _withdraw(self, reason: EndReason) -> Effects:
        return () if self.invitation is None else self.invitation.withdraw(reason)

    def _finish(self, reason: EndReason) -> Effects:
        return () if self.invitation is None else self.invitation.finish(reason)

    def _show_to(self, jid: str) -> Effects:
        """Directed presence, so that a stranger's client knows what we can (XEP-0353 3.1)."""
        if self.around.policy.contact:
            return ()
        self._shown_to = jid
        return (SendPresence(jid),)

    def _hide(self) -> Effects:
        if self._shown_to is None:
            return ()
        jid, self._shown_to = self._shown_to, None
        return (SendPresence(jid, available=False),)

    def _existing_session(self) -> Session:
        if self.session is None:
            raise LocalProtocolError(f"{self.id} has no session yet: look it up by session")
        return self.session
