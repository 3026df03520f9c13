"""ALSA cards by name: duplex ones for handset and speaker, a playback one for the ringer. 48 kHz, 16 bit, mono inside.

alsa-lib gives the nearest it can and says nothing: what came is checked here. pyalsaaudio answers an xrun with a
negative count and has prepared the stream again by then; everything else raises.
"""

from __future__ import annotations

import contextlib
import select
from array import array
from operator import add
from typing import Protocol, TypedDict, cast

import alsaaudio  # type: ignore[import-not-found]  # a C module without stubs

from phone.errors import HardwareError
from phone.media.plugs import missing
from phone.media.soundcard import Device, Place

RATE = 48_000
PERIOD = 240
"""Frames: 5 ms. A frame of speech waits for the end of the period in which it becomes complete."""
SLACK = 144
"""Frames queued for playback beyond one period: 3 ms for the thread to wake up, decode and write."""
_FLOWING = (alsaaudio.PCM_STATE_RUNNING, alsaaudio.PCM_STATE_PREPARED, alsaaudio.PCM_STATE_XRUN)
_STALLED_MS = 500
_FALSE_ALARMS = 100
"""Times that a card may wake the thread for nothing, in one period. One that vanished can do so without end."""
_LONGEST_PERIOD = RATE
_CAPTURE_PERIODS, _PLAYBACK_PERIODS = 16, 6
_RESTARTS = 10
"""Overruns in a row, with not one period between them."""


class _Info(TypedDict):
    rate: int
    channels: int
    period_size: int
    format: int


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


class CardGoneError(CardError):
    """It is not plugged in, or was pulled out."""


class Stream:
    """One direction of one card."""

    def __init__(self, name: str, *, capture: bool) -> None:
        self.name = name
        self._capture = capture
        self.channels = 1
        self.period = PERIOD
        self._started = False
        self._poll = select.poll()
        self._pcm = self._open(1)
        try:
            self._settle(self._pcm.info())
            for descriptor, events in self._pcm.polldescriptors():
                self._poll.register(descriptor, events)
        except alsaaudio.ALSAAudioError as error:  # pulled out this very moment
            self.close()
            raise self._gone(error) from error
        except CardError:
            self.close()
            raise

    def _settle(self, info: _Info) -> None:
        """Take what the card gives, if it can be used. Raises CardError."""
        rate, channels, period = info["rate"], info["channels"], info["period_size"]
        if not 0 < period <= _LONGEST_PERIOD:  # read from a card that was pulled out this very moment
            raise CardGoneError(f"sound card {self.name!r} is gone: its periods have {period} frames")
        if rate != RATE or channels not in (1, 2) or info["format"] != alsaaudio.PCM_FORMAT_S16_LE:
            bits = "16 bit" if info["format"] == alsaaudio.PCM_FORMAT_S16_LE else "no 16 bit"
            raise CardError(
                f"sound card {self.name!r} gives {rate} Hz, {channels} channels and {bits}, 48000 Hz mono or stereo of"
                f' 16 bit is needed; put "plug:" before its name ("plughw:" for "hw:"), or choose another card'
            )
        self.channels, self.period = channels, period

    def _gone(self, error: Exception) -> CardError:
        # ENODEV; EBADFD of what is done to a stream after that
        kind = CardGoneError if "No such device" in str(error) or "bad state" in str(error) else CardError
        return kind(f"sound card {self.name!r} is gone: {error}")

    def _open(self, channels: int) -> _Pcm:
        if missing(self.name):
            raise CardGoneError(f"sound card {self.name!r} {_why('No such device')}")
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
            kind = CardGoneError if "No such" in str(error) else CardError
            raise kind(f"sound card {self.name!r} {_why(str(error))}") from error
        return cast("_Pcm", pcm)

    def read(self) -> array[int] | None:
        """One period, when it is there; None after an overrun. Raises CardError."""
        try:
            if self._started:
                self._wait()
            count, data = self._pcm.read()
        except alsaaudio.ALSAAudioError as error:
            raise self._gone(error) from error
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
        for _ in range(_FALSE_ALARMS):
            happened = self._poll.poll(_STALLED_MS)
            if not happened:
                break
            if self._pcm.polldescriptors_revents(happened):
                return
        raise CardError(f"sound card {self.name!r} has stopped giving samples")

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
            raise self._gone(error) from error
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


def unplugged(place: Place, name: str) -> str:
    """Of a card that has worked before."""
    return f"The {place}'s sound card is unplugged ({name!r}): plug it in, and its sound is back"


def _why(error: str) -> str:
    """What alsa-lib says (strerror(3) and the name), as a user would ask about it."""
    if "busy" in error:
        return "is in use by another program: end that one"
    if "No such" in error:
        return "is not there: plug it in, or choose another (`aplay -L` and `arecord -L` list them)"
    if "denied" in error:
        return "is not for this user: add the user that the phone runs as to the group audio"
    return f"cannot be used: {error}"


class Duplex:
    """Handset or speaker: both directions of a card, one clock. Xruns are counted and survived."""

    def __init__(self, device: Device, place: Place) -> None:
        if not device.capture or not device.playback:
            raise CardError(f"the {place} has no sound card; name one in [audio.{place}] capture and playback")
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
        for _ in range(_RESTARTS):
            samples = self._capture.read()
            if samples is not None:
                return samples
            # an overrun stops the stream, reading starts it again
            self.xruns += 1
        raise CardError(f"sound card {self._device.capture!r} overruns again and again: {_RESTARTS} times in a row")

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
