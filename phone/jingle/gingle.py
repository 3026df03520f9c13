"""The machine of one Google session: what it sends, what it takes, and what its media should do.

It has the methods of `session.Session`, so that one owner can have both kinds.

Laws
1. What may happen when stands in `gingle_states.TRANSITIONS` and nowhere else.
2. An act of ours that the table does not allow raises LocalProtocolError and changes nothing; one of theirs is answered
   not-allowed and changes nothing. Remote nonsense never raises.
3. A session ends once: `ended` is set when the far end or the protocol ended it, and never changes again.
4. None of our addresses is told before `offer`, `accept` or `tell_early`, and no check may leave before that.
5. Nothing waits for the answer to anything but initiate and accept: Asterisk gives none to much of the rest, and
   errors about candidates mean nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from phone.jingle import elements as ns
from phone.jingle import gingle_elements as google
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
from phone.jingle.elements import Info, Transport
from phone.jingle.gingle_candidates import Telling, told
from phone.jingle.gingle_codec import encode_session
from phone.jingle.gingle_elements import P2P, Act, Description, Dialect, Gingle, Redirect
from phone.jingle.gingle_states import NOT_NOW, TRANSITIONS
from phone.jingle.gingle_terms import GoogleTerms, settle
from phone.jingle.machine import Machine
from phone.jingle.negotiate import Refusal
from phone.jingle.proposal import Way
from phone.jingle.reasons import from_wire
from phone.jingle.states import BAD_REQUEST, State


class GoogleSession(Machine[Act]):
    """One session. Methods return what must be done, in order."""

    def __init__(
        self,
        id: str,
        sid: str,
        own: str,
        peer: str,
        terms: GoogleTerms,
        *,
        initiator: bool,
        new_id: Callable[[], str],
    ) -> None:
        """As `Machine`'s."""
        super().__init__(id, sid, own, peer, initiator=initiator, new_id=new_id, table=TRANSITIONS)
        self.terms = terms
        self.redirected: Redirect | None = None
        """Where the far end wants us to call instead: it has ended this session so."""
        self.regarding = ""
        """The mailbox that the initiate named (Google's voicemail extension), else who redirected the call here."""
        self._initiator = own if initiator else ""
        self._telling = Telling()
        self._telling_allowed = False
        self._begun = False

    @property
    def dialect(self) -> Dialect:
        """The far end's, as far as it has shown."""
        return self._telling.dialect

    @property
    def ready(self) -> bool:
        """Our media is described."""
        return self.media is not None

    # --- ours ---------------------------------------------------------------------------------------------------

    def offer(self, media: LocalMedia, *, regarding: str = "", cookie: str = "") -> Effects:
        """initiate, with an empty transport (GTALK4); our candidates follow when it is acked. `regarding`: the bare JID
        of whom the message is for (voicemail); `cookie`: of the redirect that sent us here.

        Raises LocalProtocolError, as `describe` does, for a username that is not 16 characters of base64.
        """
        told(media)
        iq = self._send(
            Gingle(
                Act.INITIATE,
                self.sid,
                description=Description(self.terms.receive),
                transport=True,
                regarding=regarding,
                redirect=Redirect(cookie=cookie) if cookie else None,
            )
        )
        self.media = media
        self._telling_allowed = True
        return (iq,)

    def tell_early(self) -> Effects:
        """Our candidates while we ring: to who may know our addresses before the answer."""
        self._described()
        self._telling_allowed = True
        return self._tell()

    def accept(self) -> Effects:
        """Our candidates, as far as they are not told, and accept."""
        self._described()
        self._check(Act.ACCEPT)
        effects = self.tell_early()
        return (*effects, self._send(Gingle(Act.ACCEPT, self.sid, description=Description(self.terms.receive))))

    def redirect(self, target: str) -> Effects:
        """Send their call to another address (libjingle 0.4)."""
        return (self._send(Gingle(Act.REDIRECT, self.sid, redirect=Redirect(target))),)

    def inform(self, info: Info) -> Effects:
        """info: to peers known to be ours, since nobody else does anything with it."""
        return (self._send(Gingle(Act.INFO, self.sid, info=info)),)

    def describe(self, media: LocalMedia) -> Effects:
        """Our side of the media; this dialect has no ICE restart."""
        told(media)
        self.media = media
        return self._tell()

    def trickle(self, media: LocalMedia, candidate: IceCandidate) -> Effects:
        """One more of our candidates; `media` already holds it."""
        del candidate
        return self.describe(media)

    # --- theirs -------------------------------------------------------------------------------------------------

    def receive(self, got: Gingle) -> tuple[StanzaError | None, Effects]:
        """One act of theirs: the error to answer (None: result), then what follows."""
        before = self.state
        after = self._after(Way.GOT, got.act)
        if after is None:
            return NOT_NOW, ()
        if got.act is Act.REDIRECT and not (got.redirect and got.redirect.target):
            return BAD_REQUEST, (Nonsense(self.peer, "a redirect to nowhere"),)
        self.state = after
        self._telling.heard(got)
        match got.act:
            case Act.INITIATE:
                return None, self._initiated(got)
            case Act.ACCEPT:
                return None, self._begin() + self._merge(got) + self._accepted(got)
            case Act.REJECT | Act.TERMINATE:
                condition = got.reason or ("decline" if got.act is Act.REJECT else "")
                self.ended = from_wire(condition, active=before is State.ACTIVE, outgoing=self.initiator)
                return None, ()
            case Act.REDIRECT:
                self.redirected = got.redirect
                self.ended = EndReason.UNREACHABLE
                return None, ()
            case Act.INFO | Act.CONTENT_INFO:
                return self._informed(got.info)
            case _:
                return None, self._begin() + self._merge(got)

    def wish(self) -> MediaWish:
        """How the media should stand now: plain RTP on GICE (`transport` "gice"). The candidates are `P2pCandidate`s;
        `LocalMedia.ufrag` is the username of ours. Theirs show only once ours may be told: no check leaves before.
        """
        return MediaWish(
            id=self.id,
            controlling=self.initiator,
            transport="gice",
            security="plain",
            codecs=self.terms.codecs,
            receive=self.terms.receive,
            rtcp_mux=False,
            candidates=self.remote.candidates if self._telling_allowed else (),
            before_ice=True,
        )

    # --- inside -------------------------------------------------------------------------------------------------

    def _send(self, stanza: Gingle) -> SendIq:
        self.state = self._check(stanza.act)
        token = self._token(decisive=stanza.act in {Act.INITIATE, Act.ACCEPT})
        payload = encode_session(replace(stanza, id=self.sid, initiator=self._initiator))
        return SendIq(self.peer, payload, token, self.own)

    def _end(self, condition: str) -> Effects:
        """terminate, or reject before the answer to their call."""
        refused = not self.initiator and self.state is State.PENDING
        return (self._send(Gingle(Act.REJECT if refused else Act.TERMINATE, self.sid, reason=condition)),)

    def _begin(self) -> Effects:
        """The far end knows of the session: servers may re-order what is sent before (libjingle)."""
        self._begun = True
        return self._tell()

    def _tell(self) -> Effects:
        if self.media is None or not (self._begun and self._telling_allowed) or self.state is State.ENDED:
            return ()
        return tuple(self._send(stanza) for stanza in self._telling.due(told(self.media)))

    def _initiated(self, got: Gingle) -> Effects:
        self._initiator = got.initiator
        self._begun = True
        self.regarding = got.regarding or (got.redirect.redirector if got.redirect else "")
        effects = self._merge(got)
        if self.dialect is Dialect.GTALK4:
            effects += (self._send(Gingle(Act.TRANSPORT_ACCEPT, self.sid, transport=True)),)
        return effects

    def _merge(self, got: Gingle) -> Effects:
        """Their candidates: each once, of whatever form (Yate sends both)."""
        self.remote = self.remote.added(Transport(P2P, candidates=(*got.wrapped, *got.bare)))
        return ()

    def _accepted(self, got: Gingle) -> Effects:
        terms = settle(self.terms, got.description)
        if isinstance(terms, Refusal):
            return self.refuse(terms)
        self.terms = terms
        return (CallAccepted(self.id),)

    def _acked(self) -> Effects:
        """There is no ringing in this protocol: a device that acked an initiate shows it to its user."""
        if not self.initiator:
            return ()
        effects = self._begin()
        return effects if self.state is State.ACTIVE else (CallAlerting(self.id), *effects)

    def _informed(self, info: Info | None) -> tuple[StanzaError | None, Effects]:
        """The acts info and (Yate's) content-info. What is not understood is acked, as libjingle does."""
        match None if info is None else (info.namespace, info.name):
            case (ns.RTP_INFO, "hold"):
                return None, self._hold(held=True)
            case (ns.RTP_INFO, "unhold" | "active"):
                return None, self._hold(held=False)
            case (ns.DTMF, "dtmf") | (google.DTMF_INFO, "dtmf"):
                return self._digit("" if info is None else info.code)
            case _:
                return None, ()
