"""The ringer's own card and thread: it runs only while it rings, so a handset on the same card can have it after."""

from __future__ import annotations

import logging
import threading
import time
from array import array
from collections.abc import Callable

from phone.media.card import PERIOD, CardError, CardGoneError, Stream, unplugged
from phone.media.controls import NO_CONTROLS, CardControls
from phone.media.ringsound import RingSound
from phone.media.soundcard import Device
from phone.media.voice import Volume

log = logging.getLogger(__name__)

_REOPEN = 0.5
_FRAMES = 4 * PERIOD
"""Written at once: 20 ms, nobody waits for a ring that closely."""
_IDLE_PATIENCE = 0.1
_TRIES, _TRY_AGAIN = 5, 0.02
"""A handset on the same card lets it go within a period or two."""


class Ringer:
    """Rings while told to. `on_trouble` gets a sentence, or "" when mended, in the ringer's thread; so does what tells
    of `sound`'s troubles.
    """

    def __init__(
        self,
        device_name: str,
        sound: RingSound,
        on_trouble: Callable[[str], None],
        controls: CardControls = NO_CONTROLS,
    ) -> None:
        self._name = device_name
        self._controls = controls
        self._seen = False
        self._sound = sound
        self._on_trouble = on_trouble
        self._trouble = ""
        self._volume = 80
        self._ring: int | str = 0
        self._wanted = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._lock = threading.Lock()

    def ring(self, *, on: bool, volume: int, ring: int | str = 0) -> None:
        """Ring (with `AudioPlan.ring`), or be silent within 20 ms. Without a device it stays silent."""
        self._volume = volume
        self._ring = ring
        if not on:
            self._wanted.clear()
        elif self._name and not self._wanted.is_set():
            self._wanted.set()
            self._idle.clear()
            threading.Thread(target=self._run, name="ringer", daemon=True).start()

    @property
    def device(self) -> Device:
        """What it rings on."""
        return Device(playback=self._name)

    @property
    def troubled(self) -> bool:
        """Its card was missing when it was last looked for."""
        return bool(self._trouble)

    def probe(self) -> None:
        """Look whether the card is there, so that a missing bell is known before the first call is missed."""
        if not self._name or self._wanted.is_set():
            return
        with self._lock:
            try:
                Stream(self._name, capture=False).close()
            except CardError as error:
                self._complain(error)
            else:
                self._works()

    def holds(self, name: str) -> bool:
        """It rings on that card, or is about to: nobody else can open it."""
        return name == self._name and not self._idle.is_set()

    def wait_idle(self) -> None:
        """Wait shortly for a ringer that has been told to stop to let its card go."""
        if not self._wanted.is_set():
            self._idle.wait(_IDLE_PATIENCE)

    def _run(self) -> None:
        with self._lock:
            while self._wanted.is_set():
                try:
                    self._play()
                except CardError as error:
                    self._complain(error)
                    time.sleep(_REOPEN)
            self._idle.set()

    def _opened(self) -> Stream:
        for _ in range(_TRIES):
            try:
                return Stream(self._name, capture=False)
            except CardGoneError:
                raise
            except CardError:
                time.sleep(_TRY_AGAIN)
        return Stream(self._name, capture=False)

    def _play(self) -> None:
        self._controls.settle()
        self._controls.begin("ringer")
        stream = self._opened()
        self._works()
        volume = Volume(self._volume)
        try:
            while self._wanted.is_set():
                self._sound.play(self._ring)
                samples = self._sound.read(_FRAMES)
                volume.turn(self._volume)
                _written(stream, volume.apply(samples))
        finally:
            self._sound.stop()
            stream.close()

    def _works(self) -> None:
        self._seen = True
        self._tell("")

    def _complain(self, error: CardError) -> None:
        gone = isinstance(error, CardGoneError)
        if gone:
            self._controls.lost()
        self._tell(unplugged("ringer", self._name) if gone and self._seen else str(error))

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._on_trouble(trouble)


def _written(stream: Stream, samples: array[int]) -> None:
    """Write it, again after an underrun. Raises CardError."""
    if not stream.write(samples) and not stream.write(samples):
        raise CardError(f"sound card {stream.name!r} takes no samples")
