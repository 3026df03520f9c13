"""`python -m phone.voicemail.aac IN OUT [RATE BITS_PER_SECOND]`: an Ogg Opus file becomes AAC-LC in an .m4a file, mono.

AAC is what every XMPP client plays (Apple's have no Ogg). A process of its own, so that libav's megabytes and its
faults are nobody else's. Title, artist and date are read from standard input as a JSON object; what came of it is
written to standard output as one: {"seconds", "size", "sha256"}, or {"error"} if IN is no sound. The index comes before
the sound (faststart), so that players start at once. OUT is whole and on the card when this ends with 0.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import av
import av.error
from av.audio.frame import AudioFrame
from av.container import InputContainer, OutputContainer

from phone.durable import sync

RATE = 32_000
"""Hertz: wide-band speech and more."""
BITS = 32_000
"""Bits per second: three minutes are 0.7 MB, which Conversations fetches by itself."""
_NICE = 10  # the sound process comes first


def convert(source: Path, target: Path, tags: dict[str, str], rate: int = RATE, bits: int = BITS) -> float:
    """Seconds of sound. Raises av.error.FFmpegError, ValueError if there is none."""
    with (
        av.open(str(source)) as sound,
        av.open(str(target), "w", format="ipod", options={"movflags": "+faststart"}) as file,
    ):
        if not sound.streams.audio:
            raise ValueError("there is no sound in it")
        file.metadata.update(tags)
        samples = _convert(sound, file, rate, bits)
    if not samples:
        raise ValueError("there is no sound in it")
    return samples / rate


def _convert(sound: InputContainer, file: OutputContainer, rate: int, bits: int) -> int:
    encoder = file.add_stream("aac", rate=rate, layout="mono", bit_rate=bits)
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate)
    samples = 0
    for decoded in chain(_decoded(sound), (None,)):
        for frame in resampler.resample(decoded):
            frame.pts = samples
            samples += frame.samples
            file.mux(encoder.encode(frame))
    file.mux(encoder.encode(None))
    return samples


def _decoded(sound: InputContainer) -> Iterator[AudioFrame]:
    """A packet that is damaged costs itself and no more."""
    for packet in sound.demux(audio=0):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        yield from (frame for frame in frames if isinstance(frame, AudioFrame))


def main(arguments: list[str]) -> int:
    """The exit code: 0: done; 1: the card; 2: IN is of no use."""
    source, target = map(Path, arguments[:2])
    rate, bits = map(int, arguments[2:]) if len(arguments) > 2 else (RATE, BITS)
    os.nice(_NICE)
    part = target.with_name(f"{target.name}.part")
    try:
        seconds = convert(source, part, json.load(sys.stdin), rate, bits)
        data = part.read_bytes()
        sync(part)
        part.replace(target)
        sync(target.parent)
    except (av.error.InvalidDataError, av.error.EOFError, ValueError) as error:
        return _failed(part, error, 2)
    except OSError as error:  # all other errors of libav are such, too
        return _failed(part, error, 1)
    _say({"seconds": round(seconds, 3), "size": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    return 0


def _failed(part: Path, error: Exception, code: int) -> int:
    part.unlink(missing_ok=True)
    number = error.errno if isinstance(error, OSError) else None
    _say({"error": str(error), "errno": number})
    return code


def _say(what: dict[str, float | str | None]) -> None:
    print(json.dumps(what))  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
