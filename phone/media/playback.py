"""What the ear hears from files, for one token of `Play`: begun, paused and skipped through without a click."""

from __future__ import annotations

from array import array
from collections.abc import Callable

from phone.media.ahead import ReadAhead
from phone.media.codecs import RATE
from phone.media.planrecordings import Play
from phone.media.strip import Strip
from phone.media.voice import UNITY, ramp, total

_FADE = 240
"""5 ms."""


class Playback:
    """The audio thread calls `read` and `fade_out`; the loop all else."""

    def __init__(self, play: Play, ahead: ReadAhead, on_done: Callable[[str], None]) -> None:
        """`on_done` is called in the audio thread each time the end is reached; a sentence tells of trouble."""
        self._files = play.files
        self._ahead = ahead
        self._on_done = on_done
        self._paused = play.paused
        self._speed = play.speed
        self._strip = self._run(0, play.start_ms)
        self._heard = self._strip
        """What the audio thread was at in the period before."""
        self._sounding = False
        """The last sample was no silence of ours: what comes next must not step."""
        self._told: Strip | None = None
        """Whose end was told."""

    @property
    def ms(self) -> int:
        """Heard of the last file."""
        return self._strip.position * 1000 // RATE

    @property
    def moving(self) -> bool:
        """It plays, as far as is known."""
        return not self._paused and self._told is not self._strip

    def follow(self, play: Play) -> None:
        """Pause and speed, as they are now."""
        self._paused = play.paused
        self._speed = self._strip.speed = play.speed

    def skip(self, ms: int) -> None:
        """Go on so much later (earlier) in the last of the files."""
        before = self._strip
        self._strip = self._run(max(0, len(self._files) - 1), self.ms + ms)
        before.cancelled = True

    def stop(self) -> None:
        """Read nothing more."""
        self._strip.cancelled = True

    def _run(self, first: int, start_ms: int) -> Strip:
        strip = Strip(self._files, first, max(0, start_ms) * RATE // 1000, self._speed)
        self._ahead.add(strip)
        return strip

    def read(self, samples: int) -> array[int] | None:
        """The next samples; None: silence."""
        strip, before, self._heard = self._strip, self._heard, self._strip
        parts = []
        if (strip is not before or self._paused) and (old := self._faded_out(before, samples)) is not None:
            parts.append(old)
        if not self._paused and (new := self._next(strip, samples)) is not None:
            parts.append(new)
        return total(parts) if parts else None

    def fade_out(self, samples: int) -> array[int] | None:
        """The last samples: gone within 5 ms."""
        return self._faded_out(self._heard, samples)

    def _faded_out(self, strip: Strip, samples: int) -> array[int] | None:
        if not self._sounding:
            return None
        self._sounding = False
        return _padded(_out(strip.read(min(samples, _FADE))), samples)

    def _next(self, strip: Strip, samples: int) -> array[int] | None:
        block = strip.read(samples)
        over = strip.over
        if over and self._told is not strip:
            self._told = strip
            self._on_done(strip.trouble)
        if not block:
            self._sounding = False
            return None
        if not self._sounding:
            block = ramp(block, 0, UNITY, _FADE)
        self._sounding = len(block) == samples and not over
        return block if self._sounding else _padded(_out(block), samples)


def _out(block: array[int]) -> array[int]:
    """It ends in silence."""
    return block[:-_FADE] + ramp(block[-_FADE:], UNITY, 0, _FADE)


def _padded(block: array[int], samples: int) -> array[int]:
    return block + array("h", bytes(2 * (samples - len(block))))
