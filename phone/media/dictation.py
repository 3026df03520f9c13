"""Recording of the microphone: the audio thread hands over its periods, the loop encodes them."""

from __future__ import annotations

from array import array
from collections import deque
from operator import mul

from phone.media.batch import Batch, Tell
from phone.media.codecs import RATE, Codec

_FRAME = RATE // 50
_MOST = 400
"""Periods that wait for a loop that is held up: 2 s."""
_THIN = 6
"""Of the level every sixth sample tells enough."""


class Dictation:
    """`put` is the audio thread's; all else happens on the loop."""

    def __init__(self, source: str, tell: Tell, codec: Codec, now: float) -> None:
        """`codec`: used for nothing else. `now`: monotonic seconds, as everywhere here."""
        self.source = source
        self._batch = Batch(source, tell, now)
        self._codec = codec
        self._periods: deque[array[int]] = deque(maxlen=_MOST)
        self._pending = array("h")

    def put(self, period: array[int]) -> None:
        """What the microphone has heard in one period."""
        self._periods.append(period)

    def tick(self, now: float) -> None:
        """Ten times a second."""
        self._encode(now)
        self._batch.tick(now)

    def finish(self, now: float) -> None:
        """The recording ends."""
        self._encode(now)
        if self._pending:
            self._pending += array("h", bytes(2 * (_FRAME - len(self._pending))))
            self._encode(now)
        self._batch.finish(now)

    def _encode(self, now: float) -> None:
        while self._periods:
            self._pending += self._periods.popleft()
        while len(self._pending) >= _FRAME:
            frame = self._pending[:_FRAME]
            del self._pending[:_FRAME]
            thin = frame[::_THIN]
            self._batch.meter.add(sum(map(mul, thin, thin)) / len(thin), _FRAME, now)
            self._batch.add(bytes(self._codec.encode(frame)), 0, _FRAME, now)
