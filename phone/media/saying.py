"""A file said to a far end once: its packets as they are, or made into G.711, read a second ahead."""

from __future__ import annotations

import logging
from array import array
from collections import deque
from collections.abc import Callable, Iterator

from phone.media.codecs import RATE
from phone.media.codecs.g711 import Law, compressed
from phone.media.codecs.libopus import Decoder
from phone.media.oggsound import decoded, opened, sentence
from phone.ogg.opuspacket import samples_in
from phone.ogg.page import OggError

log = logging.getLogger(__name__)

_AHEAD = RATE
_NARROW = 8_000
_LAWS: dict[str, Law] = {"pcmu": "pcmu", "pcma": "pcma"}

Packets = Iterator[tuple[bytes, int]]
"""Payloads, with their 48 kHz samples."""


class Saying:
    """One `LegPlan.say`, for one far end: a `Script` for the audio thread, a `Reel` for the reading one."""

    def __init__(self, files: tuple[str, ...], codec: str, samples: int, on_said: Callable[[], None]) -> None:
        """`samples`: of a packet, where we make it. `on_said` is called in the audio thread, once."""
        self._packets = _packets(files, codec, samples)
        self._on_said = on_said
        self._ready: deque[tuple[bytes, int]] = deque()
        self._made = self._used = 0
        """48 kHz samples; each is counted by one thread alone."""
        self._complete = False
        self.cancelled = False
        """Nobody wants it any more."""

    def fill(self) -> bool:
        """A second ahead, in the reading thread."""
        while not self.cancelled and self._made - self._used < _AHEAD:
            packet = next(self._packets, None)
            if packet is None:
                self._complete = True
                return False
            self._ready.append(packet)
            self._made += packet[1]
        if self.cancelled:
            self._packets = iter(())  # which closes the file
        return not self.cancelled

    def next(self) -> tuple[bytes, int] | None:
        """In the audio thread: the packet whose turn it is."""
        return self._ready[0] if self._ready else None

    def sent(self) -> None:
        """In the audio thread."""
        _, samples = self._ready.popleft()
        self._used += samples

    def over(self) -> bool:
        """In the audio thread; once it is, `on_said` is told."""
        if not self._complete or self._ready:
            return False
        self._on_said()
        return True


def _packets(files: tuple[str, ...], codec: str, samples: int) -> Packets:
    if codec == "opus":
        return _untouched(files)
    return _as_g711(files, _LAWS[codec], samples // (RATE // _NARROW))


def _untouched(files: tuple[str, ...]) -> Packets:
    for path in files:
        try:
            with opened(path) as reader:
                for packet in reader.packets():
                    if samples := samples_in(packet.payload):
                        yield packet.payload, samples
        except (OSError, OggError) as error:
            log.error("a far end does not hear %s", sentence(path, error))  # noqa: TRY400


def _as_g711(files: tuple[str, ...], law: Law, size: int) -> Packets:
    pending = array("h")
    for samples in _narrow(files):
        pending += samples
        while len(pending) >= size:
            yield compressed(law, pending[:size]), size * (RATE // _NARROW)
            del pending[:size]
    if pending:
        pending += array("h", bytes(2 * (size - len(pending))))
        yield compressed(law, pending), size * (RATE // _NARROW)


def _narrow(files: tuple[str, ...]) -> Iterator[array[int]]:
    decoder = Decoder(_NARROW)
    for path in files:
        try:
            with opened(path) as reader:
                for _, samples in decoded(reader, decoder):
                    yield samples
        except (OSError, OggError) as error:
            log.error("a far end does not hear %s", sentence(path, error))  # noqa: TRY400
