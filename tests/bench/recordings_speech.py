"""What callers say to the service, and what it says to them."""

from __future__ import annotations

from array import array
from functools import cache
from pathlib import Path

from phone.demo.speech import SENTENCES, speak
from phone.media.codecs import Codec
from phone.media.coders import make_codec
from phone.ogg.opusfile import Head, OpusWriter, Tags

_FRAME = 960
_PAUSE = 48_000 // 2
_APART = 37
"""Packets by which each caller is ahead of the one before, so that they do not all draw breath at once."""
_GREETING = "Please leave a message after the tone."


@cache
def _spoken() -> array[int]:
    """Some 20 s of speech with pauses, 48 kHz."""
    samples = array("h")
    for sentences in SENTENCES.values():
        for sentence in sentences:
            samples += speak(sentence)
            samples += array("h", bytes(2 * _PAUSE))
    return samples


def _encoded(codec: Codec, samples: array[int]) -> list[bytes]:
    whole = len(samples) // _FRAME * _FRAME
    return [bytes(codec.encode(samples[at : at + _FRAME])) for at in range(0, whole, _FRAME)]


@cache
def _stream(name: str) -> list[bytes]:
    codec = make_codec(name, bitrate=28_000, complexity=5)
    if codec is None:
        raise ValueError(f"there is no codec {name}")
    return _encoded(codec, _spoken())


def payloads(name: str, caller: int, count: int) -> list[bytes]:
    """The first `count` RTP payloads of 20 ms of a caller's speech."""
    stream = _stream(name)
    return [stream[(caller * _APART + n) % len(stream)] for n in range(count)]


def write_greeting(path: Path) -> int:
    """An Ogg Opus file; returns its packets of 20 ms."""
    codec = make_codec("opus", bitrate=28_000, complexity=5)
    if codec is None:
        raise ValueError("there is no codec opus")
    packets = _encoded(codec, speak(_GREETING))
    writer = OpusWriter(1, Head(pre_skip=312), Tags())
    path.write_bytes(b"".join((writer.begin(), *(writer.add(each) for each in packets), writer.finish())))
    return len(packets)
