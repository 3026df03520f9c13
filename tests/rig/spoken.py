"""Opus packets that are, and that could be, for tests of the mailbox."""

from __future__ import annotations

import math
from array import array

from hypothesis import strategies as st

from phone.media.codecs.opus import OpusCodec
from phone.ogg.opusfile import Head, OpusWriter, Tags

SILK_20 = 0x08  # narrow band, 20 ms, one frame


def packet(number: int, size: int = 40, toc: int = SILK_20) -> bytes:
    """One frame that no other number has; nobody will decode it."""
    return bytes([toc]) + number.to_bytes(4, "big") * (size // 4)


def packets(seconds: float) -> list[bytes]:
    return [packet(number) for number in range(round(seconds * 50))]


def tone(seconds: float, hertz: float = 440.0) -> list[bytes]:
    """A real sine as a phone would send it: 20 ms packets."""
    codec = OpusCodec()
    step = 2 * math.pi * hertz / 48_000
    spoken = []
    for start in range(0, round(seconds * 50) * 960, 960):
        frame = array("h", (round(8000 * math.sin(step * n)) for n in range(start, start + 960)))
        spoken.append(bytes(codec.encode(frame)))
    return spoken


def opus_file(payloads: list[bytes]) -> bytes:
    """An Ogg Opus file of them, as one that is recorded live."""
    writer = OpusWriter(1, Head(), Tags())
    return b"".join((writer.begin(), *(writer.add(each) for each in payloads), writer.finish()))


def heard(payloads: list[bytes]) -> array[int]:
    """What a decoder makes of them, 48 kHz."""
    codec = OpusCodec()
    samples = array("h")
    for payload in payloads:
        samples.extend(codec.decode(payload))
    return samples


@st.composite
def well_formed(draw: st.DrawFn) -> bytes:
    """Any kind of Opus packet (RFC 6716 section 3.2), small."""
    config = draw(st.integers(0, 31)) << 3 | draw(st.sampled_from([0, 4]))
    frame = st.binary(max_size=12)
    match draw(st.integers(0, 3)):
        case 0:
            return bytes([config]) + draw(frame)
        case 1:
            return bytes([config | 1]) + draw(frame) * 2
        case 2:
            first = draw(frame)
            return bytes([config | 2, len(first)]) + first + draw(frame)
        case _:
            count = draw(st.integers(1, 2))
            return bytes([config | 3, count]) + draw(frame) * count
