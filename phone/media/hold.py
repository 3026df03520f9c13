"""What those on hold hear: the project's tune, a soft tone, or the owner's file; one position for all of them.

Files are read in the audio thread, a period at a time; the kernel is asked to have the next part in memory, so a slow
card does not stop the sound.
"""

from __future__ import annotations

import logging
import os
import stat
from array import array
from collections.abc import Callable
from pathlib import Path

from phone.media.interpolate import Interpolator
from phone.media.mixer import Player
from phone.media.tones import ToneSource, cadence
from phone.media.voice import UNITY, scale
from phone.media.wav import WavError, WavLoop, parse_wav

log = logging.getLogger(__name__)

OWN_TUNE = Path(__file__).with_name("hold.wav")
"""Made by `phone.media.compose`."""
_RATE = 48_000
_AHEAD = 1 << 19
_TONE_GAIN = UNITY // 2


class TonePlayback:
    """One tone of `tones` for as long as somebody listens."""

    def __init__(self, name: str, country: str, gain: int = UNITY) -> None:
        self._segments = cadence(name, country)
        self._gain = gain
        self._source = ToneSource(self._segments)

    def read(self, samples: int) -> array[int]:
        """The next samples."""
        return scale(self._source.read(samples), self._gain)

    def rewind(self) -> None:
        """From its beginning."""
        self._source = ToneSource(self._segments)


class FilePlayback:
    """A WAV file in a loop."""

    def __init__(self, path: Path) -> None:
        """Raises WavError or OSError."""
        # a FIFO or a device must not make us wait
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._asked = 0
        try:
            wav = parse_wav(self._read_at, _size(self._descriptor))
        except (OSError, WavError):
            self.close()
            raise
        self.length = wav.frames * _RATE // wav.rate
        """Samples at 48 kHz, once through."""
        self._loop = WavLoop(self._read_at, wav)
        self._interpolator = None if wav.rate == _RATE else Interpolator(wav.rate, self._loop.read)

    def _read_at(self, offset: int, count: int) -> bytes:
        if not self._asked <= offset + _AHEAD // 2 < self._asked + _AHEAD:
            self._asked = offset
            os.posix_fadvise(self._descriptor, offset, _AHEAD, os.POSIX_FADV_WILLNEED)
        return os.pread(self._descriptor, count, offset)

    def read(self, samples: int) -> array[int]:
        """The next samples. Raises WavError or OSError."""
        return self._loop.read(samples) if self._interpolator is None else self._interpolator.read(samples)

    def rewind(self) -> None:
        """From its beginning."""
        self._loop.rewind()
        if self._interpolator is not None:
            self._interpolator.restart()

    def close(self) -> None:
        """Let the file go."""
        os.close(self._descriptor)


def _size(descriptor: int) -> int:
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        raise WavError("is no file")
    return about.st_size


class HoldSound:
    """What the setup asks for; the own tune in place of a file that cannot be played."""

    def __init__(self, wanted: str, country: str, on_trouble: Callable[[str], None]) -> None:
        """`wanted`: `music`, `tone` or a path. `on_trouble` gets a sentence, at once or later in the audio thread."""
        self._wanted = wanted
        self._country = country
        self._on_trouble = on_trouble
        self._begun = False
        self._player: Player = self._make(wanted)

    def _make(self, wanted: str) -> Player:
        if wanted == "tone":
            return TonePlayback("hold", self._country, _TONE_GAIN)
        own = wanted == "music"
        try:
            return FilePlayback(OWN_TUNE if own else Path(wanted))
        except (OSError, ValueError) as error:
            self._tell(wanted, error)
            return self._make("tone" if own else "music")

    def _tell(self, wanted: str, error: Exception) -> None:
        why = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)
        log.warning("hold music %r %s", wanted, why)
        self._on_trouble(f"hold music {wanted!r} {why}: the phone's own is played")

    def read(self, samples: int) -> array[int]:
        """The next samples, whatever becomes of the file."""
        self._begun = True
        try:
            return self._player.read(samples)
        except (OSError, WavError) as error:
            if isinstance(self._player, FilePlayback):
                self._player.close()
            self._tell(self._wanted, error)
            self._player = self._make("music")
            return self.read(samples)

    def rewind(self) -> None:
        """Nobody is on hold: the next one hears the beginning."""
        if self._begun:
            self._begun = False
            self._player.rewind()
