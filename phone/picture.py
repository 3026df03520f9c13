"""The screen for a state at a time: the pure screens, given the time of day."""

from __future__ import annotations

import time
from dataclasses import dataclass

from phone.calls.model import Phone
from phone.ui.screens import Screen, next_change, screen
from phone.ui.texts import Texts


@dataclass(frozen=True, slots=True)
class Picture:
    """Composes screens in one language."""

    texts: Texts

    def compose(self, phone: Phone, now: float) -> Screen:
        """The screen of `phone` at monotonic `now`."""
        return screen(phone, clock_text=time.strftime("%H:%M"), now=now, texts=self.texts)

    def due(self, phone: Phone, now: float) -> float:
        """When it changes by itself next: a call's seconds, else the idle clock's minute."""
        minute = now + 60 - time.time() % 60
        return min(minute, next_change(phone, now) or minute)
