"""What is recorded of a far end: Opus untouched, G.711 as Opus, gaps told; reports come though nothing else does."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legs import share_of, tone

from phone.media import plan, planrecordings
from phone.media.codecs.g711 import compressed
from phone.media.codecs.opus import OpusCodec
from phone.media.plan import Report
from phone.media.planrecordings import Recorded, RecordedAll
from phone.media.recorder import Recorder
from phone.media.rtp import RtpPacket
from phone.media.tap import PATIENCE
from phone.ogg.opuspacket import samples_in

OPUS = plan.Codec("opus", 111, 48_000, 2)
PCMU = plan.Codec("pcmu", 0, 8_000)
PCMA = plan.Codec("pcma", 8, 8_000)
EVENTS = plan.Codec("telephone-event", 101, 48_000)


def packet_of(kind: int, number: int, timestamp: int, ssrc: int, payload: bytes) -> RtpPacket:
    return RtpPacket(
        payload_type=kind,
        marker=False,
        sequence=number & 0xFFFF,
        timestamp=timestamp & 0xFFFFFFFF,
        ssrc=ssrc,
        payload=payload,
    )


class Taken:
    """A recorder and what it told."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.recorder = Recorder("a", self.reports.append, 0.0)

    def put(self, form: plan.Codec | None, number: int, timestamp: int, payload: bytes, at: float = 0.0) -> None:
        kind = 13 if form is None else form.payload_type
        self.recorder.put(packet_of(kind, number, timestamp, 1, payload), form, at)

    @property
    def told(self) -> list[Recorded]:
        return [each for each in self.reports if isinstance(each, Recorded)]

    @property
    def packets(self) -> list[planrecordings.Sound]:
        return [packet for report in self.told for packet in report.packets]

    @property
    def samples(self) -> int:
        return sum(samples_in(each.payload) + each.lost for each in self.packets)


def spoken(frames: int, hertz: int = 440) -> list[bytes]:
    codec = OpusCodec(bitrate=28_000, complexity=1)
    return [bytes(codec.encode(tone(hertz, 960, n * 960))) for n in range(frames)]


def narrow(frames: int, size: int = 160, hertz: int = 440, form: plan.Codec = PCMU) -> list[bytes]:
    step = 2 * math.pi * hertz / 8000
    law = "pcmu" if form is PCMU else "pcma"
    samples = [round(8000 * math.sin(step * n)) for n in range(frames * size)]
    return [compressed(law, samples[n * size : (n + 1) * size]) for n in range(frames)]


def heard(packets: list[planrecordings.Sound]) -> array[int]:
    codec, samples = OpusCodec(), array("h")
    for packet in packets:
        samples.extend(codec.decode(packet.payload))
    return samples


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_opus_goes_up_untouched_and_time_adds_up(losses):
    taken, number = Taken(), 0
    sent = []
    for n, lost in enumerate(losses):
        number += lost if n else 0
        payload = b"\x08" + bytes([n]) * 5
        sent.append(payload)
        taken.put(OPUS, number, number * 960, payload, number * 0.02)
        number += 1
    taken.recorder.finish(number * 0.02)
    assert [packet.payload for packet in taken.packets] == sent
    assert taken.samples == number * 960
    assert taken.reports[-1] == RecordedAll("a")


def test_reports_come_five_times_a_second_with_the_speech_counted():
    taken = Taken()
    for n, payload in enumerate(spoken(200)):
        taken.put(OPUS, n, n * 960, payload, n * 0.02)
        if n % 5 == 0:
            taken.recorder.tick(n * 0.02)
    assert len(taken.told) == 20
    assert [len(report.packets) for report in taken.told] == [10] * 20
    assert taken.told[-1].speech_ms > 3900
    assert taken.told[-1].silent_ms < 50


def test_silence_goes_on_though_no_packet_comes():
    taken = Taken()
    for n, payload in enumerate(spoken(25)):
        taken.put(OPUS, n, n * 960, payload, n * 0.02)
    for tick in range(1, 101):
        taken.recorder.tick(0.5 + tick / 10)
    silences = [report.silent_ms for report in taken.told]
    assert 9000 < silences[-1] < 11_000
    assert len([each for each in silences if each > 500]) >= 10
    assert taken.told[-1].speech_ms == pytest.approx(500, abs=45)


def test_what_waits_for_a_lost_packet_is_not_lost_itself():
    taken = Taken()
    payloads = spoken(9)
    for n in (0, 2, 3):
        taken.put(OPUS, n, n * 960, payloads[n])
    taken.recorder.tick(PATIENCE * 0.75)
    assert len(taken.packets) == 1
    taken.recorder.tick(PATIENCE + 0.3)
    assert [packet.lost for packet in taken.packets] == [0, 960, 0]
    taken.put(OPUS, 5, 5 * 960, payloads[5])
    taken.recorder.finish(2.0)
    assert [packet.payload for packet in taken.packets] == [payloads[n] for n in (0, 2, 3, 5)]


@pytest.mark.parametrize("form", [PCMU, PCMA], ids=["pcmu", "pcma"])
@pytest.mark.parametrize("size", [80, 160, 240, 480])
def test_g711_becomes_opus_of_the_same_sound_and_length(form, size):
    taken = Taken()
    count = 16_000 // size
    for n, payload in enumerate(narrow(count, size, 1000, form)):
        taken.put(form, n, n * size, payload, n * size / 8000)
    taken.recorder.finish(2.0)
    assert {samples_in(packet.payload) for packet in taken.packets} == {960}
    assert taken.samples == pytest.approx(count * size * 6, abs=959)
    samples = heard(taken.packets)[9600:]
    assert share_of(samples, 1000) > 0.95
    assert 4000 < max(samples) < 12_000
    assert taken.told[-1].speech_ms > 1900


@given(st.lists(st.tuples(st.sampled_from([80, 160, 240]), st.integers(0, 700)), min_size=1, max_size=30))
def test_gaps_in_g711_add_up_too(packets):
    taken, at = Taken(), 0
    for n, (size, gap) in enumerate(packets):
        at += gap if n else 0
        taken.put(PCMU, n, at, b"\xff" * size, at / 8000)
        at += size
    taken.recorder.finish(at / 8000)
    assert 0 <= taken.samples - at * 6 < 960


def test_events_and_comfort_noise_are_gaps():
    taken = Taken()
    payloads = spoken(8)
    taken.put(OPUS, 0, 0, payloads[0])
    for n in range(1, 6):
        taken.put(EVENTS, n, 960, b"\x05\x0a\x03\xc0")
    taken.put(OPUS, 6, 6 * 960, payloads[6])
    taken.put(None, 7, 7 * 960, b"\x40")
    taken.put(OPUS, 8, 20 * 960, payloads[7])
    taken.recorder.finish(1.0)
    assert [packet.lost for packet in taken.packets] == [0, 5 * 960, 13 * 960]


def test_another_codec_another_source_and_nonsense_in_between():
    taken = Taken()
    payloads, plain = spoken(4), narrow(4)
    for n in range(2):
        taken.put(OPUS, n, n * 960, payloads[n], n * 0.02)
    taken.put(OPUS, 2, 2 * 960, b"", 0.04)
    taken.put(OPUS, 3, 3 * 960, b"\x0b\x00broken", 0.06)
    taken.put(PCMU, 4, 77, plain[0], 0.08)
    taken.put(PCMU, 5, 77 + 160, bytes(1200), 0.10)
    taken.put(PCMU, 6, 77 + 160, plain[1][:80], 0.10)
    taken.put(OPUS, 7, 5 * 960, payloads[2], 0.12)
    taken.recorder.put(packet_of(111, 40_000, 5, 2, payloads[3]), OPUS, 1.14)
    taken.recorder.finish(2.0)
    assert len(taken.packets) == 6
    assert taken.packets[0].lost == taken.packets[1].lost == 0
    assert taken.packets[2].lost == pytest.approx(2 * 960, abs=2)
    assert [packet.lost for packet in taken.packets[3:]] == pytest.approx([0, 480, 48_000], abs=2)


def test_reports_fit_into_a_datagram():
    taken = Taken()
    loud = b"\xf8" + bytes(1200)
    for n in range(300):
        taken.put(OPUS, n, n * 960, loud)
    short = b"\xe0" + bytes(1200)
    for n in range(300, 600):
        taken.put(OPUS, n, n * 960, short)
    assert max(sum(len(packet.payload) for packet in report.packets) for report in taken.told) < 40_000


def test_who_says_nothing_is_reported_and_finished_all_the_same():
    taken = Taken()
    for tick in range(1, 21):
        taken.recorder.tick(tick / 10)
    assert [report.silent_ms for report in taken.told] == [800, 1600]
    taken.recorder.finish(2.5)
    assert taken.reports[-2:] == [Recorded("a", (), 0, 2500), RecordedAll("a")]
