"""The XEP-0166 session machine: one session, from initiate to terminate, and what its media should do.

Laws
1. What may happen when stands in `states.TRANSITIONS` and nowhere else.
2. An action of ours that the table does not allow raises LocalProtocolError and changes nothing; one of theirs is
   answered `unexpected-request` + `out-of-order` and changes nothing. Remote nonsense never raises.
3. A session ends once: `ended` is set when the far end or the protocol ended it, and never changes again.
4. Nothing of our transport is told before `offer`, `accept` or `tell_early`; nothing of theirs is used before that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from phone.jingle import elements as ns
from phone.jingle.api import (
    CallAccepted,
    CallAlerting,
    Effects,
    EndReason,
    IceCandidate,
    LocalMedia,
    MediaWish,
    Nonsense,
    SendIq,
    StanzaError,
)
from phone.jingle.codec import encode_jingle
from phone.jingle.contents import named, trickled, whole
from phone.jingle.elements import (
    ICE_UDP,
    RTP_INFO,
    Action,
    Content,
    Info,
    Jingle,
    Reason,
    Transfer,
)
from phone.jingle.machine import Machine
from phone.jingle.negotiate import Refusal, Terms, dtls_role, settle, setup
from phone.jingle.proposal import Way
from phone.jingle.reasons import from_wire
from phone.jingle.states import OUT_OF_ORDER, TRANSITIONS, UNSUPPORTED_INFO, State
from phone.jingle.transport import RemoteTransport


class Session(Machine[Action]):
    """One Jingle session. Methods return what must be done, in order."""

    def __init__(
        self,
        id: str,
        sid: str,
        own: str,
        peer: str,
        terms: Terms,
        *,
        initiator: bool,
        plain: bool,
        new_id: Callable[[], str],
    ) -> None:
        """As `Machine`'s; `plain`: the policy allows plain RTP."""
        super().__init__(id, sid, own, peer, initiator=initiator, new_id=new_id, table=TRANSITIONS)
        self.terms = terms
        self.told = -1
        """The restart number of our transport that the far end knows; -1: nothing yet."""
        self._plain = plain

    # --- ours ---------------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Our media of the current ICE generation is described."""
        return self.media is not None and self.media.restart == self.remote.restart

    def offer(
        self, media: LocalMedia, *, early: bool, transfer: Transfer | None = None, regarding: str = ""
    ) -> Effects:
        """session-initiate; `transfer`: on whose behalf; `regarding`: whom a message is for, a bare JID."""
        self.media = media
        iq = self._send(
            Action.SESSION_INITIATE,
            whole(self.terms, media, self._setup()),
            initiator=self.own,
            early=early,
            transfer=transfer,
            regarding=regarding,
        )
        self.told = media.restart
        return (iq,)

    def ring(self) -> Effects:
        """Tell that a user is being asked (XEP-0167 8.2)."""
        return (self.inform(Info(RTP_INFO, "ringing")),)

    def inform(self, info: Info | None = None, transfer: Transfer | None = None) -> SendIq:
        """session-info."""
        return self._send(Action.SESSION_INFO, info=info, transfer=transfer)

    def tell_early(self) -> Effects:
        """Our transport while we ring, as the initiator asked (EARLY)."""
        media = self._described()
        iq = self._send(Action.TRANSPORT_INFO, trickled(self.terms, media, media.candidates, self._setup()))
        self.told = media.restart
        return (iq,)

    def accept(self) -> Effects:
        """session-accept with the one content that we take; the others are removed behind it (XEP-0166 7.2.6)."""
        media = self._described()
        effects: Effects = (
            self._send(Action.SESSION_ACCEPT, whole(self.terms, media, self._setup()), responder=self.own),
        )
        self.told = media.restart
        if self.terms.others:
            effects += (self._send(Action.CONTENT_REMOVE, named(self.terms.others)),)
        return effects

    def terminate(self, reason: EndReason) -> Effects:
        """session-terminate, or nothing when nothing was sent yet."""
        if reason is EndReason.TRANSFERRED and self.state is not State.NEW:
            told = Reason("success", "Call transferred", transferred=True)
            return (self._send(Action.SESSION_TERMINATE, reason=told),)
        return super().terminate(reason)

    def describe(self, media: LocalMedia) -> Effects:
        """Our side of the media (again, after an ICE restart)."""
        self.media = media
        if 0 <= self.told < media.restart == self.remote.restart:
            self.told = media.restart
            return (self._send(Action.TRANSPORT_INFO, trickled(self.terms, media, media.candidates)),)
        return ()

    def trickle(self, media: LocalMedia, candidate: IceCandidate) -> Effects:
        """One more of our candidates; `media` already holds it."""
        self.media = media
        if self.told != media.restart or self.terms.transport != ICE_UDP:
            return ()
        return (self._send(Action.TRANSPORT_INFO, trickled(self.terms, media, (candidate,))),)

    # --- theirs -------------------------------------------------------------------------------------------------

    def receive(self, jingle: Jingle) -> tuple[StanzaError | None, Effects]:
        """One action of theirs: the error to answer (None: result), then what follows."""
        before = self.state
        after = self._after(Way.GOT, jingle.action)
        if after is None:
            return OUT_OF_ORDER, ()
        self.state = after
        match jingle.action:
            case Action.SESSION_INITIATE:
                self._merge(jingle)
                return None, ()
            case Action.SESSION_ACCEPT:
                return None, self._accepted(jingle)
            case Action.SESSION_INFO:
                return self._informed(jingle.info)
            case Action.SESSION_TERMINATE:
                reason = jingle.reason or Reason()
                told = from_wire(reason.condition, active=before is State.ACTIVE, outgoing=self.initiator)
                self.ended = EndReason.TRANSFERRED if reason.transferred else told
                return None, ()
            case Action.TRANSPORT_INFO:
                return None, self._merge(jingle)
            case _:
                return None, self._changed(jingle)

    def wish(self) -> MediaWish:
        """How the media should stand now. Theirs shows only once ours was told: no check leaves before that."""
        remote = self.remote if self.told >= 0 else RemoteTransport()
        fingerprint = None if self.terms.plain else remote.fingerprint
        return MediaWish(
            id=self.id,
            controlling=self.initiator,
            transport="ice" if self.terms.transport == ICE_UDP else "raw",
            security="plain" if self.terms.plain else "dtls",
            dtls_role=self._dtls_role(),
            codecs=self.terms.codecs,
            receive=self.terms.receive,
            ptime=self.terms.ptime,
            rtcp_mux=self.terms.rtcp_mux,
            ufrag=remote.ufrag,
            pwd=remote.pwd,
            fingerprint_hash=None if fingerprint is None else fingerprint.hash,
            fingerprint=None if fingerprint is None else fingerprint.value,
            candidates=remote.candidates,
            restart=self.remote.restart,
            before_ice=self.terms.plain,
        )

    # --- inside -------------------------------------------------------------------------------------------------

    def _send(
        self,
        action: Action,
        contents: tuple[Content, ...] = (),
        *,
        info: Info | None = None,
        reason: Reason | None = None,
        initiator: str | None = None,
        responder: str | None = None,
        early: bool = False,
        transfer: Transfer | None = None,
        regarding: str = "",
    ) -> SendIq:
        self.state = self._check(action)
        token = self._token(decisive=action in {Action.SESSION_INITIATE, Action.SESSION_ACCEPT})
        jingle = Jingle(
            action,
            self.sid,
            contents,
            initiator,
            responder,
            reason=reason,
            info=info,
            early=early,
            transfer=transfer,
            regarding=regarding,
        )
        return SendIq(self.peer, encode_jingle(jingle), token, self.own)

    def _end(self, condition: str) -> Effects:
        return (self._send(Action.SESSION_TERMINATE, reason=Reason(condition)),)

    def _setup(self) -> str:
        return setup(self._dtls_role(), initiator=self.initiator)

    def _dtls_role(self) -> str:
        return dtls_role(None if self.terms.plain else self.remote.fingerprint, initiator=self.initiator)

    def _merge(self, jingle: Jingle) -> Effects:
        """Their transport. Contents that are not ours (refused ones, Yate's second) are ignored."""
        effects: Effects = ()
        for content in jingle.contents:
            told = content.transport
            if content.name not in (self.terms.content, "") or told is None:
                effects += (Nonsense(self.peer, "transport of a content that is not in the session"),)
            elif told.namespace == self.terms.transport:
                self.remote = self.remote.merged(told)
        return effects

    def _accepted(self, jingle: Jingle) -> Effects:
        told = next((c.transport.fingerprint for c in jingle.contents if c.transport is not None), None)
        terms = settle(self.terms, jingle, told is not None or self.remote.fingerprint is not None, plain=self._plain)
        if isinstance(terms, Refusal):
            return self.refuse(terms)
        self.terms = terms
        if told is not None:
            self.remote = replace(self.remote, fingerprint=told)
        for content in jingle.contents:
            if content.transport is not None and content.transport.namespace == terms.transport:
                self.remote = self.remote.merged(content.transport)
        return (CallAccepted(self.id),)

    def _informed(self, info: Info | None) -> tuple[StanzaError | None, Effects]:
        """session-info (XEP-0167 8, XEP-0181). An empty one is a ping (XEP-0166 7.2.9)."""
        match None if info is None else (info.namespace, info.name):
            case None | (ns.RAW_UDP_INFO, _) | (ns.RTP_INFO, "mute" | "unmute"):
                return None, ()
            case (ns.RTP_INFO, "ringing"):
                alerting = self.initiator and self.state is State.PENDING
                return None, ((CallAlerting(self.id),) if alerting else ())
            case (ns.RTP_INFO, "hold"):
                return None, self._hold(held=True)
            case (ns.RTP_INFO, "unhold" | "active"):
                return None, self._hold(held=False)
            case (ns.DTMF, "dtmf"):
                return self._digit("" if info is None else info.code)
            case _:
                return UNSUPPORTED_INFO, ()

    def _changed(self, jingle: Jingle) -> Effects:
        """content-*, transport-replace, description-info, security-info: acked, then declined or followed."""
        match jingle.action:
            case Action.CONTENT_ADD if jingle.contents:
                reason = Reason("unsupported-applications")
                return (self._send(Action.CONTENT_REJECT, named(jingle.contents), reason=reason),)
            case Action.TRANSPORT_REPLACE if jingle.contents:
                return (
                    self._send(Action.TRANSPORT_REJECT, tuple(replace(c, description=None) for c in jingle.contents)),
                )
            case Action.CONTENT_REMOVE if any(c.name == self.terms.content for c in jingle.contents):
                # XEP-0166 7.2.6: no content left is no session.
                active = self.state is State.ACTIVE
                self.ended = from_wire("", active=active, outgoing=self.initiator)
                return self._end("success" if active else "cancel")
            case Action.CONTENT_MODIFY:
                mine = "initiator" if self.initiator else "responder"
                ours = [c for c in jingle.contents if c.name == self.terms.content]
                return self._hold(held=ours[0].senders not in ("both", mine)) if ours else ()
            case _:
                return ()
