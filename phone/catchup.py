"""Calls that came while this phone was away: from the archive into the call log and onto the display."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from phone import inbox
from phone.acts import Acts
from phone.calllog import Entry, entry_of
from phone.calls.events import MissedAway
from phone.jingle.history import Outcome, past_calls
from phone.journal import CallWriter
from phone.xmpp.api import ArchivedMessage
from phone.xmpp.jids import bare


@dataclass(slots=True)
class CatchUp:
    """Called on the loop after each sign-in."""

    own: Callable[[], str]
    """Our full JID."""
    acts: Acts
    writer: CallWriter
    post: Callable[[inbox.Item], None]
    wall: Callable[[], float]
    """Unix seconds."""

    def archived(self, messages: tuple[ArchivedMessage, ...]) -> None:
        """A call that still rings there rings here too; the others go into the log."""
        past = past_calls(messages, self.own(), self.wall())
        self.writer.catch_up([e for each in past if (e := entry_of(each, self.acts.name(each.peer))) is not None])
        for each in past:
            if each.outcome is Outcome.RINGING:
                told = each.proposal
                self.post(inbox.MessageArrived(told.sender, told.to, told.payload, carbon=False, sent_by_us=False))


def missed_away(missed: tuple[Entry, ...], now: float) -> MissedAway | None:
    """For the display: how many, and the last of them."""
    if not missed:
        return None
    last = max(missed, key=lambda entry: entry.started)
    return MissedAway(len(missed), last.name or bare(last.peer), now)
