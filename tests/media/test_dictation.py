"""The microphone's recording: all that it heard, as Opus, with speech told from silence."""

from __future__ import annotations

from array import array

from legs import share_of, tone

from phone.media.codecs.opus import OpusCodec
from phone.media.dictation import Dictation
from phone.media.plan import Report
from phone.media.planrecordings import Recorded, RecordedAll


def test_speech_then_silence() -> None:
    reports: list[Report] = []
    dictation = Dictation("mine", reports.append, OpusCodec(complexity=1), 0.0)
    for n in range(410):
        dictation.put(tone(440, 240, n * 240) if n < 200 else array("h", bytes(480)))
        if n % 20 == 19:
            dictation.tick((n + 1) / 200)
    dictation.put(array("h", bytes(100)))
    dictation.finish(2.06)
    assert reports[-1] == RecordedAll("mine")
    told = [each for each in reports if isinstance(each, Recorded)]
    codec, heard = OpusCodec(), array("h")
    for report in told:
        assert report.source == "mine"
        for packet in report.packets:
            assert packet.lost == 0
            heard.extend(codec.decode(packet.payload))
    assert len(heard) == 103 * 960
    assert share_of(heard[4800:43_200], 440) > 0.99
    assert max(map(abs, heard[52_800:])) < 20
    assert told[-1].speech_ms == 1000
    assert 950 < told[-1].silent_ms < 1100
    assert len(told) == 11


def test_a_loop_that_is_held_up_loses_the_oldest() -> None:
    reports: list[Report] = []
    dictation = Dictation("mine", reports.append, OpusCodec(complexity=0), 0.0)
    for _ in range(1000):
        dictation.put(array("h", bytes(480)))
    dictation.finish(5.0)
    assert sum(len(each.packets) for each in reports if isinstance(each, Recorded)) == 100


def test_nothing_heard_is_nothing_recorded() -> None:
    reports: list[Report] = []
    dictation = Dictation("mine", reports.append, OpusCodec(complexity=0), 0.0)
    dictation.tick(1.0)
    dictation.finish(1.5)
    assert reports == [Recorded("mine", (), 0, 1000), Recorded("mine", (), 0, 1500), RecordedAll("mine")]
