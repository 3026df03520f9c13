"""One run through files for the ear, decoded and brought to its speed a little ahead of what is heard."""

from __future__ import annotations

import logging
from array import array
from collections import deque
from collections.abc import Iterator

from phone.media.codecs import RATE
from phone.media.codecs.libopus import Decoder
from phone.media.oggsound import decoded, opened, sentence
from phone.media.speed import Speed
from phone.ogg.page import OggError

log = logging.getLogger(__name__)

_AHEAD = RATE // 4
"""250 ms: what a change of speed waits for, and what a slow disk may take."""


class Strip:
    """A `Reel`: the reading thread makes its sound, the audio thread uses it up."""

    def __init__(self, files: tuple[str, ...], first: int, start: int, speed: int) -> None:
        """From file number `first` on; the last of them from `start` (48 kHz samples) on."""
        self._files = files
        self._first = first
        self._start = start
        self._sound = self._blocks()
        self._ready: deque[tuple[array[int], int]] = deque()
        """Blocks, each with where it ends in the last file (48 kHz samples)."""
        self._at = 0
        """How much of the first block is used up."""
        self._made = self._used = 0
        """Samples; each is counted by one thread alone."""
        self._complete = False
        self.speed = speed
        """Percent."""
        self.cancelled = False
        """Nobody wants it any more."""
        self.trouble = ""
        """A sentence about the last file that could not be played."""
        self.position = start if first == len(files) - 1 else 0
        """What was heard of the last file, 48 kHz samples."""

    def fill(self) -> bool:
        """A little ahead, in the reading thread."""
        while not self.cancelled and self._made - self._used < _AHEAD:
            block = next(self._sound, None)
            if block is None:
                self._complete = True
                return False
            self._ready.append(block)
            self._made += len(block[0])
        if self.cancelled:
            self._sound = iter(())  # which closes the file
        return not self.cancelled

    @property
    def over(self) -> bool:
        """All of it was used up."""
        return self._complete and not self._ready

    def read(self, samples: int) -> array[int]:
        """In the audio thread: the next `samples`; fewer where no more is ready."""
        out = array("h")
        while (missing := samples - len(out)) and self._ready:
            block, end = self._ready[0]
            out += block[self._at : self._at + missing]
            self._at += missing
            if self._at >= len(block):
                self._ready.popleft()
                self._at, self.position = 0, end
        self._used += len(out)
        return out

    def _blocks(self) -> Iterator[tuple[array[int], int]]:
        speed, end = Speed(), 0
        for number in range(self._first, len(self._files)):
            last = number == len(self._files) - 1
            for at, samples in self._decoded(self._files[number], self._start if last else 0):
                speed.put(samples)
                end = at if last else 0
                if out := speed.take(self.speed):
                    yield out, max(0, end - speed.waiting)
        if out := speed.rest():
            yield out, end

    def _decoded(self, path: str, start: int) -> Iterator[tuple[int, array[int]]]:
        try:
            with opened(path) as reader:
                yield from decoded(reader, Decoder(RATE), start)
        except (OSError, OggError) as error:
            self.trouble = sentence(path, error)
            log.error("cannot play %s", self.trouble)  # noqa: TRY400
