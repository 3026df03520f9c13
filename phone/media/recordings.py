"""All that is being recorded, as the newest plan wants it. Imported when first something is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from phone.media.batch import Tell
from phone.media.dictation import Dictation
from phone.media.outgoing import MakeCodec
from phone.media.planrecordings import RecordedAll
from phone.media.recorder import Recorder
from phone.media.speech import Speech

_TICK = 0.1


class Recordings:
    """Recorders of legs, and of the microphone. All on the loop."""

    def __init__(self, tell: Tell, make_codec: MakeCodec) -> None:
        self._tell = tell
        self._make_codec = make_codec
        self._loop = asyncio.get_running_loop()
        self._running: dict[str, tuple[Recorder, Speech]] = {}
        self._over: set[str] = set()
        """Legs that are still to be recorded, and have failed."""
        self._timer: asyncio.TimerHandle | None = None
        self.dictation: Dictation | None = None
        """Of the microphone."""

    def follow(self, wanted: Mapping[str, Speech | None]) -> None:
        """Record these legs, and no others; None: that one has failed."""
        for leg in [leg for leg in self._running if wanted.get(leg) is None]:
            self._end(leg)
        for leg, speech in wanted.items():
            if speech is None and leg not in self._over:
                self._over.add(leg)
                self._tell(RecordedAll(leg))
            elif speech is not None and leg not in self._running:
                recorder = Recorder(leg, self._tell, time.monotonic())
                self._running[leg] = recorder, speech
                speech.tap = recorder
        self._over.intersection_update(wanted)
        self._keep_time()

    def dictate(self, source: str) -> Dictation | None:
        """Record the microphone under this name ("": not); where its periods go."""
        before = self.dictation
        if before is not None and before.source != source:
            self.dictation = None
            before.finish(time.monotonic())
        if source and self.dictation is None and (codec := self._make_codec("opus")) is not None:
            self.dictation = Dictation(source, self._tell, codec, time.monotonic())
        self._keep_time()
        return self.dictation

    def close(self) -> None:
        """Count no more time."""
        if self._timer is not None:
            self._timer.cancel()

    def _end(self, leg: str) -> None:
        recorder, speech = self._running.pop(leg)
        speech.tap = None
        self._over.add(leg)  # what is left of it: only a plan that does not want it forgets it
        recorder.finish(time.monotonic())

    def _keep_time(self) -> None:
        if self._timer is None and (self._running or self.dictation is not None):
            self._timer = self._loop.call_later(_TICK, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = time.monotonic()
        for recorder, _ in self._running.values():
            recorder.tick(now)
        if self.dictation is not None:
            self.dictation.tick(now)
        self._keep_time()
