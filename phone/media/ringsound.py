"""What the ringer plays: a tune of `tones`, or the owner's file with a pause after each time.

Law: a file that cannot be played is told of, and the country's ringing is heard in its place: never silence.
"""

from __future__ import annotations

import logging
from array import array
from collections.abc import Callable
from pathlib import Path

from phone.media.hold import FilePlayback
from phone.media.tones import TonePlayer, ring_name
from phone.media.voice import mix
from phone.media.wav import WavError

log = logging.getLogger(__name__)

PAUSE = 2 * 48_000
"""Samples: two seconds, as between most tunes."""


class RingFile:
    """A WAV file, a pause, and again."""

    def __init__(self, path: Path) -> None:
        """Raises WavError, ValueError or OSError."""
        self._file = FilePlayback(path)
        self._at = 0

    def read(self, samples: int) -> array[int]:
        """The next samples. Raises WavError or OSError."""
        out = array("h")
        while len(out) < samples:
            out += self._part(samples - len(out))
        return out

    def _part(self, most: int) -> array[int]:
        length = self._file.length
        if self._at == length + PAUSE:
            self._at = 0
            self._file.rewind()
        if self._at < length:
            part = self._file.read(min(most, length - self._at))
        else:
            part = _silence(min(most, length + PAUSE - self._at))
        self._at += len(part)
        return part

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


class RingSound:
    """Used by one thread at a time. `on_trouble` gets a sentence on files that cannot be played, "" when mended."""

    def __init__(self, country: str, on_trouble: Callable[[str], None]) -> None:
        self._country = country
        self._on_trouble = on_trouble
        self._troubles: dict[str, str] = {}
        self._ring: int | str | None = None
        self._file: RingFile | None = None
        self._tones = TonePlayer(country)

    def play(self, ring: int | str) -> None:
        """Sound it from its beginning: a tune by its number (0: the country's) or a file by its path; the same again
        changes nothing.
        """
        if ring == self._ring:
            return
        self._let_go()
        self._ring = ring
        if isinstance(ring, str):
            self._tones.play(None)
            self._begin(ring)
        else:
            self._tones.play(ring_name(ring))

    def stop(self) -> None:
        """It rings no more; the next time all begins anew."""
        self._let_go()
        self._ring = None
        self._tones = TonePlayer(self._country)

    def read(self, samples: int) -> array[int]:
        """The next samples, whatever becomes of the file."""
        sound = self._of_file(samples)
        tone = self._tones.read(samples)
        if sound is None or tone is None:
            return sound or tone or _silence(samples)
        return mix(sound, tone)

    def _begin(self, path: str) -> None:
        try:
            self._file = RingFile(Path(path))
        except (OSError, ValueError) as error:
            self._give_up(path, error)
        else:
            self._tell(path, "")

    def _of_file(self, samples: int) -> array[int] | None:
        if self._file is None:
            return None
        try:
            return self._file.read(samples)
        except (OSError, WavError) as error:
            self._give_up(str(self._ring), error)
            return None

    def _give_up(self, path: str, error: Exception) -> None:
        self._let_go()
        self._tones.play(ring_name(0))
        why = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)
        log.warning("ring sound %r %s", path, why)
        self._tell(path, f"ring sound {path!r} {why}: the country's ringing is heard in its place")

    def _tell(self, path: str, trouble: str) -> None:
        if trouble == self._troubles.get(path, ""):
            return
        self._troubles[path] = trouble
        self._on_trouble("; ".join(filter(None, self._troubles.values())))

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _silence(samples: int) -> array[int]:
    return array("h", bytes(2 * samples))
