"""All that is being said from files, as the newest plan wants it. Imported when first something is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from phone.media.ahead import ReadAhead
from phone.media.outgoing import Outgoing
from phone.media.outward import Script
from phone.media.plan import LegSaid
from phone.media.saying import Saying


class Reciter(Protocol):
    """A leg's way out (`outward.Outward`)."""

    @property
    def agreed(self) -> Outgoing | None: ...
    def recite(self, script: Script | None) -> None: ...


class Sayings:
    """Which far end hears which files. All on the loop."""

    def __init__(self, tell: Callable[[LegSaid], None], ahead: ReadAhead) -> None:
        self._tell = tell
        self._ahead = ahead
        self._loop = asyncio.get_running_loop()
        self._begun: dict[str, tuple[Reciter, object, Saying]] = {}
        """By leg: what was begun for it, and by which codec; it may be over."""

    def follow(self, wanted: Mapping[str, tuple[Reciter, tuple[str, ...]]]) -> None:
        """Let these legs hear these files; each begins when its far end has answered."""
        for leg in [leg for leg in self._begun if leg not in wanted]:
            self._stop(leg)
        for leg, (out, files) in wanted.items():
            if out.agreed is not None:
                self._say(leg, out, files, out.agreed)

    def _say(self, leg: str, out: Reciter, files: tuple[str, ...], agreed: Outgoing) -> None:
        key = files, agreed.codec.name, agreed.samples
        if leg in self._begun:
            if self._begun[leg][1] == key:
                return
            self._stop(leg)
        saying = Saying(files, agreed.codec.name, agreed.samples, lambda: self._said(leg, saying))
        self._begun[leg] = out, key, saying
        self._ahead.add(saying)
        out.recite(saying)

    def _stop(self, leg: str) -> None:
        out, _, saying = self._begun.pop(leg)
        saying.cancelled = True
        out.recite(None)

    def _said(self, leg: str, saying: Saying) -> None:
        """In the audio thread."""
        self._loop.call_soon_threadsafe(self._tell_said, leg, saying)

    def _tell_said(self, leg: str, saying: Saying) -> None:
        if not saying.cancelled:
            self._tell(LegSaid(leg))
