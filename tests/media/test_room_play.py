"""Files at the ear and the microphone recorded, on virtual cards, as the plan says."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from house import House
from legs import share_of, tone
from rig import spoken
from soundroom import Bench, sounding

from phone.media.codecs.opus import OpusCodec
from phone.media.plan import Device, Setup
from phone.media.planrecordings import Play, PlayAt, PlayDone, Recorded, RecordedAll, SkipPlay

RATE = 48_000


@pytest.fixture
async def house(bench: Bench) -> AsyncIterator[House]:
    setup = Setup(Device("handset", "handset"), Device(), addresses=("127.0.0.1",), opus_complexity=1)
    async with House(setup) as made:
        yield made


@pytest.fixture
def message(tmp_path: Path) -> str:
    (tmp_path / "message").write_bytes(spoken.opus_file(spoken.tone(3.0, 1000)))
    return str(tmp_path / "message")


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not fact():
            await asyncio.sleep(0.01)


async def test_a_message_is_heard_to_its_end_with_a_tone_over_it(house: House, bench: Bench, message: str) -> None:
    house.hear(handset=True, play=Play(1, (message,)))
    await until(lambda: house.told(PlayDone) != [])
    assert house.told(PlayDone) == [PlayDone(1)]
    heard = sounding(bench.heard())
    assert share_of(heard[4800 : 2 * RATE], 1000) > 0.95
    places = [each.ms for each in house.told(PlayAt)]
    assert len(places) >= 4
    assert places == sorted(places)
    assert {each.token for each in house.told(PlayAt)} == {1}
    house.hear(play=Play(2, (message,)), tone="dial")
    await until(lambda: any(each.token == 2 and each.ms > 800 for each in house.told(PlayAt)))
    both = bench.heard()[-RATE // 2 :]
    assert share_of(both, 1000) > 0.3
    assert share_of(both, 425) > 0.1
    house.hear(play=None, tone=None)
    count = len(house.told(PlayAt))
    await asyncio.sleep(0.6)
    assert len(house.told(PlayAt)) == count
    assert len(house.told(PlayDone)) == 1


async def test_skip_pause_and_speed_are_followed(house: House, message: str) -> None:
    house.hear(handset=True, play=Play(3, (message,), start_ms=500))
    await until(lambda: any(each.ms > 500 for each in house.told(PlayAt)))
    house.hear(play=Play(3, (message,), start_ms=500, paused=True))
    await asyncio.sleep(0.3)
    count = len(house.told(PlayAt))
    await asyncio.sleep(0.6)
    assert len(house.told(PlayAt)) == count
    house.room.skip(SkipPlay(9, 99_999))  # of another one
    house.room.skip(SkipPlay(3, -60_000))
    house.hear(play=Play(3, (message,), start_ms=500, speed=50))
    begin = time.monotonic()
    await until(lambda: len(house.told(PlayAt)) > count)
    assert house.told(PlayAt)[count].ms < 500
    await until(lambda: house.told(PlayAt)[-1].ms > 800)
    assert time.monotonic() - begin > 1.2, "half as fast"
    house.room.skip(SkipPlay(3, 60_000))
    await until(lambda: house.told(PlayDone) == [PlayDone(3)])


async def test_what_cannot_be_played_is_told(house: House, message: str) -> None:
    house.room.skip(SkipPlay(1, 5))
    house.hear(handset=True, play=Play(4, ("/nowhere/prompt.opus", message), start_ms=2800))
    await until(lambda: house.told(PlayDone) != [])
    (done,) = house.told(PlayDone)
    assert "/nowhere/prompt.opus" in done.trouble


async def test_the_microphone_is_recorded_while_the_plan_names_it(house: House, bench: Bench) -> None:
    bench.cards["handset"].say(tone(600, 15 * RATE).tobytes(), 0)
    house.hear(record="note")
    await asyncio.sleep(0.3)
    assert [packet for each in house.told(Recorded) for packet in each.packets] == [], "no card runs"
    house.hear(handset=True)
    await until(lambda: sum(len(each.packets) for each in house.told(Recorded)) >= 60)
    house.hear(record="other")
    assert house.told(RecordedAll) == [RecordedAll("note")]
    await until(lambda: house.told(Recorded)[-1].source == "other")
    house.hear(record="")
    assert house.reports[-1] == RecordedAll("other")
    codec, heard = OpusCodec(), array("h")
    for each in house.told(Recorded):
        if each.source == "note":
            for packet in each.packets:
                heard.extend(codec.decode(packet.payload))
    assert share_of(heard[9600:52_800], 600) > 0.95
    spoken_ms = [each.speech_ms for each in house.told(Recorded) if each.source == "note"]
    assert spoken_ms[-1] > 1000
    assert house.told(Recorded)[-1].silent_ms < 500
