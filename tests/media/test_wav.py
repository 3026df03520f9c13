"""The owner's WAV file: all that is plain PCM is played as it is; whatever else comes is refused with a sentence."""

from __future__ import annotations

import io
import math
import struct
import wave
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legs import share_of

from phone.media.interpolate import Interpolator
from phone.media.wav import RATES, Wav, WavError, WavLoop, parse_wav


def reader(data: bytes):
    return lambda offset, count: data[offset : offset + count]


def parse(data: bytes) -> Wav:
    return parse_wav(reader(data), len(data))


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def form(kind: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16, more: bytes = b"") -> bytes:
    size = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", kind, channels, rate, rate * size, size, bits) + more)


def written(rate: int, channels: int, octets: int, frames: bytes) -> bytes:
    """By Python's own wave module."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(octets)
        out.setframerate(rate)
        out.writeframes(frames)
    return file.getvalue()


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("octets", [1, 2])
def test_every_kind_is_read_as_it_was_written(rate, channels, octets):
    count = rate // 4
    left = [(i * 37) % 200 - 100 for i in range(count)]
    right = [(i * 53) % 180 - 90 for i in range(count)]
    each = [left, right][:channels]
    if octets == 1:
        frames = bytes(side[i] + 128 for i in range(count) for side in each)
    else:
        frames = array("h", [side[i] * 256 for i in range(count) for side in each]).tobytes()
    data = written(rate, channels, octets, frames)
    wav = parse(data)
    assert (wav.rate, wav.channels, wav.octets, wav.frames) == (rate, channels, octets, count)
    loop = WavLoop(reader(data), wav)
    wanted = [sum(sides) * 256 >> (channels - 1) for sides in zip(*each, strict=True)]
    got = [*loop.read(100), *loop.read(count), *loop.read(3 * count)]
    assert got == [*wanted, *wanted, *wanted, *wanted, *wanted][: len(got)]
    loop.rewind()
    assert list(loop.read(50)) == wanted[:50]


def test_other_chunks_are_skipped_and_lengths_of_pipes_are_cut_to_the_file():
    sound = bytes(4000)
    plain = riff(chunk(b"LIST", b"odd"), form(), chunk(b"fact", bytes(4)), chunk(b"data", sound), chunk(b"id3 ", b"x"))
    assert parse(plain).frames == 2000
    piped = riff(form(), b"data" + struct.pack("<I", 0xFFFFFFFF) + sound)
    assert parse(piped).frames == 2000


def test_the_extensible_format():
    guid = bytes.fromhex("0100000000001000800000aa00389b71")
    more = struct.pack("<HHI", 22, 16, 4) + guid
    assert parse(riff(form(0xFFFE, more=more), chunk(b"data", bytes(4000)))).frames == 2000
    floats = struct.pack("<HHI", 22, 16, 4) + b"\3" + guid[1:]
    with pytest.raises(WavError, match="convert it to PCM"):
        parse(riff(form(0xFFFE, more=floats), chunk(b"data", bytes(4000))))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no WAV file"),
        (b"ID3" + bytes(100), "no WAV file"),
        (riff(), "holds no sound"),
        (riff(form()), "holds no sound"),
        (riff(chunk(b"data", bytes(4000))), "holds no sound"),
        (riff(*[chunk(b"junk", b"")] * 100, form(), chunk(b"data", bytes(4000))), "holds no sound"),
        (riff(chunk(b"fmt ", b"short"), chunk(b"data", bytes(4000))), "damaged header"),
        (riff(form(kind=3), chunk(b"data", bytes(4000))), "compressed"),
        (riff(form(bits=24), chunk(b"data", bytes(4000))), "sample size"),
        (riff(form(channels=6), chunk(b"data", bytes(4000))), "6 channels"),
        (riff(form(rate=96_000), chunk(b"data", bytes(4000))), "96000 Hz"),
        (riff(form(), chunk(b"data", bytes(100))), "shorter than a tenth"),
    ],
)
def test_what_cannot_be_played_is_refused(data, words):
    with pytest.raises(WavError, match=words):
        parse(data)


def test_a_file_that_shrinks_is_noticed():
    data = riff(form(), chunk(b"data", bytes(4000)))
    loop = WavLoop(reader(data[:1000]), parse(data))
    with pytest.raises(WavError, match="shorter"):
        loop.read(2000)


WHOLE = riff(chunk(b"LIST", b"abc"), form(channels=2, bits=8), chunk(b"data", bytes(range(256)) * 20))


@given(st.data())
def test_a_damaged_file_is_refused_or_played_but_never_more(data):
    damaged = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(0, 6))):
        damaged[data.draw(st.integers(0, 70))] = data.draw(st.integers(0, 255))
    del damaged[data.draw(st.integers(0, len(damaged))) :]
    play_or_refuse(bytes(damaged))


@given(st.binary(max_size=300))
def test_so_is_any_nonsense(data):
    play_or_refuse(data)
    play_or_refuse(riff(form(), data))


def play_or_refuse(data: bytes) -> None:
    try:
        wav = parse(data)
        assert len(WavLoop(reader(data), wav).read(1000)) == 1000
    except WavError:
        return
    assert wav.start + wav.frames * wav.channels * wav.octets <= len(data)


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate < 48_000])
@pytest.mark.parametrize("sizes", [[240], [960], [1, 7, 240, 0, 333]])
def test_any_rate_becomes_48_khz_without_a_seam(rate, sizes):
    at = 0

    def source(count):
        nonlocal at
        block = array("h", [round(8000 * math.sin(2 * math.pi * 440 * i / rate)) for i in range(at, at + count)])
        at += count
        return block

    heard, interpolator = array("h"), Interpolator(rate, source)
    for n in range(12_000):
        if len(heard) >= 24_000:
            break
        heard += interpolator.read(sizes[n % len(sizes)])
    assert len(heard) >= 24_000
    assert abs(at - len(heard) * rate / 48_000) < 4
    assert share_of(heard[:19_200], 440) > 0.98
    assert max(map(abs, heard)) < 8100


def test_an_interpolator_begins_anew():
    interpolator = Interpolator(8000, lambda count: array("h", [1000]) * count)
    first = interpolator.read(100)
    interpolator.read(77)
    interpolator.restart()
    assert interpolator.read(100) == first
    assert first[-1] == 1000
