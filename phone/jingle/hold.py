"""Hold of one leg by us (XEP-0167 8.3): what our user wants, and what the far end was told.

Law: once the session is active, what was told is what is wanted.

How to end a hold so that every peer understands it: `<unhold/>`, and `<active/>` where that is answered by an error.
Asterisk acks whatever it is told and knows unhold alone, so active may not come first; Yate answers unhold with
feature-not-implemented and knows active (PEERS.md, Asterisk 6 and Yate 3); Gajim acks both and then errors; Dino and
browsers ignore them. Where unhold is understood, our own phones too, it is one stanza.
"""

from __future__ import annotations

from phone.jingle.api import Effects
from phone.jingle.elements import RTP_INFO, Info
from phone.jingle.session import Session
from phone.jingle.states import State


class Hold:
    """`wanted` may be set at any time; `tell` says it when there is somebody to tell."""

    def __init__(self) -> None:
        self.wanted = False
        self.told = False
        self._unhold: str | None = None
        """Token of the `<unhold/>` that may yet turn out not to be understood."""

    def tell(self, session: Session) -> Effects:
        """Say what has changed, if anything. Before the session is active hold has no meaning: it waits."""
        if session.state is not State.ACTIVE or self.told == self.wanted:
            return ()
        self.told = self.wanted
        iq = session.inform(Info(RTP_INFO, "hold" if self.wanted else "unhold"))
        self._unhold = None if self.wanted else iq.token
        return (iq,)

    def take_back(self, session: Session) -> Effects:
        """`<active/>`, whatever was told: the far end waits to hear that we are with it again (XEP-0251)."""
        self.wanted = self.told = False
        self._unhold = None
        return (session.inform(Info(RTP_INFO, "active")),)

    def replied(self, session: Session, token: str, error: str | None) -> Effects:
        """The answer to one of our IQs. It may be followed by another one (Gajim): the error counts."""
        if token != self._unhold or error is None or session.state is not State.ACTIVE:
            return ()
        return self.take_back(session)
