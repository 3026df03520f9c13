"""What is recorded, on its way up: a few packets at a time, with how much of it was speech."""

from __future__ import annotations

from collections.abc import Callable

from phone.media.codecs import RATE
from phone.media.loudness import SpeechMeter
from phone.media.planrecordings import Recorded, RecordedAll, Sound

_FULL = RATE // 5
"""200 ms: five reports a second."""
_MOST_BYTES = 32_768
"""A report is one datagram."""
_SLOW = 0.25
"""Seconds until a few packets go up, though more were expected."""
_SILENT = 0.8
"""Seconds between reports of silence: with a tick of a tenth, one a second at least."""

Tell = Callable[[Recorded | RecordedAll], None]


class Batch:
    """One recording's reports. Times are monotonic seconds."""

    __slots__ = ("_bytes", "_packets", "_samples", "_source", "_tell", "_told_at", "meter")

    def __init__(self, source: str, tell: Tell, now: float) -> None:
        self.meter = SpeechMeter(now)
        self._source = source
        self._tell = tell
        self._packets: list[Sound] = []
        self._samples = 0
        self._bytes = 0
        self._told_at = now

    def add(self, payload: bytes, lost: int, samples: int, now: float) -> None:
        """An Opus packet of so many 48 kHz samples; `lost` of them are missing before it."""
        self._packets.append(Sound(payload, lost))
        self._samples += samples
        self._bytes += len(payload)
        if self._samples >= _FULL or self._bytes >= _MOST_BYTES:
            self._report(now)

    def tick(self, now: float) -> None:
        """Ten times a second."""
        if now - self._told_at >= (_SLOW if self._packets else _SILENT):
            self._report(now)

    def finish(self, now: float) -> None:
        """Nothing more comes."""
        self._report(now)
        self._tell(RecordedAll(self._source))

    def _report(self, now: float) -> None:
        packets, self._packets = tuple(self._packets), []
        self._samples = self._bytes = 0
        self._told_at = now
        self._tell(Recorded(self._source, packets, self.meter.speech_ms, self.meter.silent_ms(now)))
