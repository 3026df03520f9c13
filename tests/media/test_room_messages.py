"""Recording, saying and listening when the plan says so; far ends over real sockets."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest
from house import House
from legs import FRAME, share_of
from rig import spoken

from phone.media import outward as outward_module
from phone.media.codecs.opus import OpusCodec
from phone.media.plan import AudioTrouble, Device, LegFailed, LegSaid, LegUp, Setup
from phone.media.planrecordings import Recorded, RecordedAll, Sound


def recorded(house: House, source: str = "a") -> list[Sound]:
    return [packet for report in house.told(Recorded) if report.source == source for packet in report.packets]


def heard(packets: list[Sound]) -> array[int]:
    codec, samples = OpusCodec(), array("h")
    for packet in packets:
        samples.extend(codec.decode(packet.payload))
    return samples


def loud(samples: array[int]) -> int:
    return max(map(abs, samples), default=0)


def frames_of(samples: array[int], hertz: int) -> list[int]:
    """The 20 ms in which there is this tone and hardly anything else."""
    blocks = range(0, len(samples) - FRAME + 1, FRAME)
    return [
        at // FRAME
        for at in blocks
        if loud(samples[at : at + FRAME]) > 1000 and share_of(samples[at : at + FRAME], hertz) > 0.9
    ]


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not fact():
            await asyncio.sleep(0.01)


@pytest.fixture
def greeting(tmp_path: Path) -> tuple[str, ...]:
    for name, hertz, seconds in (("greeting", 440, 0.6), ("beep", 1000, 0.4)):
        (tmp_path / name).write_bytes(spoken.opus_file(spoken.tone(seconds, hertz)))
    return str(tmp_path / "greeting"), str(tmp_path / "beep")


@pytest.mark.parametrize("codec", ["opus", "pcmu"])
async def test_what_the_far_end_says_is_recorded_until_the_plan_says_no_more(codec: str) -> None:
    async with House(a=codec, b="opus") as house:
        house.change("a", feed="silence", record=True)
        told = await house.say(frames=60, a=1000, b=600)
        house.change("a", record=False)
        assert house.told(RecordedAll) == [RecordedAll("a")]
        await house.say(frames=10, a=1000)
        packets = recorded(house)
        assert house.reports.index(RecordedAll("a")) > max(map(house.reports.index, house.told(Recorded)))
        assert 50 <= len(packets) <= 62
        assert share_of(heard(packets)[9600:], 1000) > 0.95
        assert house.told(Recorded)[-1].speech_ms > 700
        assert loud(told["a"]) < 20
        assert recorded(house, "b") == []
        house.change("a", record=True)
        await house.say(frames=20, a=1000)
        assert len(recorded(house)) > len(packets) + 5
        assert house.failures() == []


async def test_opus_is_not_encoded_again() -> None:
    sent: list[bytes] = []
    async with House(a="opus") as house:
        house.change("a", record=True, feed="silence")
        codec = house.far["a"].the_leg.speech.out.agreed.codec  # type: ignore[union-attr]
        encode = codec.encode
        codec.encode = lambda frame: (sent.append(bytes(encode(frame))), memoryview(sent[-1]))[1]  # type: ignore[method-assign]
        await house.say(frames=30, a=1000)
        del house.plans["a"]
        house.plan()
        payloads = [packet.payload for packet in recorded(house)]
        assert payloads == sent[: len(payloads)]
        assert len(payloads) > 20


async def test_a_far_end_that_hangs_up_is_recorded_to_its_last_packet() -> None:
    async with House(a="opus") as house:
        house.change("a", record=True, feed="silence")
        await until(lambda: house.stats("a").sent > 0)
        speech = house.room._legs["a"].speech
        receive, number = speech.receive, [0]

        def lossy(data: bytes, arrival: float) -> None:
            number[0] += 1
            if number[0] != 20:
                receive(data, arrival)

        speech.receive = lossy  # type: ignore[method-assign]
        for _ in range(25):
            house.far["a"].the_leg.speech.speak(spoken_tone(), FRAME)
        await until(lambda: number[0] >= 25)
        before = len(recorded(house))
        del house.plans["a"]
        house.plan()
        packets = recorded(house)
        assert before < len(packets) == 24
        assert [packet.lost for packet in packets] == [0] * 19 + [960] + [0] * 4
        assert house.reports[-1] == RecordedAll("a")


def spoken_tone() -> array[int]:
    return array("h", [5000, -5000] * (FRAME // 2))


async def test_packets_in_any_order_and_twice_are_recorded_in_order() -> None:
    async with House(a="opus") as house:
        house.change("a", record=True, feed="silence")
        speech = house.room._legs["a"].speech
        receive, waiting = speech.receive, list[tuple[bytes, float]]()

        def shuffled(data: bytes, arrival: float) -> None:
            waiting.append((data, arrival))
            if len(waiting) == 4:
                for n in (0, 2, 1, 2, 3, 0):
                    receive(*waiting[n])
                waiting.clear()

        speech.receive = shuffled  # type: ignore[method-assign]
        await house.say(frames=60, a=1000)
        house.change("a", record=False)
        packets = recorded(house)
        assert len(packets) > 40
        assert sum(packet.lost for packet in packets) <= 3 * 960
        assert share_of(heard(packets)[9600:], 1000) > 0.95


async def test_who_is_silent_is_reported_though_no_packet_comes() -> None:
    async with House(a="opus") as house:
        await house.say(frames=10, a=1000)
        house.change("a", record=True, feed="silence")
        await house.say(frames=20, a=1000)
        await asyncio.sleep(2.2)
        told = house.told(Recorded)
        assert told[-1].silent_ms > 1200
        assert len([each for each in told if not each.packets]) >= 2
        house.far["a"].the_leg.speech.out.catch_up(asyncio.get_running_loop().time())
        await house.say(frames=10, a=1000)
        house.change("a", record=False)
        gaps = [packet.lost for packet in recorded(house) if packet.lost > 960]
        assert len(gaps) == 1
        assert 1.8 * 48_000 < gaps[0] < 10 * 48_000
        assert house.told(Recorded)[-1].silent_ms < 500


async def test_a_leg_that_fails_ends_its_recording_first() -> None:
    async with House(a="opus") as house:
        house.change("a", record=True, feed="silence")
        await house.say(frames=15, a=1000)
        house.room._legs["a"]._fail("no-rtp", "nothing came")
        kinds = [type(report) for report in house.reports if isinstance(report, Recorded | RecordedAll | LegFailed)]
        assert kinds[-3:] == [Recorded, RecordedAll, LegFailed]
        house.plan()
        house.change("a", record=False)
        assert len(house.told(RecordedAll)) == 1
        house.change("a", record=True)
        house.plan()
        assert len(house.told(RecordedAll)) == 2, "who waits for it is told, though nothing was recorded"


@pytest.mark.parametrize("codec", ["opus", "pcmu"])
async def test_files_are_said_once_and_silence_follows(
    codec: str, greeting: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[str] = []
    say = outward_module.Outward.say
    monkeypatch.setattr(
        outward_module.Outward, "say", lambda out, *args: (encoded.append(out._leg), say(out, *args))[1]
    )
    async with House(a=codec) as house:
        house.change("a", feed="say", say=greeting)
        told = (await house.say(frames=30))["a"] + (await house.say(frames=45))["a"]
        assert house.told(LegSaid) == [LegSaid("a")]
        first, second = frames_of(told, 440), frames_of(told, 1000)
        assert len(first) >= 20
        assert len(second) >= 12
        assert first[-1] < second[0]
        assert loud(told[(second[-1] + 5) * FRAME :]) < 20
        assert len([n for n in encoded if n == "a"]) <= 12, "only what was said before the plan came"
        sent = house.stats("a").sent
        await house.say(frames=25)
        assert house.stats("a").sent >= sent + 15, "it is not left without a packet"
        assert house.failures() == []
        assert house.far["a"].the_leg.speech.stats().rejected == 0


async def test_other_files_begin_and_a_leg_that_is_taken_over_stops(greeting: tuple[str, ...]) -> None:
    async with House(a="opus") as house:
        house.change("a", feed="say", say=greeting)
        await house.say(frames=10)
        house.change("a", say=greeting[1:])
        told = (await house.say(frames=40))["a"]
        assert house.told(LegSaid) == [LegSaid("a")]
        assert len(frames_of(told, 1000)) >= 12
        house.plan()
        house.change("a", say=greeting)
        await house.say(frames=5)
        house.hear(talk=("a",), send=True)
        told = (await house.say(frames=60))["a"]
        assert loud(told[20 * FRAME :]) < 20
        assert house.told(LegSaid) == [LegSaid("a")]
        house.hear(talk=())
        await until(lambda: len(house.told(LegSaid)) == 2)
        house.change("a", feed="silence", say=())
        await house.say(frames=10)


@pytest.mark.parametrize("files", [("/nowhere/greeting.opus",), ()], ids=["missing", "none"])
async def test_what_cannot_be_said_is_over_all_the_same(files: tuple[str, ...]) -> None:
    async with House(a="opus") as house:
        house.change("a", feed="say", say=files)
        await until(lambda: house.told(LegSaid) == [LegSaid("a")])


async def test_nothing_is_said_before_the_answer(greeting: tuple[str, ...]) -> None:
    async with House(a="opus") as house:
        codecs = house.plans["a"].codecs
        house.room._legs["a"].speech.out._agreed = house.room._legs["a"].speech.out._outgoing = None
        house.change("a", feed="say", say=greeting, codecs=())
        await house.say(frames=20)
        assert house.told(LegSaid) == []
        house.change("a", codecs=codecs)
        told = (await house.say(frames=70))["a"]
        assert len(frames_of(told, 440)) >= 20
        assert house.told(LegSaid) == [LegSaid("a")]


async def test_who_leaves_a_message_is_heard_hears_the_greeting_and_is_taken_over(greeting: tuple[str, ...]) -> None:
    async with House(a="opus", b="opus") as house:
        house.change("a", feed="say", say=greeting, record=True)
        house.hear(listen=("a", "nobody"))
        told = (await house.say(frames=40, a=1500, b=600))["a"]
        assert len(frames_of(told, 440)) >= 20
        assert share_of(heard(recorded(house))[9600:], 1500) > 0.95
        house.change("a", feed="microphone", record=False, say=())
        house.hear(listen=(), talk=("a", "b"))
        told = await house.say(frames=75, a=1500, b=600)
        assert share_of(told["a"][40 * FRAME :], 600) > 0.9
        assert share_of(told["b"][40 * FRAME :], 1500) > 0.9
        assert house.told(RecordedAll) == [RecordedAll("a")]
        assert house.failures() == []


async def test_without_any_device_nothing_is_complained_of() -> None:
    setup = Setup(Device(), Device(), addresses=("127.0.0.1",))
    async with House(setup, a="opus") as house:
        assert house.room._audio.stuck_for(0.0) == 0.0
        house.change("a", feed="silence", record=True)
        await house.say(frames=30, a=1000)
        assert house.told(AudioTrouble) == []
        assert len(house.told(LegUp)) == 1
        assert len(recorded(house)) > 20


async def test_digits_of_a_leg_that_is_listened_to_sound() -> None:
    async with House(a="opus") as house:
        house.change("a", feed="silence")
        house.hear(listen=("a",))
        ear = house.room._audio.ear.received
        house.far["a"].the_leg.speech.digit("7", 100)
        house.digit("a", "4")
        await house.say(frames=20)
        assert list(ear) == ["7"]
        assert house.far["a"].digits == ["4"], "digits go out in the place of silence, too"
