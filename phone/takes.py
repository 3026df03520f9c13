"""Recordings in progress: sound from the media process on its way to the card, in a thread of its own.

Law: a recording ends when both have been told, that it ends (`stop`, by the core) and that nothing more comes
(`all_in`, by the media process), or when the second of them stays away for too long. Then, and once, `Ended` is posted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from phone.background import Background
from phone.media.planrecordings import Recorded, Sound
from phone.voicemail.message import Failure, Message, Trouble

log = logging.getLogger(__name__)

_PATIENCE = 1.5
"""Seconds for the last of the sound to come up: it takes a few milliseconds unless the media process is gone."""
LEAST_SPEECH = 400
"""Milliseconds: less than that is a receiver that is put down, not a message."""


class Recording(Protocol):
    """`voicemail.recording.Recording` as far as it is used here. Blocks on the card."""

    def packet(self, payload: bytes, lost: int = 0) -> Failure | None: ...
    def finish(self, *, interrupted: bool = False) -> Message | Failure: ...
    def abandon(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Troubled:
    """The card refuses: the recording of `source` cannot go on. What there is of it is kept when it is stopped."""

    source: str
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of one: a message, a failure, or nothing (None: it was not to be kept, or nobody spoke)."""

    source: str
    result: Message | Failure | None


Told = Troubled | Ended


@dataclass(slots=True)
class _Take:
    open: Callable[[], Recording | Failure]
    speech_ms: int = 0
    keep: bool | None = None
    """None: it goes on."""
    all_in: bool = False
    due: float | None = None
    recording: Recording | None = None
    """The thread's own."""
    troubled: bool = False
    """The thread's own: told once."""
    refused: Failure | None = None
    """The thread's own: why it could not begin."""


@dataclass(slots=True)
class Takes:
    """All of them by source. Methods are called on the loop and do not block."""

    post: Callable[[Told], None]
    """Called in the thread."""
    _takes: dict[str, _Take] = field(default_factory=dict)
    _background: Background = field(default_factory=lambda: Background("recorder"))

    def begin(self, source: str, open: Callable[[], Recording | Failure]) -> None:
        """Record what comes of `source`; `open` is called in the thread. One of that name that goes on is forgotten."""
        if (old := self._takes.get(source)) is not None:
            old.keep = old.keep is True
            self.all_in(source)
        take = self._takes[source] = _Take(open)
        self._background.do(partial(self._open, source, take))

    def sound(self, report: Recorded) -> None:
        """More of it."""
        take = self._takes.get(report.source)
        if take is None:
            return
        take.speech_ms = report.speech_ms
        if report.packets:
            self._background.do(partial(self._write, report.source, take, report.packets))

    def stop(self, source: str, now: float, *, keep: bool) -> None:
        """It ends; what was said is a message, or is forgotten."""
        take = self._takes.get(source)
        if take is not None and take.keep is None:
            take.keep, take.due = keep, now + _PATIENCE
            self._finish(source, take)

    def all_in(self, source: str) -> None:
        """Nothing more comes."""
        if (take := self._takes.get(source)) is not None:
            take.all_in = True
            self._finish(source, take)

    def media_lost(self) -> None:
        """The media process died: nothing more comes of anybody."""
        for source in tuple(self._takes):
            self.all_in(source)

    def deadline(self) -> float | None:
        """When `expire` is to be called (monotonic seconds)."""
        return min((take.due for take in self._takes.values() if take.due is not None), default=None)

    def expire(self, now: float) -> None:
        """End what waited long enough for the rest."""
        for source, take in tuple(self._takes.items()):
            if take.due is not None and take.due <= now:
                log.warning("the end of recording %s did not come: it is kept without", source)
                self.all_in(source)

    def close(self) -> None:
        """What goes on is kept as far as it came; returns when all is on the card."""
        for source, take in tuple(self._takes.items()):
            take.keep = take.keep is not False
            self.all_in(source)
        self._background.close()

    def _finish(self, source: str, take: _Take) -> None:
        if take.keep is None or not take.all_in:
            return
        del self._takes[source]
        keep = take.keep and take.speech_ms >= LEAST_SPEECH
        self._background.do(partial(self._end, source, take, keep=keep))

    # --- in the thread --------------------------------------------------------------------------------------------

    def _open(self, source: str, take: _Take) -> None:
        opened = take.open()
        if isinstance(opened, Failure):
            take.refused = opened
            self._trouble(source, take, opened)
        else:
            take.recording = opened

    def _write(self, source: str, take: _Take, packets: tuple[Sound, ...]) -> None:
        if take.recording is None:
            return
        for packet in packets:
            if failure := take.recording.packet(packet.payload, packet.lost):
                self._trouble(source, take, failure)
                return

    def _trouble(self, source: str, take: _Take, failure: Failure) -> None:
        if not take.troubled:
            take.troubled = True
            self.post(Troubled(source, failure.trouble))

    def _end(self, source: str, take: _Take, *, keep: bool) -> None:
        recording = take.recording
        if recording is None:
            self.post(Ended(source, take.refused if take.keep else None))
        elif keep:
            self.post(Ended(source, recording.finish()))
        else:
            recording.abandon()
            self.post(Ended(source, None))
