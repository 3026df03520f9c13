"""A handset on a table: its microphone hears what its ear says, to the sample."""

from __future__ import annotations

import threading
from typing import Self

from phone.drivers.vcard import RATE, Card


class Loop:
    """Says into the card's microphone what its ear said `ms` before. `late`: the machine stood still for longer."""

    def __init__(self, card: Card, ms: int = 200) -> None:
        self.late = False
        self._card, self._behind = card, ms * RATE // 1000
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        at = self._card.now()
        while not self._ended.wait(0.01):
            now = self._card.now()
            self.late = self.late or now > at + self._behind
            self._card.say(self._card.hear(at, now), at + self._behind)
            at = now
