"""The mailbox as the menus see it: read and changed in a thread of its own, told anew after each change.

Law: nobody waits for the card. What a key asks for is done in order, and the box that is told after it has it in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from phone.background import Background
from phone.mailnews import BoxChanged
from phone.ui.book import Box, Letter
from phone.voicemail.box import Mailbox
from phone.voicemail.greeting import Greetings
from phone.voicemail.message import Failure, Message, MessageId, State

log = logging.getLogger(__name__)

STATES: dict[State, Literal["new", "heard", "kept"]] = {
    State.NEW: "new",
    State.HEARD: "heard",
    State.KEPT: "kept",
    State.DELETED: "heard",
}
_MOST = 200
"""Letters of each kind that the menu holds at a time: who has more hears the others after these."""


@dataclass(slots=True)
class BoxKeeper:
    """`tell` is called in the thread."""

    mailbox: Mailbox
    greetings: Greetings
    tell: Callable[[BoxChanged], None]
    _background: Background = field(default_factory=lambda: Background("mailbox"))

    def refresh(self) -> None:
        """Tell what there is."""
        self._background.do(self._tell)

    def do(self, work: Callable[[], object]) -> None:
        """Do that in the thread, then tell what there is."""
        self._background.do(partial(self._then_tell, work))

    def mark(self, id: str, state: State) -> None:
        """The user heard or keeps a message, or deletes it."""
        self.do(lambda: self.mailbox.mark(MessageId(id), state))

    def undo(self) -> None:
        """The message that was deleted last is there again."""
        self.do(self.mailbox.undo)

    def purge(self) -> None:
        """The user has left: what he deleted goes for good."""
        self.do(self.mailbox.purge)

    def settle(self, now: float | None) -> None:
        """What a full card kept from being listed is tried again; old messages expire (`now`: Unix time; None: nobody
        knows, and they stay).
        """
        self.do(lambda: (self.mailbox.recover(), None if now is None else self.mailbox.expire(now)))

    def close(self) -> None:
        """Return when all is done."""
        self._background.close()

    # --- in the thread --------------------------------------------------------------------------------------------

    def _then_tell(self, work: Callable[[], object]) -> None:
        try:
            work()
        finally:
            self._tell()

    def _tell(self) -> None:
        followed, owed = self.mailbox.followed(), self.greetings.owed()
        self.tell(
            BoxChanged(
                self._read(),
                None if isinstance(followed, Failure) else followed,
                None if isinstance(owed, Failure) else owed,
            )
        )

    def _read(self) -> Box:
        box = self._greeting()
        counts = self.mailbox.counts()
        if isinstance(counts, Failure):
            return replace(box, trouble=counts.sentence)
        new = self.mailbox.messages(State.NEW, _MOST, oldest_first=True)
        latest = self.mailbox.messages(None, 2 * _MOST)
        if isinstance(new, Failure) or isinstance(latest, Failure):
            return box
        old = [message for message in latest if message.state is not State.NEW][:_MOST]
        letters = tuple(self._letter(message) for message in (*new, *old))
        return replace(box, new=counts.new, old=counts.heard + counts.kept, letters=letters)

    def _greeting(self) -> Box:
        heard, draft = self.greetings.heard(), self.greetings.draft
        return Box(greeting=str(heard or ""), own_greeting=self.greetings.own, draft=str(draft or ""))

    def _letter(self, message: Message) -> Letter:
        caller = message.caller
        return Letter(
            id=message.id,
            name=caller.name or caller.jid,
            address=caller.jid,
            at=message.stamp,
            seconds=message.seconds,
            state=STATES[message.state],
            file=str(self.mailbox.sound(message.id)),
        )
