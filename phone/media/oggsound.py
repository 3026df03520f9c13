"""Ogg Opus files, opened and decoded piece by piece: everything here may have to wait for the disk."""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Iterator

from phone.media.codecs import RATE
from phone.media.codecs.libopus import Decoder
from phone.ogg.opusreader import OpusReader
from phone.ogg.page import OggError


def opened(path: str) -> OpusReader:
    """To be closed. Raises OSError or OggError."""
    # a FIFO or a device must not make us wait
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _want(descriptor)
    except (OSError, OggError):
        os.close(descriptor)
        raise
    file = os.fdopen(descriptor, "rb")
    try:
        return OpusReader(file)
    except OggError:
        file.close()
        raise


def _want(descriptor: int) -> None:
    """Have the kernel read it. Raises OggError if it is no file."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OggError("is no file")
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)


def decoded(reader: OpusReader, decoder: Decoder, start: int = 0) -> Iterator[tuple[int, array[int]]]:
    """What is to be heard from `start` on: where each piece ends (48 kHz samples, as `start`), and its samples at the
    decoder's rate.
    """
    factor = RATE // decoder.rate
    decoder.gain(reader.head.gain)
    for packet in reader.packets(start / RATE):
        heard = decoder.decode(packet.payload)
        first = max(0, start - packet.at)
        if first < packet.samples:
            samples = array("h")
            samples.frombytes(heard[first // factor : packet.samples // factor].cast("B"))
            yield packet.at + packet.samples, samples


def sentence(path: str, error: Exception) -> str:
    """Why the file cannot be played."""
    why = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)
    return f"{path}: {why}"
