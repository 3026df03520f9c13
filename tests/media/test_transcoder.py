"""Frames for another codec, packet by packet: what is said stays in its place in time."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st
from legs import share_of, tone

from phone.media.codecs import Codec
from phone.media.coders import make_codec
from phone.media.rtp import RtpPacket
from phone.media.transcoder import Pause, Transcoder

FRAME = 960


def codec(name: str) -> Codec:
    made = make_codec(name, bitrate=48_000, complexity=1)
    assert made is not None
    return made


def rtp(sequence: int, timestamp: int, ssrc: int, payload: bytes) -> RtpPacket:
    return RtpPacket(0, marker=False, sequence=sequence, timestamp=timestamp, ssrc=ssrc, payload=payload)


def speech(name: str = "pcmu", frames: int = 20, size: int = FRAME, hertz: int = 1000) -> list[RtpPacket]:
    """A tone as packets, numbered across both wraps."""
    coder = codec(name)
    units = size * coder.clock_rate // 48_000
    return [
        RtpPacket(
            0,
            n == 0,
            (65_530 + n) % 65_536,
            (2**32 - 500 + n * units) % 2**32,
            5,
            bytes(coder.encode(tone(hertz, size, n * size))),
        )
        for n in range(frames)
    ]


def put(transcoder: Transcoder, packets: list[RtpPacket], size: int = FRAME) -> list[array[int] | Pause]:
    return [part for packet in packets for part in transcoder.put(packet, size)]


def samples(parts: list[array[int] | Pause]) -> array[int]:
    out = array("h")
    for part in parts:
        out += array("h", bytes(2 * part.samples)) if isinstance(part, Pause) else part
    return out


def test_a_packet_becomes_a_frame_at_once():
    transcoder = Transcoder(codec("pcmu"))
    for packet in speech():
        (frame,) = transcoder.put(packet, FRAME)
        assert len(frame) == FRAME
    assert share_of(frame, 1000) > 0.9


def test_other_packet_times_are_regrouped():
    for theirs, ours in ((480, 960), (2880, 960), (960, 2880)):
        parts = put(Transcoder(codec("opus")), speech("opus", 12, theirs), ours)
        assert [len(part) for part in parts] == [ours] * (12 * theirs // ours)
        assert share_of(samples(parts)[4800:], 1000) > 0.9


def test_a_short_loss_is_concealed():
    packets = speech(frames=30)
    del packets[14:16]
    parts = put(Transcoder(codec("pcmu")), packets)
    assert [len(part) for part in parts] == [FRAME] * 30
    assert share_of(samples(parts)[12 * FRAME : 18 * FRAME], 1000) > 0.7


def test_a_pause_stays_one():
    packets = speech(frames=20)
    silent = [
        RtpPacket(p.payload_type, p.marker, p.sequence, (p.timestamp + 1600) % 2**32, p.ssrc, p.payload)
        for p in packets[10:]
    ]
    parts = put(Transcoder(codec("pcmu")), packets[:10] + silent)
    assert parts[10] == Pause(9600)
    assert len(parts) == 21


def test_a_pause_in_the_middle_of_a_frame_fills_it():
    packets = speech(frames=3, size=480)
    late = packets[1]
    packets[1] = rtp(late.sequence, (late.timestamp + 800) % 2**32, 5, late.payload)
    parts = put(Transcoder(codec("pcmu")), packets[:2] + packets[1:2])
    assert len(parts[0]) == FRAME
    assert not any(parts[0][500:])
    assert parts[1] == Pause(4800 - 480)
    brief = rtp(late.sequence, (late.timestamp + 40) % 2**32, 5, late.payload)
    assert [len(p) for p in put(Transcoder(codec("pcmu")), [packets[0], brief])] == [FRAME]


def test_a_long_loss_is_a_pause_and_a_jump_of_minutes_is_nothing():
    packets = speech(frames=20)
    parts = put(Transcoder(codec("pcmu")), packets[:5] + packets[15:])
    assert parts[5] == Pause(10 * FRAME)
    moved = rtp(packets[5].sequence, 10**9, 5, packets[5].payload)
    assert len(put(Transcoder(codec("pcmu")), [*packets[:5], moved])) == 6


def test_late_ones_and_copies_are_left_out_and_a_new_stream_is_taken():
    packets = speech(frames=6)
    late, copy = packets[1], packets[5]
    new = rtp(77, 4, 6, packets[2].payload)
    far = rtp(30_000, 4, 6, packets[2].payload)
    transcoder = Transcoder(codec("pcmu"))
    assert len(put(transcoder, [packets[0], *packets[2:], late, copy])) == 6  # one of them concealed
    assert len(put(transcoder, [new, far])) == 2


def test_packets_that_are_no_speech_are_no_loss():
    packets = speech(frames=6)
    transcoder = Transcoder(codec("pcmu"))
    put(transcoder, packets[:2])
    assert transcoder.skip(packets[2])
    assert not transcoder.skip(packets[2])
    assert not transcoder.skip(rtp(3, 0, 99, b""))
    assert put(transcoder, packets[3:4])[0] == Pause(FRAME)


@given(
    st.sampled_from(["opus", "pcmu", "pcma"]),
    st.lists(
        st.tuples(st.integers(0, 65_535), st.integers(0, 2**32 - 1), st.integers(1, 2), st.binary(max_size=50)),
        max_size=20,
    ),
    st.sampled_from([480, 960, 1920, 2880]),
)
def test_nonsense_never_raises_and_frames_are_whole(name, packets, size):
    transcoder = Transcoder(codec(name))
    for sequence, timestamp, ssrc, payload in packets:
        for part in transcoder.put(rtp(sequence, timestamp, ssrc, payload), size):
            assert part.samples > 0 if isinstance(part, Pause) else len(part) == size
