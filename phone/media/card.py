"""ALSA cards by name: duplex ones for handset and speaker, a playback one for the ringer. 48 kHz, 16 bit, mono inside.

alsa-lib gives the nearest it can and says nothing: what came is checked here. pyalsaaudio answers an xrun with a
negative count and has prepared the stream again by then; everything else raises.
"""

from __future__ import annotations

import contextlib
import select
from array import array
from operator import add
from typing import Literal, Protocol, TypedDict, cast

import alsaaudio  # type: ignore[import-not-found]  # a C module without stubs

from phone.errors import HardwareError
from phone.media.plan import Device

RATE = 48_000
PERIOD = 240
"""Frames: 5 ms. A frame of speech waits for the end of the period in which it becomes complete."""
SLACK = 144
"""Frames queued for playback beyond one period: 3 ms for the thread to wake up, decode and write."""
_FLOWING = (alsaaudio.PCM_STATE_RUNNING, alsaaudio.PCM_STATE_PREPARED, alsaaudio.PCM_STATE_XRUN)
_STALLED_MS = 500
_CAPTURE_PERIODS, _PLAYBACK_PERIODS = 16, 6


class _Info(TypedDict):
    rate: int
    channels: int
    period_size: int


class _Pcm(Protocol):
    """Of alsaaudio.PCM."""

    def info(self) -> _Info: ...
    def read(self) -> tuple[int, bytes]: ...
    def write(self, data: bytes) -> int: ...
    def state(self) -> int: ...
    def avail(self) -> int: ...
    def polldescriptors(self) -> list[tuple[int, int]]: ...
    def polldescriptors_revents(self, events: list[tuple[int, int]]) -> int: ...
    def drop(self) -> None: ...
    def close(self) -> None: ...


class CardError(HardwareError):
    """A card is missing, vanished or refuses 48 kHz. The sentence names it."""


class Stream:
    """One direction of one card."""

    def __init__(self, name: str, *, capture: bool) -> None:
        self.name = name
        self._capture = capture
        self.channels = 1
        self._pcm = self._open(1)
        info = self._pcm.info()
        if info["channels"] == 2:
            self.channels = 2
        if info["rate"] != RATE or info["channels"] > 2:
            self._pcm.close()
            raise CardError(
                f"sound card {name!r} gives {info['rate']} Hz and {info['channels']} channels, "
                f'48000 Hz mono or stereo is needed; put "plug:" before its name or choose another card'
            )
        self.period = int(info["period_size"])
        self._started = False
        self._poll = select.poll()
        for descriptor, events in self._pcm.polldescriptors():
            self._poll.register(descriptor, events)

    def _open(self, channels: int) -> _Pcm:
        try:
            pcm = alsaaudio.PCM(
                alsaaudio.PCM_CAPTURE if self._capture else alsaaudio.PCM_PLAYBACK,
                alsaaudio.PCM_NORMAL,
                device=self.name,
                rate=RATE,
                channels=channels,
                format=alsaaudio.PCM_FORMAT_S16_LE,
                periodsize=PERIOD,
                periods=_CAPTURE_PERIODS if self._capture else _PLAYBACK_PERIODS,
            )
        except alsaaudio.ALSAAudioError as error:
            raise CardError(f"sound card {self.name!r} {_why(str(error))}") from error
        return cast("_Pcm", pcm)

    def read(self) -> array[int] | None:
        """One period, when it is there; None after an overrun. Raises CardError."""
        try:
            if self._started:
                self._wait()
            count, data = self._pcm.read()
        except alsaaudio.ALSAAudioError as error:
            raise CardError(f"sound card {self.name!r} is gone: {error}") from error
        self._started = count > 0
        if count <= 0:
            return None
        samples = array("h")
        samples.frombytes(data)
        if self.channels == 2:
            return array("h", [x >> 1 for x in map(add, samples[::2], samples[1::2])])
        return samples

    def _wait(self) -> None:
        """Wait for a whole period. A blocking read would take the few frames that are there beyond the last one,
        and then sleep until a period more than those have come: every other wake-up would be missed.
        """
        ready = 0
        while not ready:
            happened = self._poll.poll(_STALLED_MS)
            if not happened:
                raise CardError(f"sound card {self.name!r} has stopped giving samples")
            ready = self._pcm.polldescriptors_revents(happened)

    def write(self, samples: array[int]) -> bool:
        """Queue all of it; False when the queue had run dry, and nothing was queued. Raises CardError."""
        data = samples.tobytes()
        if self.channels == 2:
            both = array("h", bytes(4 * len(samples)))
            both[::2] = both[1::2] = samples
            data = both.tobytes()
        frame_bytes = 2 * self.channels
        try:
            while data:
                count = self._pcm.write(data)
                if count < 0:
                    return False
                data = data[count * frame_bytes :]
        except alsaaudio.ALSAAudioError as error:
            raise CardError(f"sound card {self.name!r} is gone: {error}") from error
        return True

    @property
    def pending(self) -> int:
        """Frames captured and not read yet, in whole periods."""
        return max(0, self._pcm.avail()) // self.period * self.period

    @property
    def running(self) -> bool:
        """Whether samples flow, or will by themselves at the next read."""
        return self._pcm.state() in _FLOWING

    def close(self) -> None:
        """Let the device go; what is queued is dropped, not drained."""
        with contextlib.suppress(alsaaudio.ALSAAudioError):  # a card that vanished
            self._pcm.drop()
        self._pcm.close()


def _why(error: str) -> str:
    """What alsa-lib says (strerror(3) and the name), as a user would ask about it."""
    if "busy" in error:
        return "is in use by another program: end that one"
    if "No such" in error:
        return "is not there: plug it in, or choose another (`aplay -L` and `arecord -L` list them)"
    return f"cannot be used: {error}"


class Duplex:
    """Handset or speaker: both directions of a card, one clock. Xruns are counted and survived."""

    def __init__(self, device: Device, role: Literal["handset", "speaker"]) -> None:
        if not device.capture or not device.playback:
            raise CardError(f"the {role} has no sound card; name one in [audio.{role}] capture and playback")
        self._device = device
        self._capture = Stream(device.capture, capture=True)
        try:
            self._playback = Stream(device.playback, capture=False)
        except CardError:
            self._capture.close()
            raise
        self.xruns = 0
        self._outdated = 0

    @property
    def fill(self) -> int:
        """Frames to queue before playback starts, and again after it ran dry."""
        return self._capture.period + SLACK

    def start(self, first: array[int]) -> None:
        """Begin to capture and play, `fill` frames first."""
        self._capture.read()
        self._refill(first)

    def read(self) -> array[int]:
        """One period from the microphone, when it is there."""
        samples = self._capture.read()
        while samples is None:
            # an overrun stops the stream, reading starts it again
            self.xruns += 1
            samples = self._capture.read()
        return samples

    def write(self, samples: array[int]) -> None:
        """One period to the ear, unless time has gone over it."""
        if self._outdated > 0:
            self._outdated -= len(samples)
            return
        if self._playback.write(samples):
            return
        self.xruns += 1
        self._refill(array("h", bytes(2 * self.fill)))
        # What the microphone has waiting makes as many periods for the ear, all at once: queued behind the refill,
        # they would delay everything that comes after, for ever.
        self._outdated = self._capture.pending
        if not self._capture.running:
            # streams that the driver has linked stop together, and capture never starts by itself
            self._capture.close()
            self._capture = Stream(self._device.capture, capture=True)

    def _refill(self, samples: array[int]) -> None:
        if not self._playback.write(samples) and not self._playback.write(samples):
            raise CardError(f"sound card {self._device.playback!r} takes no samples")

    def close(self) -> None:
        """Let the card go."""
        self._capture.close()
        self._playback.close()
