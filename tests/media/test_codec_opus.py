"""Opus through libopus: frames of every length, losses, the redundancy flag, and nonsense."""

import ctypes
import math
import random
from array import array

import opuslib.api
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opuslib import constants

from phone.media.codecs.libopus import OpusError
from phone.media.codecs.opus import OpusCodec, has_fec, samples_in


def sine(hz, samples, start=0, amplitude=8000):
    return array("h", [round(amplitude * math.sin(2 * math.pi * hz * (start + i) / 48000)) for i in range(samples)])


def voice(samples, start=0):
    """A tone coming and going in noise: libopus takes it for speech."""
    noise = random.Random(start)
    return array(
        "h",
        [
            round(
                6000 * math.sin(2 * math.pi * 200 * i / 48000) * (0.5 + 0.5 * math.sin(i / 4800)) + noise.gauss(0, 500)
            )
            for i in range(start, start + samples)
        ],
    )


def rms(samples):
    return math.sqrt(sum(s * s for s in samples) / len(samples))


@pytest.mark.parametrize("ms", [10, 20, 40, 60])
def test_there_and_back(ms):
    near, far, size = OpusCodec(), OpusCodec(complexity=0), 48 * ms
    for n in range(600 // ms):
        payload = bytes(near.encode(memoryview(sine(440, size, n * size))))
        assert far.samples_in(payload) == size
        heard = far.decode(payload)
        assert len(heard) == size
    assert rms(heard) == pytest.approx(8000 / math.sqrt(2), rel=0.1)
    assert (far.name, far.clock_rate) == ("opus", 48000)


def test_silence_is_small_but_no_pause():
    codec = OpusCodec()
    for _ in range(50):
        payload = bytes(codec.encode(array("h", bytes(1920))))
    assert not codec.is_silence(payload)
    assert codec.is_silence(payload[:1])


def test_redundancy_brings_a_lost_frame_back():
    near, whole, lossy = OpusCodec(), OpusCodec(), OpusCodec()
    near.expect_loss(10)
    near.expect_loss(10)
    payloads = [bytes(near.encode(voice(960, 960 * n))) for n in range(40)]
    assert any(map(has_fec, payloads))
    lost = next(n for n in range(25, 39) if has_fec(payloads[n + 1]))
    for n, payload in enumerate(payloads[: lost + 1]):
        original = array("h", whole.decode(payload))
        if n < lost:
            lossy.decode(payload)
    copy = lossy.decode_fec(payloads[lost + 1], 960)
    assert len(copy) == 960
    difference = [a - b for a, b in zip(copy, original, strict=True)]
    assert rms(difference) < 0.7 * rms(original)
    unprotected = bytes(whole.encode(voice(960)))
    assert not has_fec(unprotected)
    assert len(lossy.decode_fec(unprotected, 960)) == 0


def test_protection_costs_bits_and_ends_by_itself():
    codec = OpusCodec(complexity=0)
    frames = [voice(480, 480 * n) for n in range(50)]

    def octets(rounds):
        return sum(len(codec.encode(frame)) for _ in range(rounds) for frame in frames) / rounds

    octets(1)
    codec.expect_loss(0.4)
    plain = octets(3)
    codec.expect_loss(0.5)
    protected = octets(3)
    codec.expect_loss(0.0)
    assert octets(3) > 1.5 * plain
    assert protected > 1.5 * plain
    octets(12)
    assert octets(3) < 1.2 * plain


def test_no_more_bits_than_the_far_end_takes_protected_or_not():
    codec = OpusCodec(bitrate=48_000, complexity=0)
    frames = [voice(960, 960 * n) for n in range(50)]

    def kbit():
        codec.expect_loss(loss)
        return sum(len(codec.encode(frame)) for frame in frames) * 8 / 1000

    loss = 0.0
    assert kbit() > 35
    codec.limit_bitrate(16_000)
    assert kbit() < 20
    loss = 5.0
    assert kbit() < 20
    codec.limit_bitrate(510_000)
    assert kbit() > 55


def test_music_is_coded_as_such_while_it_is_expected():
    codec, celt = OpusCodec(), 16
    configs = []
    for n, music in enumerate([False] * 20 + [True] * 40 + [False] * 40):
        codec.expect_music(music)
        configs.append(codec.encode(sine(440, 960, n * 960))[0] >> 3)
    assert max(configs[10:20]) < celt <= min(configs[30:60])
    assert max(configs[70:]) < celt


def test_conceal_goes_on_and_fades():
    near, far = OpusCodec(), OpusCodec()
    for n in range(20):
        far.decode(bytes(near.encode(sine(200, 960, 960 * n))))
    first = rms(far.conceal(240))
    for _ in range(60):
        last = rms(far.conceal(240))
    assert first > 1000
    assert last < first / 10


def test_stereo_is_mixed_to_mono():
    lib = opuslib.api.libopus
    create = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
    error = ctypes.c_int()
    stereo = create(("opus_encoder_create", lib))(48000, 2, constants.APPLICATION_AUDIO, ctypes.byref(error))
    kinds = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
    encode = ctypes.CFUNCTYPE(ctypes.c_int, *kinds)(("opus_encode", lib))
    pcm, out, far = (ctypes.c_int16 * 1920)(), (ctypes.c_ubyte * 1275)(), OpusCodec()
    for n in range(10):
        mono = sine(500, 960, 960 * n)
        pcm[::2], pcm[1::2] = mono.tolist(), mono.tolist()
        size = encode(stereo, pcm, 960, out, 1275)
        heard = far.decode(bytes(out[:size]))
    assert len(heard) == 960
    assert rms(heard) == pytest.approx(8000 / math.sqrt(2), rel=0.1)


@given(st.binary(max_size=40))
def test_nonsense_never_raises(payload):
    codec = OpusCodec(complexity=0)
    heard = codec.decode(payload)
    assert len(heard) in (0, samples_in(payload))
    assert len(codec.decode_fec(payload, 960)) in (0, 960)
    assert len(codec.conceal(240)) == 240


@given(st.binary(min_size=1, max_size=200))
def test_length_agrees_with_libopus(payload):
    count = opuslib.api.libopus.opus_packet_get_nb_samples
    theirs = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_int)(
        ("opus_packet_get_nb_samples", opuslib.api.libopus)
    )(payload, len(payload), 48000)
    assert count is not None
    assert samples_in(payload) == max(0, theirs)


@pytest.mark.parametrize(
    ("payload", "redundant"),
    [
        (b"", False),
        (b"\x08\x40", False),  # too short to hold anything
        (b"\x08\x40\x00", True),  # SILK 20 ms: bits are voice activity, redundancy
        (b"\x08\x80\x00", False),
        (b"\x10\x20\x00", True),  # 40 ms: two voice activity bits come first
        (b"\x10\x40\x00", False),
        (b"\x18\x10\x00", True),  # 60 ms
        (b"\x0c\x10\x00", True),  # stereo: the side channel's flag
        (b"\x0c\x20\x00", False),
        (b"\x70\x40\x00", True),  # hybrid
        (b"\x80\x40\x00", False),  # CELT has none
        (b"\x0b\x01\x40", False),  # any number of frames: not looked into
        (b"\x0a\x01\x40\x00", True),  # two frames, the first one's length before it
        (b"\x0a\xfc\x00\x40", True),  # a length of two bytes
        (b"\x0a\xfc\x40", True),
    ],
)
def test_redundancy_flag(payload, redundant):
    assert has_fec(payload) is redundant


def test_our_own_mistakes_raise():
    with pytest.raises(OpusError, match="cannot encode 100"):
        OpusCodec().encode(array("h", bytes(200)))
    with pytest.raises(OpusError, match="complexity"):
        OpusCodec(complexity=11)


@pytest.mark.parametrize("coder", ["encoder", "decoder"])
def test_no_memory(monkeypatch, coder):
    monkeypatch.setattr(f"phone.media.codecs.libopus._create_{coder}", lambda *_: None)
    with pytest.raises(OpusError, match=f"no {coder}"):
        OpusCodec()
