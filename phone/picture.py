"""The screen for a state at a time: the pure screens, given the time of day."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from phone.calls.model import Phone
from phone.ui.book import Book
from phone.ui.frame import Reach
from phone.ui.menu import Menu
from phone.ui.screens import Screen, View, Wall, dims_at, next_change, screen
from phone.ui.texts import Texts


def local(at: float) -> datetime:
    """Local time of Unix seconds."""
    return datetime.fromtimestamp(at).astimezone()


@dataclass(frozen=True, slots=True)
class Picture:
    """Composes screens in one language."""

    texts: Texts
    line: str = ""
    """What the idle phone calls itself: its number, or the account's name."""
    about: tuple[str, ...] = ()
    """The lines of the menu's last page: address, version and the like; four fit, of 20 characters."""
    dim_seconds: float = 0.0
    """Idle for so long, the display is dimmed; 0: never."""
    unix: Callable[[], float] = time.time
    account: str = ""
    """Its bare JID; "": there is none yet."""
    reach: Callable[[], Reach] = Reach
    """Where it can be reached to be given one."""
    troubles: Callable[[], tuple[str, ...]] = tuple
    """What does not work now: whole sentences."""

    def compose(self, phone: Phone, menu: Menu, book: Book, now: float) -> Screen:
        """The screen of `phone` at monotonic `now`."""
        wall = Wall(local(self.unix()), local)
        told = (self.line, self.about, self.account, self.reach(), self.troubles())
        view = View(phone, menu, book, wall, now, self.texts, *told)
        return screen(view, dim_seconds=self.dim_seconds)

    def due(self, phone: Phone, menu: Menu, now: float) -> float:
        """When it changes by itself next: a call's seconds, the idle clock's minute, the dimming."""
        minute = now + 60 - self.unix() % 60
        dims = dims_at(phone, menu, self.dim_seconds)
        times = (minute, next_change(phone, now, menu), dims if dims is not None and dims > now else None)
        return min(at for at in times if at is not None)
