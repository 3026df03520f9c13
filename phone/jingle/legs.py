"""All Jingle legs of one account: whose an incoming stanza is, and which ids are over.

Laws
1. Sessions are keyed by (peer's full JID, sid), invitations by (peer's bare JID, id). The `initiator` attribute is
   never a key: peers write the wrong one (XEP-0251's examples, XEP-0166 7.1).
2. At most MAX_REMEMBERED ended ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from phone.jingle.api import Effects
from phone.jingle.elements import Transfer
from phone.jingle.jid import bare
from phone.jingle.leg import Leg, Surroundings
from phone.jingle.proposal import Stage
from phone.jingle.register import Register
from phone.jingle.states import State
from phone.jingle.transfer import Trail

MAX_REMEMBERED: Final = 64
REMEMBER_SECONDS: Final = 300.0


class Legs:
    """The legs that live, by the call ids under which the core knows them, and the ids of those that ended."""

    def __init__(self, register: Register) -> None:
        self.ended: dict[tuple[str, str], float] = {}
        """(bare peer, JMI id) -> when to forget it."""
        self._legs: dict[str, Leg] = {}
        self._register = register

    def __iter__(self) -> Iterator[Leg]:
        """A snapshot: legs may end while one goes through them."""
        return iter(tuple(self._legs.values()))

    def get(self, id: str | None) -> Leg | None:
        """The leg of that call id, if it lives."""
        return None if id is None else self._legs.get(id)

    def add(self, leg: Leg) -> None:
        """A call that we place. Raises LocalProtocolError when its id is taken."""
        self._register.add(leg.id)
        self._legs[leg.id] = leg

    def open(self, wanted: str, peer: str, around: Surroundings, trail: Trail) -> Leg:
        """An incoming call, by its sid if that may be its name."""
        call = self._register.admit(wanted, around.policy)
        self._legs[call] = Leg(call, peer, around, outgoing=False, trail=trail)
        return self._legs[call]

    def swept(self, leg: Leg, effects: Effects, now: float) -> Effects:
        """Drop the leg when it is over, and remember its invitation for a while."""
        if not leg.over or self._legs.get(leg.id) is not leg:
            return effects
        del self._legs[leg.id]
        self._register.remove(leg.id)
        self._remember(leg, now)
        return leg.transfers.close() + effects

    # --- whose it is --------------------------------------------------------------------------------------------

    def by_session(self, sender: str, sid: str) -> Leg | None:
        """The leg whose session an IQ of `sender` with that sid is for."""
        return next((leg for leg in self if _in_session(leg, sender, sid)), None)

    def by_invitation(self, sender: str, id: str) -> Leg | None:
        """The leg whose invitation a message of `sender` with that id is about."""
        for leg in self:
            if leg.invitation is not None and leg.invitation.id == id and bare(leg.invitation.peer) == bare(sender):
                return leg
        return None

    def awaiting(self, sender: str, id: str) -> Leg | None:
        """The leg that `sender` proposed with that id, and whose session has not begun."""
        leg = self.by_invitation(sender, id)
        if leg is None or leg.invitation is None or leg.outgoing or leg.session is not None:
            return None
        return leg if leg.invitation.peer == sender else None

    def ringing_for(self, sender: str) -> tuple[Leg, ...]:
        """The legs that `sender` proposed and nobody has taken."""
        return tuple(leg for leg in self if leg.session is None and _rings_for(leg, sender))

    def rival(self, sender: str) -> Leg | None:
        """Our own unanswered call to the same far end, if there is one."""
        return next((leg for leg in self if leg.outgoing and _calls(leg, sender)), None)

    def replaceable(self, mark: Transfer | None) -> Leg | None:
        """The leg that a call with that mark takes the place of: our session with who transferred the call, by both
        full JIDs and the sid, and no call was said to take its place before.
        """
        if mark is None or mark.sid is None:
            return None
        return next((leg for leg in self if not leg.transfers.replaced and _is_meant(leg, mark, mark.sid)), None)

    # --- inside -------------------------------------------------------------------------------------------------

    def _remember(self, leg: Leg, now: float) -> None:
        self.ended = {key: until for key, until in self.ended.items() if until > now}
        if leg.invitation is not None:
            self.ended[bare(leg.invitation.peer), leg.invitation.id] = now + REMEMBER_SECONDS
        while len(self.ended) > MAX_REMEMBERED:
            del self.ended[next(iter(self.ended))]


def _in_session(leg: Leg, sender: str, sid: str) -> bool:
    session = leg.session
    if session is None or session.sid != sid or session.state is State.NEW:
        return False
    return session.peer in {sender, bare(sender)}


def _is_meant(leg: Leg, mark: Transfer, sid: str) -> bool:
    session = leg.session
    if session is None or session.sid != sid or session.state not in {State.PENDING, State.ACTIVE}:
        return False
    return session.peer == mark.attendant and mark.to in {None, session.own}


def _rings_for(leg: Leg, sender: str) -> bool:
    invitation = leg.invitation
    return invitation is not None and invitation.stage is Stage.OFFERED and invitation.peer == sender


def _calls(leg: Leg, sender: str) -> bool:
    """By session: that very device. Whoever takes messages does not call at the same time."""
    if leg.regarding:
        return False
    if leg.session is not None:
        pending = leg.session.state in {State.NEW, State.PENDING}
        return pending and not leg.accepted and leg.session.peer in {sender, bare(sender)}
    return leg.invitation is not None and leg.invitation.peer == bare(sender)
