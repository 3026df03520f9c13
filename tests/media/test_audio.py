"""The audio thread on a virtual sound card: what the ear hears, what a party hears, and cards that fail."""

from __future__ import annotations

import asyncio
import os
import statistics
import threading
import time
from array import array

import pytest
from legs import share_of, tone
from soundroom import Bench, Echo, Exclusive, Silent, rested, sounding, steepest, until

from phone.drivers.vcard import RATE, Card
from phone.media import card as card_module
from phone.media import room as room_module
from phone.media.mixer import Route
from phone.media.plan import AudioPlan, AudioTrouble, Device, Plan, Setup
from phone.media.room import Room


def test_dial_tone_sounds_while_lifted_and_the_card_rests_before_and_after(bench: Bench) -> None:
    audio = bench.start()
    until(lambda: bench.cards["handset"].stats(capture=True).opens == 1)
    assert bench.cards["handset"].stats(capture=False).starts == 0
    audio.route(Route(handset=True, tone="dial"))
    until(lambda: audio.ticks > 100)
    audio.route(Route())
    until(lambda: rested(bench.cards["handset"]))
    ticks = audio.ticks
    time.sleep(0.1)
    assert audio.ticks == ticks
    assert share_of(sounding(bench.heard())[: RATE // 4], 425) > 0.9
    assert bench.troubles == []


def test_the_first_dial_tone_is_in_what_is_queued_before_the_card_starts(bench: Bench) -> None:
    audio = bench.start()
    audio.route(Route(handset=True, tone="dial"))
    until(lambda: audio.ticks > 5)
    heard = bench.heard()
    stats = bench.cards["handset"].stats(capture=False)
    started = bench.cards["handset"].sample_at(stats.start_ns / 1e9)
    assert next(i for i, x in enumerate(heard) if x) - started < RATE // 500


def test_speech_goes_both_ways_and_the_microphone_only_where_it_may(bench: Bench) -> None:
    card, audio = bench.cards["handset"], bench.start()
    card.say(tone(1000, 10 * RATE).tobytes(), 0)
    talk, held = Echo(600), Echo()
    audio.route(Route(handset=True, talk=(talk,), send=True, parties=(talk, held), volume=100))
    until(lambda: len(talk.told) > RATE // 2)
    assert share_of(talk.told, 1000) > 0.9
    assert share_of(sounding(bench.heard())[:9600], 600) > 0.9
    assert not any(held.told)
    audio.route(Route(handset=True, talk=(talk,), send=False, parties=(talk, held), volume=100))
    time.sleep(0.05)
    mark = len(talk.told)
    until(lambda: len(talk.told) > mark + 9600)
    assert not any(talk.told[mark:])
    assert held.silences == len(held.told)


def test_changing_over_to_another_call_and_to_none_is_no_click(bench: Bench) -> None:
    audio, one, other = bench.start(), Echo(310), Echo(470)
    smooth = steepest(tone(470, RATE)) + steepest(tone(310, RATE)) + 2 * 10_000 // 240
    for talk in ((one,), (other,), (one,), (one, other), (other,), (), (one,), ()):
        audio.route(Route(handset=True, talk=talk))
        ticks = audio.ticks
        until(lambda ticks=ticks: audio.ticks > ticks + 15)
    heard = bench.heard()
    assert share_of(sounding(heard)[: RATE // 20], 310) > 0.5
    assert bench.cards["handset"].stats(capture=False).xruns == 0
    assert steepest(heard) <= smooth


def test_the_microphone_opens_and_closes_without_a_click(bench: Bench) -> None:
    bench.cards["handset"].say(tone(310, 10 * RATE).tobytes(), 0)
    audio, talk, held = bench.start(), Echo(), Echo()
    for send in (True, False, True, False):
        audio.route(Route(handset=True, talk=(talk,), send=send, parties=(talk, held)))
        ticks = audio.ticks
        until(lambda ticks=ticks: audio.ticks > ticks + 15)
    assert share_of(sounding(talk.told)[: RATE // 20], 310) > 0.9
    assert steepest(talk.told) <= steepest(tone(310, RATE)) + 10_000 // 240
    assert not any(talk.told[-960:])
    assert not any(held.told)


def test_a_held_call_gets_silence_in_real_time_without_a_card(bench: Bench) -> None:
    audio, held = bench.start(), Echo()
    audio.route(Route(parties=(held,)))
    begin = time.monotonic()
    until(lambda: held.silences >= RATE // 2)
    assert time.monotonic() - begin > 0.4
    assert bench.cards["handset"].stats(capture=False).starts == 0


@pytest.mark.parametrize("handset", [True, False])
def test_what_the_soft_clock_missed_while_it_was_not_wanted_is_not_made_up_for(bench: Bench, handset: bool) -> None:
    audio, held = bench.start(), Echo()
    audio.route(Route(parties=(held,)))
    until(lambda: held.silences >= RATE // 10)
    audio.route(Route(handset=handset, parties=(held,) if handset else ()))
    until(lambda: audio.ticks > 100) if handset else time.sleep(0.5)
    before, begin = held.silences, time.monotonic()
    audio.route(Route(parties=(held,)))
    until(lambda: held.silences > before + RATE // 20)
    assert held.silences - before < (time.monotonic() - begin + 0.3) * RATE


def test_a_stereo_card_is_mixed_up_and_down(bench: Bench) -> None:
    card, audio, talk = bench.cards["stereo"], bench.start("stereo"), Echo(600)
    card.say(tone(1000, 5 * RATE).tobytes(), 0)
    audio.route(Route(handset=True, talk=(talk,), send=True, parties=(talk,), volume=100))
    until(lambda: len(talk.told) > RATE // 4)
    assert share_of(talk.told, 1000) > 0.9
    assert share_of(sounding(bench.heard("stereo"))[:9600], 600) > 0.9


@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere", "'nowhere' is not there"), ("sixteen", "'sixteen' gives 16000 Hz"), ("", "no sound card")],
)
def test_a_card_that_cannot_be_used_is_named_at_once_and_calls_go_on(bench: Bench, name: str, words: str) -> None:
    audio, talk = bench.start(name), Echo()
    bench.until_told(1)
    assert words in bench.troubles[0]
    audio.route(Route(handset=True, talk=(talk,), send=True, parties=(talk,)))
    until(lambda: talk.silences > RATE // 5)
    assert len(bench.troubles) == 1


def test_a_card_pulled_out_and_put_back_in_the_same_call(bench: Bench) -> None:
    card, audio, talk = bench.cards["handset"], bench.start(), Echo(600)
    route = Route(handset=True, talk=(talk,), send=True, parties=(talk,))
    audio.route(route)
    until(lambda: audio.ticks > 20)
    card.unplug()
    bench.until_told(1)
    assert "'handset'" in bench.troubles[0]
    silences = talk.silences
    until(lambda: talk.silences > silences + RATE // 5)
    card.plug()
    bench.until_told(2)
    assert bench.troubles[1] == ""
    ticks = audio.ticks
    until(lambda: audio.ticks > ticks + 20)


def test_a_card_put_in_while_nobody_speaks_is_noticed(bench: Bench) -> None:
    card = bench.cards["handset"]
    card.unplug()
    bench.start()
    bench.until_told(1)
    card.plug()
    bench.until_told(2)
    assert bench.troubles[1] == ""


def queued(card: Card) -> float:
    """Samples written and not heard yet, as a rule."""
    depths = []
    for _ in range(50):
        depths.append(card.stats(capture=False).end - card.now())
        time.sleep(0.003)
    return statistics.median(depths)


def test_an_xrun_is_counted_and_survived_and_leaves_no_delay_behind(bench: Bench) -> None:
    class Slow(Echo):
        def hear(self, samples: int) -> array[int]:
            if self.asked < RATE // 5 <= self.asked + samples:
                time.sleep(0.06)
            return super().hear(samples)

    card, audio, talk = bench.cards["handset"], bench.start(), Slow(600)
    card.say(tone(1000, 10 * RATE).tobytes(), 0)
    audio.route(Route(handset=True, talk=(talk,), send=True, parties=(talk,)))
    until(lambda: audio.ticks > 10)
    delay = queued(card)
    until(lambda: audio.xruns >= 1)
    until(lambda: len(talk.told) > RATE)
    assert queued(card) < delay + RATE // 100
    assert share_of(talk.told[-9600:], 1000) > 0.9
    assert bench.troubles == []


def test_the_ringer_rings_on_its_own_card_alone(bench: Bench) -> None:
    bench.ringer.ring(on=True, volume=100)
    until(lambda: any(bench.heard("ringer")))
    bench.ringer.ring(on=False, volume=100)
    until(lambda: rested(bench.cards["ringer"]))
    assert bench.cards["handset"].stats(capture=False).opens == 0
    bench.cards["ringer"].unplug()
    bench.ringer.ring(on=True, volume=100)
    bench.until_told(1)
    assert "'ringer'" in bench.troubles[0]
    bench.cards["ringer"].plug()
    bench.until_told(2)
    assert bench.troubles[1] == ""


async def test_the_ringer_on_the_handsets_card_yields_to_it_and_gets_it_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    exclusive = Exclusive()
    monkeypatch.setattr(card_module.alsaaudio, "PCM", exclusive)
    card, reporter = bench.cards["handset"], Silent()
    room = Room(Setup(Device("handset", "handset"), Device(playback="handset")), reporter)

    async def until_heard(*, dial_tone: bool) -> None:
        def sounds() -> bool:
            recent = array("h", card.hear(card.now() - RATE // 10, card.now()))
            return any(recent) and (share_of(recent, 425) > 0.8) is dial_tone

        await asyncio.to_thread(until, sounds)

    for _ in range(2):
        room.follow(Plan(AudioPlan(ringer=True)))
        await until_heard(dial_tone=False)
        lifted = time.monotonic()
        # the level that asks for both is a moment's truth in the control process: the handset goes first
        room.follow(Plan(AudioPlan(handset=True, tone="dial", ringer=True)))
        await until_heard(dial_tone=True)
        assert time.monotonic() - lifted < 2
    room.follow(Plan(AudioPlan()))
    await room.close()
    assert [r for r in reporter.reports if isinstance(r, AudioTrouble)] == []


async def test_a_driver_that_hangs_ends_the_process(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(Echo):
        def hear(self, samples: int) -> array[int]:
            free.wait(20)  # where a driver's write would be
            return super().hear(samples)

    ended: list[int] = []
    monkeypatch.setattr(room_module, "STUCK_TOO_LONG", 0.5)
    monkeypatch.setattr(room_module.os, "_exit", ended.append)
    free, talk = threading.Event(), Hanging()
    room = Room(Setup(Device("handset", "handset"), Device()), Silent())
    await asyncio.sleep(1.2)
    assert ended == []
    room._audio.route(Route(handset=True, talk=(talk,), parties=(talk,)))
    await asyncio.to_thread(until, lambda: bool(ended))
    assert set(ended) == {os.EX_SOFTWARE}
    free.set()
    await asyncio.to_thread(until, lambda: room._audio.stuck_for(time.monotonic()) < 0.3)
    await room.close()


def test_a_busy_card_is_named_and_taken_as_soon_as_it_is_free(bench: Bench) -> None:
    card = bench.cards["handset"]
    card.occupy()
    audio = bench.start()
    bench.until_told(1)
    assert "'handset'" in bench.troubles[0]
    talk = Echo()
    audio.route(Route(handset=True, talk=(talk,), send=True, parties=(talk,)))
    until(lambda: talk.silences > RATE // 5)
    card.free()
    bench.until_told(2)
    assert bench.troubles[1] == ""
    until(lambda: audio.ticks > 20)


@pytest.mark.parametrize("kind", [card_module.alsaaudio.PCM_CAPTURE, card_module.alsaaudio.PCM_PLAYBACK])
def test_one_direction_alone_is_no_handset_and_is_let_go(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, kind: int
) -> None:
    exclusive = Exclusive()
    monkeypatch.setattr(card_module.alsaaudio, "PCM", exclusive)
    exclusive.held.add(("handset", kind))
    audio = bench.start()
    bench.until_told(1)
    assert "'handset'" in bench.troubles[0]
    until(lambda: exclusive.held == {("handset", kind)})  # the bell is tried as well, and let go
    exclusive.held.clear()
    audio.route(Route(handset=True))
    bench.until_told(2)
    until(lambda: audio.ticks > 20)
