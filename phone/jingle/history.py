"""What became of calls while this phone was away: the archive's XEP-0353 messages, folded into one fact a call.

Laws
1. Nothing that an archive holds raises: what cannot be read is left out.
2. Each id is told at most once. A message counts for a call only between its two parties: the caller, and our account.
3. Order and repetition do not matter: a call is judged by what was said, not by when (archives of two servers differ).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol
from xml.etree.ElementTree import Element

from phone.jingle.elements import Proposal, Reason, Verb
from phone.jingle.errors import RemoteProtocolError
from phone.jingle.jid import bare
from phone.jingle.parse import parse_proposal

FRESH: Final = 60.0
"""Seconds for which a proposal that nobody has answered still rings (its caller waits)."""


class Archived(Protocol):
    """One JMI message as it was sent: JIDs in canonical form, `stamp` in Unix seconds by the server."""

    @property
    def sender(self) -> str: ...
    @property
    def to(self) -> str: ...
    @property
    def payload(self) -> Element: ...
    @property
    def stamp(self) -> float: ...


class Outcome(Enum):
    """How a call to this account ended, as seen from a phone that was not there."""

    MISSED = "missed"
    ANSWERED_ELSEWHERE = "answered elsewhere"
    DECLINED_ELSEWHERE = "declined elsewhere"
    RINGING = "still ringing"


@dataclass(frozen=True, slots=True)
class PastCall:
    """One call to this account. Calls from it, and those that this phone answered or declined itself, are no news."""

    id: str
    peer: str
    """Full JID of the caller."""
    stamp: float
    """When it was proposed, Unix seconds by the server."""
    outcome: Outcome
    proposal: Archived = field(compare=False)
    """The message itself: a call that still rings is to be taken from it."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A message that could be read."""

    message: Archived
    proposal: Proposal

    @property
    def sender(self) -> str:
        return bare(self.message.sender)

    @property
    def age_key(self) -> tuple[float, str]:
        return self.message.stamp, self.message.sender


@dataclass(slots=True)
class _Story:
    """One call: who proposed it, and what either party said then."""

    proposal: _Line
    theirs: list[Proposal] = field(default_factory=list)
    ours: list[Proposal] = field(default_factory=list)
    """Of our other devices."""
    here: list[Proposal] = field(default_factory=list)
    """Of this phone itself."""


_TAKING: Final = (Verb.PROCEED, Verb.ACCEPT)
_TALKED: Final = ("", "success", "gone")
_REFUSED: Final = ("busy", "decline")


def past_calls(messages: Iterable[Archived], own: str, now: float) -> tuple[PastCall, ...]:
    """Oldest first. `own`: our full JID (a bare one: every message of the account is another device's); `now`: Unix
    seconds.
    """
    lines = [line for message in messages if (line := _read(message)) is not None]
    stories = _opened(lines, bare(own))
    for line in lines:
        _tell(stories, line, own)
    told = (_judge(story, stories, now) for story in stories.values())
    return tuple(sorted((call for call in told if call is not None), key=lambda call: (call.stamp, call.id)))


def _read(message: Archived) -> _Line | None:
    if not math.isfinite(message.stamp):
        return None
    try:
        return _Line(message, parse_proposal(message.payload))
    except RemoteProtocolError:
        return None


def _opened(lines: list[_Line], account: str) -> dict[str, _Story]:
    """By id. Of two that propose the same id the first has it; calls of our own account are left out."""
    first: dict[str, _Line] = {}
    for line in lines:
        known = first.get(line.proposal.id)
        if line.proposal.verb is Verb.PROPOSE and (known is None or line.age_key < known.age_key):
            first[line.proposal.id] = line
    return {call: _Story(line) for call, line in first.items() if line.sender != account}


def _tell(stories: dict[str, _Story], line: _Line, own: str) -> None:
    story = stories.get(line.proposal.id)
    if story is None:
        return
    caller, account = story.proposal.sender, bare(own)
    if line.sender == caller:
        story.theirs.append(line.proposal)
    elif line.message.sender == own and own != account:
        story.here.append(line.proposal)
    elif line.sender == account and bare(line.message.to) in (caller, account):
        story.ours.append(line.proposal)


def _judge(story: _Story, stories: dict[str, _Story], now: float) -> PastCall | None:
    outcome = None if _is_settled(story, stories) else _outcome(story, now)
    if outcome is None:
        return None
    line = story.proposal
    return PastCall(line.proposal.id, line.message.sender, line.message.stamp, outcome, line.message)


def _is_settled(story: _Story, stories: dict[str, _Story]) -> bool:
    """It became another call (XEP-0353 3.5 tie-break and migration), or this phone dealt with it."""
    said = [*story.theirs, *story.ours, *story.here]
    own = story.proposal.proposal.id
    return (
        any(each.tie_break for each in said)
        or any(each.migrated_to in stories and each.migrated_to != own for each in said)
        or any(each.verb in (*_TAKING, Verb.REJECT) for each in story.here)
    )


def _outcome(story: _Story, now: float) -> Outcome:
    if any(each.verb in _TAKING for each in story.ours):
        # With or without a finish: whether they still talk is the other device's business.
        return Outcome.ANSWERED_ELSEWHERE
    if any(each.verb is Verb.REJECT for each in story.ours):
        return Outcome.DECLINED_ELSEWHERE
    ends = [_condition(each) for each in (*story.theirs, *story.ours) if each.verb is Verb.FINISH]
    if any(condition in _TALKED for condition in ends):
        return Outcome.ANSWERED_ELSEWHERE
    if any(condition in _REFUSED for condition in ends):
        return Outcome.DECLINED_ELSEWHERE
    over = ends or any(each.verb in (Verb.RETRACT, Verb.REJECT) for each in story.theirs)
    # The server's clock may be a little ahead of ours.
    fresh = abs(now - story.proposal.message.stamp) < FRESH
    return Outcome.RINGING if fresh and not over else Outcome.MISSED


def _condition(proposal: Proposal) -> str:
    return (proposal.reason or Reason()).condition
