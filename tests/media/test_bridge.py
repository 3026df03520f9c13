"""One direction of a bridge: what comes from one far end and what is made of it for the other."""

from __future__ import annotations

import struct
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legs import share_of, tone

from phone.media import plan
from phone.media.codecs import Codec
from phone.media.coders import make_codec
from phone.media.dtmf import parse_event
from phone.media.outgoing import Outgoing
from phone.media.outward import Outward
from phone.media.plan import LegPlan
from phone.media.playout import COMFORT_NOISE
from phone.media.rtp import RtpPacket, parse_rtp

OPUS, PCMU, PCMA = plan.Codec("opus", 96, 48_000, 2), plan.Codec("pcmu", 0, 8000), plan.Codec("pcma", 8, 8000)
EVENTS_48, EVENTS_8 = plan.Codec("telephone-event", 101, 48_000), plan.Codec("telephone-event", 126, 8000)


def coder(name: str) -> Codec | None:
    return make_codec(name, bitrate=48_000, complexity=1)


class Far:
    """The far end that listens: all that is sent to it."""

    def __init__(self, *codecs: plan.Codec, ptime: int = 20, bridged: bool = True) -> None:
        self.packets: list[RtpPacket] = []
        self.out = Outward("leg")
        self.out.agree(LegPlan("leg", controlling=True, codecs=codecs, ptime=ptime), coder)
        self.out.connect(self.take, None)
        if bridged:
            self.out.bridge(coder)

    def take(self, datagram: bytes) -> bool:
        self.packets.append(parse_rtp(datagram))
        return True

    def gets(self, packet: RtpPacket, form: plan.Codec | None, now: float = 0.0) -> None:
        self.out.relay(packet, form, now)

    def heard(self, name: str) -> array[int]:
        codec, out = coder(name), array("h")
        assert codec is not None
        for packet in self.packets:
            out.frombytes(codec.decode(packet.payload).cast("B"))
        return out


def rtp(sequence: int, payload: bytes = b"abc", **more: object) -> RtpPacket:
    fields = {"payload_type": 111, "marker": False, "timestamp": 960 * sequence, "ssrc": 5, **more}
    return RtpPacket(sequence=sequence % 65_536, payload=payload, **fields)  # type: ignore[arg-type]


def spoken(name: str, frames: int, begin: int = 0) -> list[RtpPacket]:
    codec = coder(name)
    assert codec is not None
    units = codec.clock_rate // 50
    return [
        rtp(begin + n, bytes(codec.encode(tone(1000, 960, 960 * n))), timestamp=units * (begin + n))
        for n in range(frames)
    ]


def event(duration: int, *, end: bool = False) -> bytes:
    return struct.pack(">BBH", 5, 0x8A if end else 0x0A, duration)


def test_the_same_codec_goes_through_untouched_under_our_own_numbers() -> None:
    far = Far(OPUS, EVENTS_48)
    for n, marker in ((65_534, True), (65_535, False), (65_537, False), (65_538, True)):
        far.gets(rtp(n, bytes([n % 256]) * 50, marker=marker), OPUS)
    first = far.packets[0]
    assert [p.payload for p in far.packets] == [bytes([n % 256]) * 50 for n in (65_534, 65_535, 65_537, 65_538)]
    assert [(p.sequence - first.sequence) % 65_536 for p in far.packets] == [0, 1, 3, 4]
    assert [(p.timestamp - first.timestamp) % 2**32 for p in far.packets] == [0, 960, 2880, 3840]
    assert [p.marker for p in far.packets] == [True, False, False, True]
    assert {(p.payload_type, p.ssrc) for p in far.packets} == {(96, far.out.sender.ssrc)}
    assert far.out.sender.packets == 4


def test_events_keep_their_time_and_take_the_other_payload_type_and_clock() -> None:
    far = Far(OPUS, EVENTS_8)
    far.gets(rtp(1), OPUS)
    for n in (2, 3, 4):
        far.gets(rtp(n, event(960 * (n - 1), end=n == 4), timestamp=1920, marker=n == 2), EVENTS_48)
    far.gets(rtp(5), OPUS)
    speech, *events, after = far.packets
    assert {p.payload_type for p in events} == {126}
    assert [parse_event(p.payload) for p in events] == [(5, False, 160), (5, False, 320), (5, True, 480)]
    assert {(p.timestamp - speech.timestamp) % 2**32 for p in events} == {960}
    assert [p.marker for p in events] == [True, False, False]
    assert (after.sequence - speech.sequence) % 65_536 == 4


def test_events_and_comfort_noise_that_the_other_takes_not_leave_a_gap() -> None:
    far = Far(OPUS)
    far.gets(rtp(1), OPUS)
    far.gets(rtp(2, event(960)), EVENTS_48)
    far.gets(rtp(3, b"\x40", payload_type=COMFORT_NOISE), None)
    far.gets(rtp(4), OPUS)
    assert [(p.sequence - far.packets[0].sequence) % 65_536 for p in far.packets] == [0, 3]


def test_comfort_noise_goes_on_to_narrow_band() -> None:
    far = Far(PCMU)
    far.gets(rtp(0, b"\x40", payload_type=COMFORT_NOISE), None)
    assert far.packets == []
    far.gets(rtp(1, b"\xff" * 160), PCMU)
    far.gets(rtp(2, b"\x40", payload_type=COMFORT_NOISE), None)
    assert [p.payload_type for p in far.packets] == [0, 13]


@pytest.mark.parametrize(("theirs", "ours"), [(PCMU, OPUS), (OPUS, PCMA), (PCMA, PCMU)], ids=lambda c: c.name)
def test_another_codec_is_transcoded(theirs: plan.Codec, ours: plan.Codec) -> None:
    far = Far(ours)
    for packet in spoken(theirs.name, 30, 65_520):
        far.gets(packet, theirs)
    assert len(far.packets) == 30
    assert {p.payload_type for p in far.packets} == {ours.payload_type}
    units, first = ours.clock_rate // 50, far.packets[0]
    assert [(p.sequence - first.sequence) % 65_536 for p in far.packets] == list(range(30))
    assert [(p.timestamp - first.timestamp) % 2**32 for p in far.packets] == [units * n for n in range(30)]
    assert share_of(far.heard(ours.name)[9600:], 1000) > 0.9


def test_events_between_transcoded_frames() -> None:
    far = Far(OPUS, EVENTS_48)
    packets = spoken("pcmu", 12)
    for packet in packets[:4]:
        far.gets(packet, PCMU)
    for n in (4, 5, 6):
        far.gets(rtp(n, event(160 * (n - 3), end=n == 6), timestamp=640, marker=n == 4), EVENTS_8)
    far.gets(rtp(6, event(480, end=True), timestamp=640), EVENTS_8)
    for packet in packets[7:]:
        far.gets(packet, PCMU)
    events = [p for p in far.packets if p.payload_type == 101]
    speech = [p for p in far.packets if p.payload_type == 96]
    assert [parse_event(p.payload) for p in events] == [(5, False, 960), (5, False, 1920), (5, True, 2880)]
    assert {p.timestamp for p in events} == {(speech[3].timestamp + 960) % 2**32}
    numbers = [(p.sequence - far.packets[0].sequence) % 65_536 for p in far.packets]
    assert numbers == list(range(12))
    assert (speech[4].timestamp - speech[3].timestamp) % 2**32 == 4 * 960
    assert speech[4].marker


def test_what_a_transcoded_far_end_takes_not_is_left_out() -> None:
    far = Far(OPUS)
    packets = spoken("pcmu", 6)
    far.gets(packets[0], PCMU)
    far.gets(rtp(1, event(160), timestamp=160), EVENTS_8)
    far.gets(rtp(2, b"\x40", payload_type=COMFORT_NOISE, timestamp=320), None)
    far.gets(packets[3], PCMU)
    assert [p.payload_type for p in far.packets] == [96, 96]


def test_the_speaker_may_change_its_codec_in_the_middle() -> None:
    far = Far(PCMU)
    forms = {"pcmu": PCMU, "pcma": PCMA, "opus": OPUS}
    for n, name in enumerate(("pcmu", "opus", "pcma", "pcmu")):
        for packet in spoken(name, 20, 20 * n):
            far.gets(packet, forms[name])
    numbers = [(p.sequence - far.packets[0].sequence) % 65_536 for p in far.packets]
    assert numbers == list(range(80))
    assert {p.payload_type for p in far.packets} == {0}
    assert far.packets[0].marker
    assert share_of(far.heard("pcmu")[9600:], 1000) > 0.8


def test_a_codec_that_is_not_ours_is_dropped() -> None:
    far = Far(OPUS)
    far.gets(rtp(1), plan.Codec("speex", 97, 8000))
    far.gets(rtp(2, bytes(1489)), OPUS)
    assert far.packets == []


def test_before_the_bridge_and_after_it_the_stream_is_one() -> None:
    far = Far(OPUS, bridged=False)
    far.gets(rtp(1), OPUS)
    assert far.packets == []
    far.out.speak(tone(500, 960), 960)
    far.out.bridge(coder)
    far.out.bridge(coder)
    far.out.speak(tone(500, 960), 960)
    far.gets(rtp(4000), OPUS)
    far.gets(rtp(4001), OPUS)
    far.out.bridge(None)
    far.out.bridge(None)
    far.out.speak(tone(500, 960), 960)
    numbers = [(p.sequence - far.packets[0].sequence) % 65_536 for p in far.packets]
    assert numbers == [0, 1, 2, 3]
    stamps = [(p.timestamp - far.packets[0].timestamp) % 2**32 for p in far.packets]
    assert stamps == sorted(stamps)
    assert [p.marker for p in far.packets] == [True, True, False, True]


def test_time_goes_on_while_nothing_is_sent() -> None:
    far = Far(PCMU)
    due = far.out._due
    before = far.out.sender.timestamp
    far.out.catch_up(due + 2.0)
    far.out.catch_up(due + 1.0)
    assert (far.out.sender.timestamp - before) % 2**32 == 16_000
    silent = Far()
    silent.out.catch_up(due + 2.0)
    silent.out.pause(960)
    assert silent.packets == []
    assert silent.out.agreed is None


def test_nothing_is_sent_before_the_leg_is_up() -> None:
    far = Far(OPUS)
    far.out.disconnect()
    far.gets(rtp(1), OPUS)
    assert far.packets == []


@given(
    st.lists(
        st.tuples(
            st.integers(0, 65_535),
            st.integers(0, 2**32 - 1),
            st.integers(1, 2),
            st.binary(max_size=60),
            st.sampled_from([OPUS, PCMU, PCMA, EVENTS_8, EVENTS_48, None]),
        ),
        max_size=30,
    ),
    st.sampled_from([OPUS, PCMU, PCMA]),
    st.sampled_from([10, 20, 60]),
)
def test_no_nonsense_raises_and_no_number_is_sent_twice(
    packets: list[tuple[int, int, int, bytes, plan.Codec | None]], ours: plan.Codec, ptime: int
) -> None:
    far = Far(ours, EVENTS_48, ptime=ptime)
    for sequence, timestamp, ssrc, payload, form in packets:
        far.gets(rtp(sequence, payload, timestamp=timestamp, ssrc=ssrc), form)
    numbers = [p.sequence for p in far.packets]
    assert len(set(numbers)) == len(numbers)


def test_what_is_sent_is_an_agreement() -> None:
    agreed = Far(plan.Codec("telephone-event", 100, 16_000), PCMU).out.agreed
    assert isinstance(agreed, Outgoing)
    assert (agreed.payload_type, agreed.event_type, agreed.event_rate, agreed.samples, agreed.units) == (
        (0, 100, 16_000, 960, 160)
    )
    assert Far(plan.Codec("speex", 97, 8000)).out.agreed is None
