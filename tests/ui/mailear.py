"""A user who listens to his messages, with the real call core behind the menus."""

from __future__ import annotations

from dataclasses import replace

from gallery import phone
from letters import BOX, book
from menudesk import Desk

from phone.calls import events as ev
from phone.calls.events import Key
from phone.ui.book import Box
from phone.ui.menu import (
    deadline,
    follow,
    played,
    playing,
    speech,
)


class Ear(Desk):
    """A desk whose user listens to his messages; what the phone says is heard when a test says so."""

    @property
    def mail(self):
        return self.menu.mail

    @property
    def speech(self):
        return speech(self.menu, self.book)

    @property
    def said(self) -> list[str]:
        """Names of prompts, and of files without their folder."""
        return [] if self.speech is None else [p.removeprefix("prompt:").rpartition("/")[2] for p in self.speech.parts]

    @property
    def letter(self) -> str:
        return self.mail.letter.id if self.mail.letter else ""

    def over(self, trouble: str = "", token: int | None = None) -> Ear:
        """All of it was heard."""
        now = self.mail.token if token is None else token
        handled = played(self.menu, now, trouble, self.phone, self.book, self.now)
        self.menu, self.told, self.asked = handled.menu, list(handled.events), list(handled.requests)
        return self.settle()

    def at(self, ms: int, token: int | None = None) -> Ear:
        """The message was heard so far."""
        self.menu = playing(self.menu, self.mail.token if token is None else token, ms, self.now)
        self.asked = []
        return self.settle()

    def settle(self) -> Ear:
        followed = follow(self.menu, self.phone, self.book, self.now)
        self.menu, self.asked = followed.menu, [*self.asked, *followed.requests]
        return self

    def turns(self, box: Box) -> Ear:
        """The mailbox is like that now."""
        self.book, self.asked = book(replace(box)), []
        return self.settle()

    def wait(self) -> Ear:
        """Until something happens by itself."""
        self.now = deadline(self.menu)
        self.happen(ev.Ticked(self.now))
        return self


def ear(*acts: str | Key, box: Box = BOX, **facts) -> Ear:
    desk = Ear(phone(**facts), book(box))
    return desk.lift().press(Key.VOICEMAIL, *acts)
