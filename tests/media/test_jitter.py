# ruff: noqa: FBT003 - the marker is a field of the wire
"""The jitter buffer on pretended networks: the laws of its docstring, by example and by property."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone.media.jitter import RATE, Action, JitterBuffer
from phone.media.rtp import RtpPacket

TICK = 240
EVENT, BROKEN = b"event", b"broken"


def packet(n, *, samples=960, ssrc=7, payload=b"", base=65_500, stamp=2**32 - 5000, factor=1):
    return RtpPacket(96, False, (base + n) & 0xFFFF, (stamp + n * samples // factor) & 0xFFFFFFFF, ssrc, payload)


def buffer(samples=960, *, fec=False, clock_rate=RATE):
    def samples_in(got):
        return {EVENT: 0, BROKEN: None}.get(got.payload, samples)

    return JitterBuffer(clock_rate, samples_in, lambda _: fec)


class Card:
    """Pulls from a buffer every tick, as Playout does, and keeps what it was told."""

    def __init__(self, jitter, *, tick=TICK, start=0.0013):
        self.jitter, self.tick, self.start = jitter, tick, start
        self.ticks = 0
        self.left = 0
        self.told = []
        self.delays = []

    @property
    def now(self):
        return self.start + self.ticks * self.tick / RATE

    def run(self, arrivals, seconds):
        """Hand over (time, packet) pairs when they are due while the card runs to `seconds`."""
        waiting = sorted(arrivals, key=lambda a: a[0])
        while self.now < seconds:
            while waiting and waiting[0][0] <= self.now:
                at, got = waiting.pop(0)
                self.jitter.put(got, at)
            while self.left < self.tick:
                decision = self.jitter.get(self.now, self.left, self.tick)
                self.told.append(decision)
                self.left += decision.samples - decision.skip + decision.change
            self.left -= self.tick
            self.ticks += 1
            self.delays.append(self.jitter.stats.delay * 1000 / RATE)
        return self

    def count(self, action):
        return sum(d.action is action for d in self.told)

    def played(self):
        return [d.packet.sequence for d in self.told if d.action is Action.PLAY]


def network(count, *, samples=960, delay=lambda n: 0.0, lost=frozenset(), ppm=0, **options):
    return [
        ((n + 1) * samples / RATE * (1 + ppm * 1e-6) + delay(n), packet(n, samples=samples, **options))
        for n in range(count)
        if n not in lost
    ]


@pytest.mark.parametrize("samples", [480, 960, 1920, 2880])
@pytest.mark.parametrize("phase", [0.0, 0.0011, 0.0049])
def test_clean_network_waits_for_the_next_tick_only(samples, phase):
    jitter = buffer(samples)
    card = Card(jitter, start=phase).run(network(4 * RATE // samples, samples=samples), 3.9)
    assert card.count(Action.CONCEAL) == 0
    assert jitter.stats.concealed == 0
    assert max(card.delays[len(card.delays) // 2 :]) <= 5 + 1.51
    assert card.played() == [(65_500 + n) & 0xFFFF for n in range(len(card.played()))]


def test_narrow_band_clock_counts_in_48_khz():
    jitter = buffer(clock_rate=8000)
    card = Card(jitter).run(network(100, factor=6), 1.9)
    assert card.count(Action.CONCEAL) == 0
    assert jitter.stats.played == pytest.approx(94, abs=2)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([480, 960]), st.integers(0, 40), st.integers(0, 15), st.booleans())
def test_any_network(seed, samples, jitter_ms, loss_percent, fec):
    rng = random.Random(seed)
    count = 6 * RATE // samples
    lost = {n for n in range(1, count) if rng.random() * 100 < loss_percent}
    jitter = buffer(samples, fec=fec)
    arrivals = network(count, samples=samples, delay=lambda _: rng.random() * jitter_ms / 1000, lost=lost)
    arrivals += rng.sample(arrivals, 20)
    card = Card(jitter).run(arrivals, 6.3)
    stats, played = jitter.stats, card.played()
    # Each packet once, in order.
    order = [(s - 65_500) & 0xFFFF for s in played]
    assert order == sorted(set(order))
    # Each packet that came was played, was late, or was passed over at the very beginning.
    assert stats.played == len(played)
    assert stats.played + stats.late + stats.unheard >= count - len(lost) - 2
    assert stats.duplicate >= 18
    assert stats.recovered == card.count(Action.FEC)
    # 98 of 100 are in time once the network is known; the beginning may cost a few.
    assert stats.late <= 0.02 * count + 6
    # Nothing is concealed but what was lost or late; an outlier is waited for in pieces of 10 ms.
    assert stats.concealed <= (len(lost) + stats.late) * samples + (0.03 * count + 8) * 480 + 2 * samples
    assert all(d.samples > 0 for d in card.told)
    extra = samples * 1000 / RATE if fec else 0
    assert sorted(card.delays)[len(card.delays) * 9 // 10] <= jitter_ms + 20 + extra + samples * 1000 / RATE


@pytest.mark.parametrize("ppm", [-200, 200])
def test_clock_drift_is_absorbed(ppm):
    jitter, rng = buffer(), random.Random(1)
    card = Card(jitter).run(network(6000, ppm=ppm, delay=lambda _: abs(rng.gauss(0, 0.0004))), 119)
    late_half = card.delays[len(card.delays) // 2 :]
    assert max(late_half) < 12
    assert jitter.stats.concealed <= 10 * 480
    changes = [d.change for d in card.told if d.change]
    assert 3 <= len(changes) <= 16  # 24 ms in steps of a tick
    assert all((c < 0) == (ppm < 0) for c in changes[2:])


def test_a_loss_adds_no_delay():
    jitter = buffer()
    card = Card(jitter).run(network(200, lost={50, 100, 150}), 3.9)
    assert jitter.stats.concealed == 3 * 960
    assert card.delays[-1] < 6.6


def test_redundancy_is_waited_for_when_losses_are_frequent():
    lost = set(range(20, 600, 20))
    jitter = buffer(fec=True)
    card = Card(jitter).run(network(600, lost=lost), 11.9)
    assert jitter.stats.recovered >= 20
    assert 20 <= card.delays[-1] < 30
    # And no longer when they are over.
    more = [(11.9 + 0.02 * n, packet(600 + n - 5)) for n in range(5, 500)]
    card.run(more, 21.5)
    assert card.delays[-1] < 10


def test_part_concealed_the_rest_from_the_copy():
    jitter = buffer(fec=True)
    arrivals = network(40, lost={20}, delay=lambda n: 0.0 if n <= 20 else -0.008)
    card = Card(jitter).run(arrivals, 0.75)
    (copy,) = [d for d in card.told if d.action is Action.FEC]
    assert (copy.skip, copy.samples) == (480, 960)
    assert jitter.stats.concealed == 480


def test_a_late_packet_is_still_played():
    jitter = buffer()
    card = Card(jitter).run(network(150, delay=lambda n: 0.018 if n == 60 else 0), 2.9)
    assert (65_500 + 60) & 0xFFFF in card.played()
    assert jitter.stats.late == 0
    assert 0 < jitter.stats.concealed <= 960
    assert card.delays[-1] < 8  # what it cost was cut again


def test_given_up_and_then_come():
    jitter = buffer()
    Card(jitter).run(network(100, delay=lambda n: 0.06 if n == 50 else 0), 1.9)
    assert jitter.stats.late == 1
    assert jitter.stats.concealed == 960


def test_a_stall_is_waited_for_and_then_caught_up():
    jitter = buffer()
    card = Card(jitter).run(network(400, delay=lambda n: max(0.0, 0.12 - 0.02 * (n - 200)) if n >= 200 else 0), 7.9)
    assert jitter.stats.late + jitter.stats.unheard == 0
    assert max(card.delays) > 100
    assert card.delays[-1] < 15


def test_a_long_stall_is_left_out():
    jitter = buffer()
    card = Card(jitter).run(network(400, delay=lambda n: max(0.0, 0.6 - 0.02 * (n - 200)) if n >= 200 else 0), 7.9)
    assert jitter.stats.unheard > 10
    assert card.delays[-1] < 15


def test_pauses_are_no_losses():
    jitter = buffer()
    arrivals = []
    for n in range(300):
        spurt = n // 50
        at = (n + 1) * 0.02 + spurt * 0.5
        arrivals.append((at, RtpPacket(96, n % 50 == 0, n, n * 960 + spurt * 24_000, 7, b"")))
    card = Card(jitter).run(arrivals, 9.1)
    assert jitter.stats.concealed <= 9600  # the last one's end is not known to be a pause
    assert jitter.stats.played == 300
    assert jitter.stats.restarts == 0
    assert max(card.delays[100:]) < 12


def test_an_early_packet_behind_a_pause_waits_for_its_time():
    jitter = buffer()
    arrivals = network(50)
    arrivals.append((0.95, RtpPacket(96, True, (65_500 + 50) & 0xFFFF, (2**32 - 5000 + 60 * 960) & 0xFFFFFFFF, 7, b"")))
    card = Card(jitter).run(arrivals, 1.5)
    assert jitter.stats.played == 51
    assert card.told[-20].action is Action.CONCEAL
    ends = [n for n, d in enumerate(card.told) if d.action is Action.PLAY]
    assert ends[-1] - ends[-2] >= 15


def test_events_keep_their_place_in_the_sequence():
    jitter = buffer()
    arrivals = network(100)
    for n in range(50, 57):  # a key press of the far end: seven packets of one timestamp
        at, _ = arrivals[n]
        arrivals[n] = (at, RtpPacket(101, n == 50, (65_500 + n) & 0xFFFF, packet(50).timestamp, 7, EVENT))
    card = Card(jitter).run(arrivals, 1.95)
    assert jitter.stats.concealed == 0
    assert jitter.stats.played == 90
    assert card.delays[-1] < 8


def test_another_source_or_time_line_starts_anew():
    jitter = buffer()
    first = network(50)
    other = [(1 + 0.02 * n, packet(n, ssrc=8, base=3, stamp=77)) for n in range(1, 50)]
    jumped = [(2 + 0.02 * n, packet(n, ssrc=8, base=52, stamp=10**9)) for n in range(1, 50)]
    far_numbers = [(3 + 0.02 * n, packet(n, ssrc=8, base=30_000, stamp=10**9 + 50 * 960)) for n in range(1, 50)]
    card = Card(jitter).run(first + other + jumped + far_numbers, 4.1)
    assert jitter.stats.restarts == 3
    assert jitter.stats.played >= 4 * 48
    assert card.delays[-1] < 8


def test_a_jump_that_begins_with_events():
    jitter = buffer()
    jitter.put(RtpPacket(101, True, 5, 0, 7, EVENT), 0.0)
    jitter.put(RtpPacket(101, True, 20_000, 0, 7, EVENT), 0.02)
    assert jitter.stats.restarts == 1
    jitter.put(packet(0, base=20_001), 0.04)
    assert Card(jitter, start=0.05).run([], 0.1).count(Action.PLAY) == 1


def test_nobody_listened_for_a_while():
    jitter = buffer()
    arrivals = network(1000)
    for at, got in arrivals[:800]:
        jitter.put(got, at)
    card = Card(jitter, start=16.003).run(arrivals[800:], 19)
    # It begins with the newest that is due, not with what was said before.
    assert card.played()[0] == (65_500 + 799) & 0xFFFF
    assert max(card.delays) < 8
    # The card stood still for two seconds.
    for at, got in network(1100)[950:1050]:
        jitter.put(got, at)
    again = Card(jitter, start=21.003)
    again.run([], 21.03)
    assert again.played()[0] == (65_500 + 1049) & 0xFFFF


def test_the_end_of_a_stream_becomes_silence():
    jitter = buffer()
    card = Card(jitter).run(network(20), 3)
    assert card.told[-1].action is Action.SILENCE
    assert jitter.stats.concealed == RATE
    more = [(3 + 0.02 * n, packet(130 + n)) for n in range(40)]
    card.run(more, 3.7)
    assert card.told[-1].action is Action.PLAY


def test_malformed_and_duplicates_are_counted():
    jitter = buffer()
    jitter.put(packet(0, payload=BROKEN), 0.0)
    jitter.put(packet(0), 0.02)
    jitter.put(packet(0), 0.02)
    assert (jitter.stats.malformed, jitter.stats.duplicate) == (1, 1)


def test_memory_of_losses_is_bounded():
    jitter = buffer()
    lost = {n for n in range(3000) if n % 50 > 9}
    Card(jitter).run(network(3000, lost=lost), 59)
    assert len(jitter._given_up) <= 600
    assert len(jitter._entries) <= 100
