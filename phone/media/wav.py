"""PCM WAV files (RIFF, Microsoft and IBM 1991; WAVE_FORMAT_EXTENSIBLE) read block by block, never whole.

Whatever else the owner's file turns out to be raises `WavError`, with a sentence that he can act on.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from operator import add

from phone.errors import PhoneError

RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
ReadAt = Callable[[int, int], bytes]
"""Offset and count to bytes; fewer than `count` at the end of the file."""
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")
_PCM, _EXTENSIBLE = 1, 0xFFFE
_SUBFORMAT = slice(24, 26)
_MOST_CHUNKS = 64
_SHORTEST = 0.1
"""Seconds: less, in a loop, is a buzz."""
_SIGNED = bytes(octet ^ 0x80 for octet in range(256))


class WavError(PhoneError, ValueError):
    """No WAV file that can be played: the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Wav:
    """Where the samples are, and how they are written."""

    rate: int
    channels: int
    octets: int
    """Of one sample: 1 (unsigned) or 2 (signed)."""
    start: int
    frames: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.frames / self.rate


def parse_wav(read_at: ReadAt, size: int) -> Wav:
    """Of a file of `size` bytes. Raises WavError."""
    head = read_at(0, 12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise WavError("is no WAV file; convert it to one (PCM, 16 bit)")
    form: tuple[int, int, int] | None = None
    offset = 12
    for _ in range(_MOST_CHUNKS):
        header = read_at(offset, _CHUNK.size)
        if len(header) < _CHUNK.size:
            break
        name, length = _CHUNK.unpack(header)
        offset += _CHUNK.size
        if name == b"fmt ":
            form = _parse_format(read_at(offset, min(length, 40)))
        elif name == b"data" and form is not None:
            # a program that wrote to a pipe did not know the length
            return _wav(form, offset, min(length, size - offset))
        offset += length + (length & 1)
    raise WavError("holds no sound; is it cut off?")


def _parse_format(body: bytes) -> tuple[int, int, int]:
    if len(body) < _FORMAT.size:
        raise WavError("has a damaged header; convert it anew")
    kind, channels, rate, _, _, bits = _FORMAT.unpack_from(body)
    if kind == _EXTENSIBLE:
        kind = int.from_bytes(body[_SUBFORMAT], "little")
    if kind != _PCM or bits not in (8, 16):
        raise WavError("is compressed or has another sample size than 8 or 16 bit; convert it to PCM, 16 bit")
    if channels not in (1, 2) or rate not in RATES:
        raise WavError(f"has {channels} channels at {rate} Hz; convert it to one or two at 8000 to 48000 Hz")
    return rate, channels, bits // 8


def _wav(form: tuple[int, int, int], start: int, length: int) -> Wav:
    rate, channels, octets = form
    frames = length // (channels * octets)
    if frames < rate * _SHORTEST:
        raise WavError("is shorter than a tenth of a second; take a longer one")
    return Wav(rate, channels, octets, start, frames)


class WavLoop:
    """Its samples for ever, as mono int16 at its own rate."""

    def __init__(self, read_at: ReadAt, wav: Wav) -> None:
        self._read_at = read_at
        self._wav = wav
        self._at = 0

    def rewind(self) -> None:
        """From the beginning."""
        self._at = 0

    def read(self, count: int) -> array[int]:
        """The next samples. Raises WavError or OSError when the file has changed or cannot be read any more."""
        out = array("h")
        while len(out) < count:
            part = min(count - len(out), self._wav.frames - self._at)
            out += self._frames(part)
            self._at = (self._at + part) % self._wav.frames
        return out

    def _frames(self, count: int) -> array[int]:
        wav = self._wav
        size = wav.channels * wav.octets
        data = self._read_at(wav.start + self._at * size, count * size)
        if len(data) < count * size:
            raise WavError("has become shorter while it was played")
        samples = array("h")
        if wav.octets == 1:
            samples = array("h", bytes(2 * len(data)))
            memoryview(samples).cast("B")[1::2] = data.translate(_SIGNED)
        else:
            samples.frombytes(data)
        if wav.channels == 2:
            return array("h", [x >> 1 for x in map(add, samples[::2], samples[1::2])])
        return samples
