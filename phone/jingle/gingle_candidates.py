"""Our candidates as Google's p2p transport tells them, and which were told in which form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from phone.jingle.api import IceCandidate, LocalMedia
from phone.jingle.errors import LocalProtocolError
from phone.jingle.gingle_elements import Act, Dialect, Gingle, P2pCandidate
from phone.jingle.gingle_states import FORMS, seen

_USERNAME: Final = re.compile(r"[A-Za-z0-9+/]{16}\Z")
"""libjingle refuses longer ones and other characters, Asterisk takes exactly 16 for granted."""
_PREFERENCES: Final = {"host": 1000, "srflx": 900, "relay": 500}
"""In thousandths: chan_gtalk's 1 and 0.9, and less for what costs a relay."""


def told(media: LocalMedia) -> tuple[P2pCandidate, ...]:
    """Our RTP candidates. A candidate without a username of its own goes by the media's `ufrag`.

    Raises LocalProtocolError for a username that is not 16 characters of base64.
    """
    usable = (c for c in media.candidates if c.component == 1 and c.type in _PREFERENCES)
    return tuple(_named(c, media.ufrag) for c in usable)


def _named(candidate: IceCandidate, ufrag: str) -> P2pCandidate:
    username = candidate.username or ufrag
    if not _USERNAME.match(username):
        raise LocalProtocolError("a p2p candidate's username must be 16 characters of base64: describe the media so")
    return P2pCandidate(
        component=1,
        foundation="0",
        ip=candidate.ip,
        port=candidate.port,
        priority=_PREFERENCES[candidate.type],
        type=candidate.type,
        generation=candidate.generation,
        username=username,
    )


class Telling:
    """Both forms until the far end's style is seen, each candidate once in each; a switch tells the rest anew."""

    def __init__(self) -> None:
        self.dialect = Dialect.UNKNOWN
        self._told: set[tuple[Act, P2pCandidate]] = set()

    def heard(self, got: Gingle) -> None:
        """Their stanza shows their style."""
        self.dialect = seen(self.dialect, got)

    def due(self, candidates: Iterable[P2pCandidate]) -> tuple[Gingle, ...]:
        """The stanzas that tell what was not told yet in a form that the far end reads; id and initiator are blank."""
        every = tuple(candidates)
        stanzas = []
        for form in FORMS[self.dialect]:
            fresh = tuple(c for c in every if (form, c) not in self._told)
            self._told |= {(form, c) for c in fresh}
            if fresh and form is Act.CANDIDATES:
                stanzas.append(Gingle(form, "", bare=fresh))
            elif fresh:
                stanzas.append(Gingle(form, "", transport=True, wrapped=fresh))
        return tuple(stanzas)
