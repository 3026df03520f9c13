"""All Google sessions of one address: what comes in is routed to its session, what nobody owns is answered.

The half of `agent.Agent` that speaks Google's dialect, without IO, with its methods as far as this dialect has what
they are for: no proposals, no transfer, and hold only towards the media. Every IQ gets exactly one `Reply`, first and
at once.

Laws
1. What a far end sends never raises.
2. The key of a session is (peer's full JID, id). The `initiator` attribute is echoed and never looked at again.
3. A call ends once; its id appears in `wishes` from its beginning to its end and never after.
4. To whom the config allows no plain RTP the dialect is unknown: Asterisk then tries its next one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from xml.etree.ElementTree import Element

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
)
from phone.jingle.errors import RemoteProtocolError
from phone.jingle.gingle import GoogleSession
from phone.jingle.gingle_codec import parse_session
from phone.jingle.gingle_elements import Act, Description, Gingle
from phone.jingle.gingle_states import UNKNOWN
from phone.jingle.gingle_terms import GoogleTerms, offer, take
from phone.jingle.jid import bare, normal
from phone.jingle.leg import SESSION_SECONDS
from phone.jingle.negotiate import Refusal
from phone.jingle.reasons import from_fault
from phone.jingle.register import Register
from phone.jingle.states import BAD_REQUEST, NOT_OURS, State

TOO_MANY: Final = StanzaError("resource-constraint", "cancel")
"""Not `wait`: libjingle ignores such errors and would wait for ever."""


@dataclass(slots=True)
class _Call:
    """One call: its session, and what waits for our media."""

    session: GoogleSession
    policy: PeerPolicy
    regarding: str = ""
    cookie: str = ""
    wanted: bool = False
    media: LocalMedia | None = None
    due: float | None = None
    sent_on: bool = False


class GoogleAgent:
    """The owner of an address's Google sessions."""

    def __init__(
        self,
        own: str,
        *,
        policy: Callable[[str], PeerPolicy],
        new_id: Callable[[], str],
        register: Register | None = None,
    ) -> None:
        """`own`, `policy` and `new_id` as `agent.Agent`'s; `register`: of the calls of all dialects."""
        self.own = own
        self._policy = policy
        self._new_id = new_id
        self._register = register or Register(new_id)
        self._calls: dict[str, _Call] = {}

    def __contains__(self, id: str) -> bool:
        return id in self._calls

    # --- the core -----------------------------------------------------------------------------------------------

    def call(self, id: str, to: str, now: float, *, regarding: str = "", cookie: str = "") -> Effects:
        """Call the address `to` as it stands, as soon as our media is described. `regarding`: the bare JID of whom the
        message is for, when `to` is a voicemail address. Raises LocalProtocolError when `id` is taken.
        """
        self._register.add(id)
        session = self._session(id, id, self.own, to, offer(), initiator=True)
        self._calls[id] = _Call(session, self._policy(to), regarding, cookie, wanted=True, due=now + SESSION_SECONDS)
        return ()

    def accept(self, id: str, now: float) -> Effects:
        """The user (or the service) takes a call. An id that is over already: nothing."""
        call = self._calls.get(id)
        if call is None:
            return ()
        call.wanted = True
        call.due = now + SESSION_SECONDS if call.media is None else None
        return self._go_on(call)

    def terminate(self, id: str, reason: EndReason) -> Effects:
        """Our user ends a call. An id that is over already: nothing."""
        call = self._calls.get(id)
        if call is None:
            return ()
        self._forget(call)
        return call.session.terminate(reason)

    def peer(self, id: str) -> str | None:
        """With whom a call is."""
        call = self._calls.get(id)
        return None if call is None else call.session.peer

    # --- the media process --------------------------------------------------------------------------------------

    def described(self, id: str, media: LocalMedia) -> Effects:
        """Our side of a call's media; its `ufrag` is the username of our candidates. For a call that is over: nothing.

        Raises LocalProtocolError when that is not 16 characters of base64.
        """
        call = self._calls.get(id)
        if call is None:
            return ()
        effects = call.session.describe(media)
        call.media = media
        call.due = None
        return effects + self._go_on(call)

    def candidate(self, id: str, candidate: IceCandidate) -> Effects:
        """One more local candidate."""
        call = self._calls.get(id)
        if call is None or call.media is None or candidate in call.media.candidates:
            return ()
        call.media = replace(call.media, candidates=(*call.media.candidates, candidate))
        return call.session.trickle(call.media, candidate)

    def media_failed(self, id: str, fault: str) -> Effects:
        """A `media.plan.LegFault` ended a call: the far end and the core are told."""
        call = self._calls.get(id)
        return () if call is None else self._given_up(call, Refusal(*from_fault(fault)))

    def wishes(self) -> tuple[MediaWish, ...]:
        """How all media should stand now."""
        return tuple(call.session.wish() for call in self._calls.values())

    # --- the network --------------------------------------------------------------------------------------------

    def receive_iq(self, sender: str, iq_id: str, payload: Element, to: str | None = None) -> Effects:
        """An IQ-set with a `<session/>`, to our address `to`: one Reply, then what follows from it."""
        policy = self._policy(sender)
        try:
            got = parse_session(payload)
        except RemoteProtocolError as wrong:
            return Reply(sender, iq_id, BAD_REQUEST if policy.plain_rtp else NOT_OURS), Nonsense(sender, str(wrong))
        call = self._by_session(sender, got.id)
        if call is not None:
            call.session.peer = sender
            error, effects = call.session.receive(got)
        elif not policy.plain_rtp:
            error, effects = NOT_OURS, ()  # Asterisk then tries its next dialect (PEERS.md, Asterisk 7)
        elif got.act is Act.INITIATE and got.description is not None:
            error, effects = self._initiated(sender, to or self.own, got, got.description, policy)
        else:
            error, effects = UNKNOWN, ()
        return (Reply(sender, iq_id, error), *effects, *self._settled(call))

    def replied(self, token: str, error: str | None) -> Effects:
        """The answer to a SendIq: None for a result, else the defined condition, or "timeout"."""
        effects: Effects = ()
        for call in tuple(self._calls.values()):
            effects += call.session.replied(token, error) + self._settled(call)
        return effects

    def resource_gone(self, full_jid: str) -> Effects:
        """`full_jid` became unavailable: what it has not taken yet is over; of an active call the media judge."""
        effects: Effects = ()
        for call in tuple(self._calls.values()):
            session = call.session
            if session.peer == full_jid and session.state is not State.ACTIVE:
                reason = EndReason.UNREACHABLE if session.initiator else EndReason.CANCELLED
                effects += self._over(call, reason)
        return effects

    # --- the clock ----------------------------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """When `expire` should be called next."""
        return min((call.due for call in self._calls.values() if call.due is not None), default=None)

    def expire(self, now: float) -> Effects:
        """End what has waited for our media too long."""
        effects: Effects = ()
        for call in tuple(self._calls.values()):
            if call.due is not None and call.due <= now:
                effects += self._given_up(call, Refusal("general-error", EndReason.FAILED))
        return effects

    # --- inside -------------------------------------------------------------------------------------------------

    def _by_session(self, sender: str, sid: str) -> _Call | None:
        """One that we called by its bare address may answer with a resource."""
        for call in self._calls.values():
            session = call.session
            if session.sid == sid and session.state is not State.NEW and session.peer in {sender, bare(sender)}:
                return call
        return None

    def _initiated(
        self, sender: str, own: str, got: Gingle, description: Description, policy: PeerPolicy
    ) -> tuple[StanzaError | None, Effects]:
        if self._register.full(policy):
            return TOO_MANY, (Nonsense(sender, "too many calls at once"),)
        terms = take(description)
        if isinstance(terms, Refusal):
            session = self._session(got.id, got.id, own, sender, GoogleTerms(), initiator=False)
            error, effects = session.receive(got)
            return error, (*effects, *session.refuse(terms))
        call_id = self._register.admit(got.id, policy)
        session = self._session(call_id, got.id, own, sender, terms, initiator=False)
        self._calls[call_id] = _Call(session, policy)
        error, effects = session.receive(got)
        return error, (CallOffered(call_id, sender, regarding=session.regarding), *effects)

    def _session(self, id: str, sid: str, own: str, peer: str, terms: GoogleTerms, *, initiator: bool) -> GoogleSession:
        return GoogleSession(id, sid, own, peer, terms, initiator=initiator, new_id=self._new_id)

    def _go_on(self, call: _Call) -> Effects:
        """Send what waits for our media: the offer, the early candidates or the answer."""
        session = call.session
        if call.media is None:
            return ()
        if session.state is State.NEW:
            return session.offer(call.media, regarding=call.regarding, cookie=call.cookie)
        if session.initiator or session.state is not State.PENDING:
            return ()
        if call.wanted:
            return session.accept()
        return session.tell_early() if call.policy.contact else ()

    def _settled(self, call: _Call | None) -> Effects:
        """What the end of a session means for its call."""
        if call is None or call.session.ended is None:
            return ()
        redirect = call.session.redirected
        if redirect is None or call.sent_on or bare(redirect.target) != bare(normal(call.session.peer)):
            return self._over(call, call.session.ended)
        # to another device of theirs; elsewhere no call goes unless the user says so
        old, call.sent_on, call.cookie = call.session, True, redirect.cookie
        call.session = self._session(old.id, self._new_id(), old.own, redirect.target, offer(), initiator=True)
        return self._go_on(call)

    def _given_up(self, call: _Call, why: Refusal) -> Effects:
        begun = call.session.state is not State.NEW
        return (call.session.refuse(why) if begun else ()) + self._over(call, why.reason)

    def _over(self, call: _Call, reason: EndReason) -> Effects:
        self._forget(call)
        return (CallEnded(call.session.id, reason),)

    def _forget(self, call: _Call) -> None:
        del self._calls[call.session.id]
        self._register.remove(call.session.id)
