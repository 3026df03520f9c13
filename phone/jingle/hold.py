"""Hold of one leg by us (XEP-0167 8.3): what our user wants, and what the far end was told.

Law: once the session is active, what was told is what is wanted.

How to end a hold so that every peer understands it: `<unhold/>`, and `<active/>` where that is answered by an error.
Asterisk acks whatever it is told and knows unhold alone, so active may not come first; Yate answers unhold with
feature-not-implemented and knows active (PEERS.md, Asterisk 6 and Yate 3); Gajim acks both and then errors; Dino and
browsers ignore them. Where unhold is understood, our own phones too, it is one stanza.

A server that restarts loses stanzas: what nobody answers is said once again, else the two ends would differ for ever.
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
        self._word = ""
        """What was said last, and the token of its IQ."""
        self._token: str | None = None
        self._again = False
        """It was said twice."""

    def tell(self, session: Session) -> Effects:
        """Say what has changed, if anything. Before the session is active hold has no meaning: it waits."""
        if session.state is not State.ACTIVE or self.told == self.wanted:
            return ()
        self.told = self.wanted
        return self._say(session, "hold" if self.wanted else "unhold")

    def take_back(self, session: Session) -> Effects:
        """`<active/>`, whatever was told: the far end waits to hear that we are with it again (XEP-0251)."""
        self.wanted = self.told = False
        return self._say(session, "active")

    def replied(self, session: Session, token: str, error: str | None) -> Effects:
        """The answer to one of our IQs. It may be followed by another one (Gajim): the error counts."""
        if token != self._token or error is None or session.state is not State.ACTIVE:
            return ()
        if self._word == "unhold":
            return self.take_back(session)
        if error != "timeout" or self._again:
            return ()
        return self._say(session, self._word, again=True)

    def _say(self, session: Session, word: str, *, again: bool = False) -> Effects:
        iq = session.inform(Info(RTP_INFO, word))
        self._word, self._token, self._again = word, iq.token, again
        return (iq,)
