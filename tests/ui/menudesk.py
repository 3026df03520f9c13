"""A phone with its menus and the real call core, and a finger."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gallery import BOOK, HABITS, phone

from phone.calls import events as ev
from phone.calls.core import step
from phone.calls.events import Key
from phone.calls.model import (
    Phone,
)
from phone.ui.book import Book
from phone.ui.menu import (
    Handled,
    Menu,
    follow,
    handle,
    top,
)
from phone.ui.texts import load_texts

SPEAKER = replace(HABITS, has_speaker=True)


@dataclass
class Desk:
    """A phone with its menus, and a finger."""

    phone: Phone = field(default_factory=phone)
    book: Book = BOOK
    menu: Menu = field(default_factory=Menu)
    now: float = 100.0
    told: list[ev.Event] = field(default_factory=list)
    asked: list[object] = field(default_factory=list)
    commands: list[object] = field(default_factory=list)

    def happen(self, event: ev.Event) -> Handled:
        handled = handle(self.menu, event, self.phone, self.book)
        self.menu = handled.menu
        self.told = list(handled.events)
        self.asked = list(handled.requests)
        self.commands = []
        for told in handled.events:
            self.phone, commands = step(self.phone, told)
            self.commands += commands
        self.asked += follow_on(self)
        return handled

    def press(self, *keys: str | Key) -> Desk:
        for key in keys:
            self.now += 0.5
            name = key.value if isinstance(key, Key) else key
            self.happen(ev.KeyPressed(key, self.now) if isinstance(key, Key) else ev.DigitPressed(key, self.now))
            told, asked = self.told, self.asked
            self.happen(ev.KeyReleased(name, self.now + 0.1))
            self.told, self.asked = told, asked
        return self

    def lift(self) -> Desk:
        self.happen(ev.HookLifted(self.now))
        return self

    @property
    def page(self) -> object:
        return top(self.menu, self.phone)

    @property
    def callee(self) -> str:
        return self.phone.call(self.phone.focus).peer


def follow_on(desk: Desk) -> tuple[object, ...]:
    """As the engine does when its inbox is empty."""
    followed = follow(desk.menu, desk.phone, desk.book, desk.now)
    desk.menu = followed.menu
    return followed.requests


TEXTS = load_texts("en")
UP, DOWN, OK, BACK = Key.UP, Key.DOWN, Key.OK, Key.BACK
