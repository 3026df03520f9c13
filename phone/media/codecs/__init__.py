"""Codecs by name. All present 48 kHz mono int16 to the audio thread; each has its own RTP clock and payload."""

from __future__ import annotations

import array
from typing import Protocol, TypeAlias

Samples: TypeAlias = "array.array[int] | memoryview"
"""48 kHz mono int16 samples: `array('h')`, or a memoryview of format 'h'."""

RATE = 48_000


class Codec(Protocol):
    """One direction pair of one call: state is kept between frames, never share one between calls.

    Views that are returned are valid until the next call of the same kind. Remote nonsense in a payload never raises:
    `decode` then returns an empty view, and the caller conceals.
    """

    @property
    def name(self) -> str:
        """Lower case: opus, pcmu, pcma."""
        ...

    @property
    def clock_rate(self) -> int:
        """Units of RTP timestamp per second."""
        ...

    def encode(self, frame: Samples) -> memoryview:
        """The payload of one packet time (10, 20, 40 or 60 ms of samples)."""
        ...

    def decode(self, payload: bytes) -> memoryview:
        """The samples of one payload."""
        ...

    def decode_fec(self, payload: bytes, samples: int) -> memoryview:
        """The lost frame before this payload, of `samples`; empty if the payload holds no copy of it."""
        ...

    def conceal(self, samples: int) -> memoryview:
        """Something like what would have come next; `samples` is a multiple of 120 (2.5 ms)."""
        ...

    def samples_in(self, payload: bytes) -> int:
        """How many 48 kHz samples the payload decodes to; 0 for nonsense."""
        ...

    def is_silence(self, payload: bytes) -> bool:
        """Whether the far end has begun a pause in sending (DTX) with this payload."""
        ...

    def expect_loss(self, percent: float) -> None:
        """What the far end reports to lose, so that the encoder can protect against it."""
        ...

    def limit_bitrate(self, most: int) -> None:
        """Bits a second that the far end takes at most; may be called from any thread."""
        ...

    def expect_music(self, music: bool) -> None:
        """Whether what is encoded from now on is music, and not speech."""
        ...
