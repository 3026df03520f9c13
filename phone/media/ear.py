"""What the ear hears besides speech: call progress tone, own keys, the far end's keys, files."""

from __future__ import annotations

from array import array
from collections import deque

from phone.media.mixer import Played, Route
from phone.media.tones import RATE, TonePlayer
from phone.media.voice import UNITY, Volume, scale, total

_KEY_TONE = RATE * 60 // 1000
"""A key's tone sounds at least this long, however fast the key was."""
_FAR_DIGIT = RATE // 10
_FAR_DIGIT_GAIN = UNITY // 4
_MOST_DIGITS = 32
"""Waiting to be heard: a far end that sends more in a moment is not dialling."""


class Ear:
    """Tones over speech, at the ear's volume."""

    def __init__(self, country: str) -> None:
        self._tone = TonePlayer(country)
        self._key = TonePlayer(country)
        self._far = TonePlayer(country)
        self._volume = Volume(80)
        self._key_left = 0
        self._far_left = 0
        self._played: Played | None = None
        """In the period before."""
        self.pressed: deque[str] = deque()
        """Digits pressed, so that the shortest press is heard."""
        self.received: deque[str] = deque(maxlen=_MOST_DIGITS)
        """Digits that the far end sent."""

    def read(self, route: Route, samples: int, speech: array[int] | None) -> array[int]:
        """Tones and files over speech."""
        self._tone.play(route.tone)
        self._follow_key(route, samples)
        self._follow_far(samples)
        heard = (
            speech,
            self._tone.read(samples),
            self._key.read(samples),
            self._far_part(samples),
            *self._files(route, samples),
        )
        parts = [part for part in heard if part is not None]
        if not parts:
            return array("h", bytes(2 * samples))
        self._volume.turn(route.volume)
        return self._volume.apply(total(parts))

    def _follow_key(self, route: Route, samples: int) -> None:
        self._key_left -= samples
        if self._key_left > 0:
            return
        if self.pressed:
            self._key.play(None)
            self._key.play(self.pressed.popleft())
            self._key_left = _KEY_TONE
        else:
            self._key.play(route.key_tone)

    def _follow_far(self, samples: int) -> None:
        self._far_left -= samples
        if self._far_left <= 0:
            self._far.play(self.received.popleft() if self.received else None)
            self._far_left = _FAR_DIGIT

    def _far_part(self, samples: int) -> array[int] | None:
        part = self._far.read(samples)
        return None if part is None else scale(part, _FAR_DIGIT_GAIN)

    def _files(self, route: Route, samples: int) -> tuple[array[int] | None, ...]:
        before, self._played = self._played, route.play
        old = None if before is None or before is route.play else before.fade_out(samples)
        return old, None if route.play is None else route.play.read(samples)
