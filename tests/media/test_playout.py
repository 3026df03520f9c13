# ruff: noqa: FBT003 - the marker is a field of the wire
"""From packets to the ear, with real codecs, on pretended networks."""

import math
import random
from array import array

import numpy as np
import pytest

from phone.media.codecs.g711 import G711Codec
from phone.media.codecs.opus import OpusCodec
from phone.media.playout import Playout
from phone.media.rtp import RtpPacket
from phone.media.tones import sine

TICK = 240


AMPLITUDE = 4000
SLOPE = AMPLITUDE * 2 * math.pi * 300 / 48000
"""Of the tone that is sent: the greatest step between two samples."""


def packets(codec, seconds, *, samples=960, lost=frozenset(), jitter=0.0, ppm=0, kind=96, at=0.0):
    rng, got = random.Random(3), []
    for n in range(int(seconds * 48000 / samples)):
        payload = bytes(codec.encode(sine(300, n * samples, samples)))
        arrival = at + (n + 1) * samples / 48000 * (1 + ppm * 1e-6) + rng.random() * jitter
        stamp = n * samples * codec.clock_rate // 48000
        if n not in lost:
            got.append((arrival, RtpPacket(kind, False, n & 0xFFFF, stamp, 9, payload)))
    return sorted(got, key=lambda a: a[0])


def listen(playout, arrivals, seconds, start=0.0):
    heard, waiting = array("h"), list(arrivals)
    for n in range(int(seconds * 48000) // TICK):
        now = start + 0.0012 + n * TICK / 48000
        while waiting and waiting[0][0] <= now:
            at, packet = waiting.pop(0)
            playout.put(packet, at)
        block = playout.read(TICK, now)
        assert len(block) == TICK
        heard += block
    return heard


def purity(samples, hz=300):
    spectrum = np.abs(np.fft.rfft(np.array(samples) * np.hanning(len(samples)))) ** 2
    near = abs(np.arange(len(spectrum)) * 48000 / len(samples) - hz) < 25
    return 10 * np.log10(spectrum[near].sum() / spectrum[~near].sum())


CODECS = [OpusCodec, lambda: G711Codec("pcmu"), lambda: G711Codec("pcma")]


@pytest.mark.parametrize("make", CODECS)
@pytest.mark.parametrize("samples", [480, 960])
def test_clean_network_gives_the_tone(make, samples):
    playout = Playout({96: make()})
    heard = listen(playout, packets(make(), 3, samples=samples), 2.9)
    stats = playout.stats()
    assert stats.codec == make().name
    assert (stats.concealed_ms, stats.late, stats.malformed) == (0, 0, 0)
    assert stats.jitter_buffer_ms < 7
    assert purity(heard[72_000:]) > 25
    assert np.std(heard[72_000:]) == pytest.approx(AMPLITUDE / math.sqrt(2), rel=0.1)


@pytest.mark.parametrize("make", CODECS[:2])
@pytest.mark.parametrize("ppm", [-200, 200])
def test_drift_leaves_no_clicks(make, ppm):
    playout = Playout({96: make()})
    heard = listen(playout, packets(make(), 40, ppm=ppm), 39.5)
    assert playout.stats().concealed_ms <= 40
    steps = np.abs(np.diff(np.array(heard[48_000:], dtype=int)))
    assert steps.max() < 3 * SLOPE
    # Fades, not steps: in 99.9 % of the samples the tone's own slope is not exceeded by a fifth.
    assert np.quantile(steps, 0.999) < 1.2 * SLOPE


@pytest.mark.parametrize("make", CODECS)
def test_jitter_costs_delay_and_nothing_else(make):
    playout = Playout({96: make()})
    heard = listen(playout, packets(make(), 12, jitter=0.03), 11.9)
    assert playout.stats().concealed_ms <= 100
    assert playout.stats().jitter_buffer_ms < 40
    assert purity(heard[-240_000:]) > 20


@pytest.mark.parametrize("make", CODECS)
def test_losses_are_bridged(make):
    lost = frozenset(range(60, 300, 25))
    playout = Playout({96: make()})
    heard = np.array(listen(playout, packets(make(), 6, lost=lost), 5.9), dtype=float)
    # libopus itself lets a pure tone go within 10 ms, how far depends on the processor; pitch repetition holds it.
    least = 0.7 * quietest(by_libopus(6, lost)) if make is OpusCodec else AMPLITUDE / math.sqrt(2) / 4
    assert quietest(heard[48_000:]) > least
    assert np.abs(np.diff(heard[48_000:])).max() < 3 * SLOPE
    assert playout.stats().concealed_ms <= 10 * 20


def by_libopus(seconds, lost):
    """What the codec makes of the same packets by itself, from the second second on."""
    codec, sent = OpusCodec(), {p.sequence: p for _, p in packets(OpusCodec(), seconds, lost=lost)}
    frames = []
    for n in range(seconds * 50):
        view = codec.conceal(960) if n in lost else codec.decode(sent[n].payload)
        frames.append(np.array(view, dtype=float))  # before the next one is written over it
    return np.concatenate(frames)[48_000:]


def quietest(samples):
    """The level of its quietest 10 ms."""
    power = np.convolve(samples**2, np.ones(480) / 480, "valid")
    return math.sqrt(power.min())


def test_redundancy_recovers_losses():
    near, playout = OpusCodec(), Playout({96: OpusCodec()})
    near.expect_loss(10)
    rng = random.Random(2)
    arrivals = []
    for n in range(400):
        level = 0.5 + 0.5 * math.sin(n / 5)
        frame = array("h", [round(v * level + rng.gauss(0, 200)) for v in sine(200, n * 960, 960)])
        payload = bytes(near.encode(frame))
        if n % 12 != 5:
            # Some of the copies come early: what was concealed by then must go over into them.
            arrivals.append(
                ((n + 1) * 0.02 - (0.008 if n % 12 == 6 else 0), RtpPacket(96, False, n, n * 960, 9, payload))
            )
    heard = listen(playout, arrivals, 7.9)
    assert playout.stats().recovered >= 12
    assert np.abs(np.diff(np.array(heard, dtype=int))).max() < 3000


def test_another_codec_in_the_call():
    playout = Playout({96: OpusCodec(), 0: G711Codec("pcmu"), 8: G711Codec("pcma")})
    pcmu = packets(G711Codec("pcmu"), 1, kind=0)
    listen(playout, packets(OpusCodec(), 1) + [(1 + at, p) for at, p in pcmu], 2.05)
    assert playout.stats().codec == "pcmu"
    assert playout.stats().played >= 96
    # Between the two laws the clock stays: no restart, no gap.
    before = playout.stats().concealed_ms
    pcma = [(at, RtpPacket(8, False, n + 50, (n + 50) * 160, 9, p.payload)) for n, (at, p) in
            enumerate(packets(G711Codec("pcma"), 1, at=2.0))]  # fmt: skip
    listen(playout, pcma, 0.9, start=2.05)
    assert playout.stats().codec == "pcma"
    assert playout.stats().concealed_ms <= before + 60


def test_before_the_first_packet_and_without_one():
    playout = Playout({})
    assert not any(playout.read(240, 0.0))
    playout.put(RtpPacket(13, False, 1, 1, 1, b""), 0.0)
    playout.put(RtpPacket(77, False, 1, 1, 1, b""), 0.0)
    assert not any(playout.read(240, 0.01))
    assert playout.stats().malformed == 1
    assert playout.stats().codec == ""


def test_unknown_and_broken_packets_among_good_ones():
    arrivals = packets(G711Codec("pcmu"), 1, kind=0)
    arrivals.insert(20, (arrivals[19][0], RtpPacket(77, False, 900, 5, 9, b"xx")))
    arrivals.insert(30, (arrivals[29][0], RtpPacket(0, False, 901, 5, 9, b"")))
    playout = Playout({0: G711Codec("pcmu")}, silent=frozenset({101}))
    listen(playout, arrivals, 0.9)
    assert playout.stats().malformed == 2
    assert playout.stats().played >= 43


def test_key_presses_and_comfort_noise_are_pauses():
    arrivals = packets(G711Codec("pcmu"), 2, kind=0)
    for n in range(40, 45):
        at, packet = arrivals[n]
        arrivals[n] = (at, RtpPacket(101, n == 40, packet.sequence, arrivals[40][1].timestamp, 9, b"\x05\x0a\x00\xa0"))
    at, packet = arrivals[70]
    arrivals[70] = (at, RtpPacket(13, False, packet.sequence, packet.timestamp, 9, b"\x40"))
    playout = Playout({0: G711Codec("pcmu")}, silent=frozenset({101}))
    listen(playout, arrivals, 1.9)
    assert playout.stats().concealed_ms == 0
    assert playout.stats().malformed == 0


def test_a_payload_that_does_not_decode_is_concealed():
    near, playout = OpusCodec(), Playout({96: OpusCodec()})
    arrivals = packets(near, 1)
    at, packet = arrivals[30]
    # A table-of-contents byte that promises 20 ms, and a frame count of 0 behind the right length: libopus refuses it.
    arrivals[30] = (at, RtpPacket(96, False, packet.sequence, packet.timestamp, 9, b"\x0b\x41" + b"\xff" * 3))
    heard = listen(playout, arrivals, 0.9)
    assert playout.stats().played >= 43
    assert np.std(heard[24_000:]) > 1500


def test_nothing_but_copies_heard_yet():
    """The first packets lost, the first one that comes with a copy: nothing has been decoded before it."""
    playout = Playout({96: OpusCodec()})
    listen(playout, packets(OpusCodec(), 1, lost=frozenset(range(5))), 0.9)
    assert playout.stats().played >= 39


def test_inbox_is_bounded():
    playout = Playout({0: G711Codec("pcmu")})
    for n in range(5000):
        playout.put(RtpPacket(0, False, n & 0xFFFF, n * 160, 1, bytes(160)), n * 0.02)
    assert len(playout._inbox) <= 200


@pytest.mark.slow
@pytest.mark.parametrize("ppm", [200, -200])
def test_an_hour_of_drift_leaves_no_delay_and_keeps_nothing(ppm):
    """The clocks part by 0.72 s in it. Samples of silence stand for speech: what counts is time."""

    class Blank(G711Codec):
        def decode(self, payload):
            return memoryview(array("h", bytes(2 * 960)))

        def conceal(self, samples):
            return memoryview(array("h", bytes(2 * samples)))

    playout, rng = Playout({0: Blank("pcmu")}), random.Random(5)
    sizes, delays, sent, tick = [], [], 0, 480
    for n in range(3600 * 48000 // tick):
        now = 0.0012 + n * tick / 48000
        while (at := (sent + 1) * 0.02 * (1 + ppm * 1e-6)) <= now:
            if sent % 100:
                packet = RtpPacket(0, False, sent & 0xFFFF, sent * 160 & 0xFFFFFFFF, 9, bytes(160))
                playout.put(packet, at + rng.random() * 1e-3)
            sent += 1
        playout.read(tick, now)
        if n % 30_000 == 29_999:
            delays.append(playout.stats().jitter_buffer_ms)
            sizes.append(footprint(playout))
    stats = playout.stats()
    assert max(delays) < 45
    assert abs(delays[-1] - delays[0]) < 15
    assert stats.played > 0.985 * sent
    assert stats.late < sent / 1000
    assert max(sizes[6:]) <= max(sizes[:6]) * 1.2


def footprint(root):
    """Elements kept in containers by an object and by what it holds."""
    seen, waiting, total = set(), [root], 0
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, (int, float, str, bytes, type)) or callable(each):
            continue
        seen.add(id(each))
        names = [*getattr(each, "__dict__", ()), *(n for c in type(each).__mro__ for n in getattr(c, "__slots__", ()))]
        waiting += [getattr(each, name) for name in names if hasattr(each, name)]
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, (list, tuple, set, frozenset)) or type(each).__name__ == "deque":
            waiting += each
        total += len(each) if hasattr(each, "__len__") else 0
    return total
