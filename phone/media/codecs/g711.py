"""PCMU and PCMA (ITU-T G.711, RFC 3551 4.5.14) at 8 kHz, heard and spoken at 48 kHz.

A byte decodes through two byte tables, a sample encodes through one of 65536: no arithmetic per sample.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from phone.media.codecs import Samples
from phone.media.conceal import Concealer
from phone.media.resample import FACTOR, Downsampler, Upsampler

MAX_PAYLOAD = 960
"""120 ms: nobody sends longer packets of speech."""

Law = Literal["pcmu", "pcma"]


def ulaw_level(code: int) -> int:
    """The int16 sample of a mu-law byte."""
    code = ~code & 0xFF
    level = (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return -level if code & 0x80 else level


def alaw_level(code: int) -> int:
    """The int16 sample of an A-law byte."""
    code ^= 0x55
    segment = code >> 4 & 7
    level = ((code & 0x0F) << 4) + 8
    if segment:
        level = level + 0x100 << segment - 1
    return level if code & 0x80 else -level


@dataclass(frozen=True, slots=True)
class _Tables:
    low: bytes
    high: bytes
    codes: bytes
    """By sample; negative samples count from the end, as Python's indexes do."""


@cache
def _tables(name: Law) -> _Tables:
    levels = [(ulaw_level if name == "pcmu" else alaw_level)(code) for code in range(256)]
    return _Tables(
        low=bytes(level & 0xFF for level in levels),
        high=bytes(level >> 8 & 0xFF for level in levels),
        codes=_nearest(levels),
    )


def _nearest(levels: list[int]) -> bytes:
    """For each int16 sample, from 0 up and then from -32768 up, the code of the nearest level."""
    ordered = sorted((level, code) for code, level in enumerate(levels))
    run, start = bytearray(), -32768
    for (level, code), (above, _) in zip(ordered, [*ordered[1:], (3 * 32768, 0)], strict=True):
        end = min(32768, (level + above) // 2 + 1)
        run += bytes([code]) * (end - start)
        start = end
    return bytes(run[32768:] + run[:32768])


def expanded(name: Law, payload: bytes) -> array[int]:
    """8 kHz samples, one for each byte."""
    tables = _tables(name)
    narrow = array("h", bytes(2 * len(payload)))
    octets = memoryview(narrow).cast("B")
    octets[::2] = payload.translate(tables.low)
    octets[1::2] = payload.translate(tables.high)
    octets.release()
    return narrow


def compressed(name: Law, narrow: Iterable[int]) -> bytes:
    """One byte for each 8 kHz sample."""
    return bytes(map(_tables(name).codes.__getitem__, narrow))


class G711Codec:
    """`name` is pcmu or pcma."""

    clock_rate = 8_000

    def __init__(self, name: Law) -> None:
        self.name: str = name
        self._law = name
        _tables(name)  # made now, not in the first packet
        self._up, self._down = Upsampler(), Downsampler()
        self._concealer = Concealer()

    def encode(self, frame: Samples) -> memoryview:
        """One byte for each six samples."""
        block = array("h")
        block.frombytes(memoryview(frame).cast("B"))
        return memoryview(compressed(self._law, self._down(block)))

    def decode(self, payload: bytes) -> memoryview:
        """Six samples for each byte; empty for a payload of no plausible length."""
        if not self.samples_in(payload):
            return memoryview(array("h"))
        return memoryview(self._up(self._concealer.heard(expanded(self._law, payload))))

    def decode_fec(self, payload: bytes, samples: int) -> memoryview:
        """G.711 carries no copies: always empty."""
        del payload, samples
        return memoryview(array("h"))

    def conceal(self, samples: int) -> memoryview:
        """By pitch repetition, silent after 60 ms."""
        return memoryview(self._up(self._concealer.conceal(samples // FACTOR)))

    def samples_in(self, payload: bytes) -> int:
        """Six for each byte, 0 beyond 120 ms."""
        return FACTOR * len(payload) if len(payload) <= MAX_PAYLOAD else 0

    def is_silence(self, payload: bytes) -> bool:
        """G.711 announces pauses by comfort noise packets (RFC 3389), not by its own."""
        del payload
        return False

    def expect_loss(self, percent: float) -> None:
        """Nothing to adapt."""

    def limit_bitrate(self, most: int) -> None:
        """Always 64 kbit/s."""
        del most

    def expect_music(self, music: bool) -> None:
        """All the same to it."""
        del music
