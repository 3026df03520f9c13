"""Hands-free, conference, hold and ring tunes on virtual sound cards."""

from __future__ import annotations

import asyncio
import time
from array import array
from dataclasses import replace

import pytest
from legs import share_of, tone
from soundroom import Bench, Echo, Exclusive, Silent, rested, sounding, until

from phone.drivers.vcard import RATE
from phone.media import card as card_module
from phone.media.hold import HoldSound
from phone.media.mixer import Route
from phone.media.plan import AudioPlan, AudioTrouble, Device, Plan, Setup
from phone.media.room import Room


def more(talk: Echo, samples: int = RATE // 4) -> array[int]:
    """What the party is told in the next so many samples, after the next 50 ms."""
    mark = len(talk.told) + RATE // 20
    until(lambda: len(talk.told) >= mark + samples)
    return talk.told[mark : mark + samples]


def test_the_speaker_takes_the_handsets_place_in_the_middle_of_a_call_and_gives_it_back(bench: Bench) -> None:
    handset, speaker = bench.cards["handset"], bench.cards["speaker"]
    handset.say(tone(1000, 15 * RATE).tobytes(), 0)
    speaker.say(tone(1400, 15 * RATE).tobytes(), 0)
    audio, talk = bench.start(speaker="speaker"), Echo()
    lifted = Route(handset=True, talk=(talk,), send=True, parties=(talk,))
    for _ in range(2):
        audio.route(lifted)
        assert share_of(more(talk), 1000) > 0.9
        audio.route(replace(lifted, handset=False, speaker=True))
        assert share_of(more(talk), 1400) > 0.9
        until(lambda: rested(handset, capture=True))
    audio.route(lifted)
    until(lambda: rested(speaker, capture=True))
    assert bench.troubles == []


def test_one_card_for_both_stays_open(bench: Bench) -> None:
    card = bench.cards["handset"]
    card.say(tone(1000, 15 * RATE).tobytes(), 0)
    audio, talk = bench.start(speaker="handset"), Echo()
    audio.route(Route(handset=True, talk=(talk,), send=True, parties=(talk,)))
    more(talk)
    opens = card.stats(capture=True).opens
    audio.route(Route(handset=True, speaker=True, talk=(talk,), send=True, parties=(talk,)))
    assert share_of(more(talk), 1000) > 0.9
    assert card.stats(capture=True).opens == opens
    assert audio._suppressor is not None
    audio.route(Route(handset=True, talk=(talk,), send=True, parties=(talk,)))
    more(talk)
    assert audio._suppressor is None


def test_on_the_speaker_alone_the_microphone_is_down_while_the_far_end_speaks(bench: Bench) -> None:
    for name in ("handset", "speaker"):
        bench.cards[name].say(tone(1000, 15 * RATE).tobytes(), 0)
    audio, loud, silent = bench.start(speaker="speaker"), Echo(600), Echo()
    route = Route(speaker=True, talk=(silent,), send=True, parties=(silent, loud))
    audio.route(route)
    assert max(map(abs, more(silent))) > 7000
    audio.route(replace(route, talk=(loud,)))
    assert max(map(abs, more(loud))) < 500
    assert share_of(sounding(bench.heard("speaker"))[4800:14_400], 600) > 0.9
    audio.route(replace(route, talk=(loud,), speaker=False, handset=True))
    assert max(map(abs, more(loud))) > 7000


def test_a_speaker_pulled_out_and_put_back_in_the_same_call(bench: Bench) -> None:
    card, audio, talk = bench.cards["speaker"], bench.start(speaker="speaker"), Echo(600)
    audio.route(Route(speaker=True, talk=(talk,), send=True, parties=(talk,)))
    until(lambda: audio.ticks > 20)
    card.unplug()
    bench.until_told(1)
    assert "'speaker'" in bench.troubles[0]
    silences = talk.silences
    until(lambda: talk.silences > silences + RATE // 5)
    audio.route(Route(handset=True, talk=(talk,), send=True, parties=(talk,)))
    ticks = audio.ticks
    until(lambda: audio.ticks > ticks + 20)
    card.plug()
    audio.route(Route(speaker=True, talk=(talk,), send=True, parties=(talk,)))
    bench.until_told(2)
    assert bench.troubles[1] == ""
    assert bench.troubled == ["speaker", "speaker"]


def test_a_phone_without_a_speaker_says_so_when_it_is_asked_for(bench: Bench) -> None:
    audio, talk = bench.start(), Echo()
    audio.route(Route(speaker=True, talk=(talk,), send=True, parties=(talk,)))
    bench.until_told(1)
    assert bench.troubles[0].startswith("the speaker has no sound card")
    assert bench.troubled == ["speaker"]
    until(lambda: talk.silences > RATE // 5)


def test_a_conference_at_the_handset(bench: Bench) -> None:
    bench.cards["handset"].say(tone(1900, 15 * RATE).tobytes(), 0)
    audio, one, other = bench.start(), Echo(600), Echo(1100)
    audio.route(Route(handset=True, talk=(one, other), send=True, parties=(one, other)))
    for party, hears, not_himself in ((one, 1100, 600), (other, 600, 1100)):
        told = more(party)
        assert share_of(told, hears) > 0.4
        assert share_of(told, 1900) > 0.4
        assert share_of(told, not_himself) < 0.01
    heard = sounding(bench.heard())[4800:24_000]
    assert share_of(heard, 600) > 0.4
    assert share_of(heard, 1100) > 0.4


def test_without_a_card_the_conference_goes_on(bench: Bench) -> None:
    bench.cards["handset"].unplug()
    audio, one, other = bench.start(), Echo(600), Echo(1100)
    audio.route(Route(handset=True, talk=(one, other), send=True, parties=(one, other)))
    assert share_of(more(one), 1100) > 0.9
    audio.route(Route(talk=(one, other), parties=(one, other)))
    assert share_of(more(other), 600) > 0.9


@pytest.mark.parametrize("handset", [True, False])
def test_who_is_put_on_hold_hears_music_in_the_next_packet(bench: Bench, handset: bool) -> None:
    audio, held, talk = bench.start(players={"music": HoldSound("music", "de", bench.tell)}), Echo(), Echo()
    audio.route(Route(handset=handset, talk=(held,), send=True, parties=(held, talk)))
    more(held)
    mark = len(held.told)
    audio.route(Route(handset=handset, talk=(talk,), send=True, parties=(held, talk), sounds={held: "music"}))
    until(lambda: len(held.told) > mark + RATE // 5)
    # one period more may have been under way
    assert next(i for i, x in enumerate(held.told[mark:]) if abs(x) > 100) < 4 * 960
    assert not any(talk.told[-4800:])


async def test_the_ringer_on_the_speakers_card_yields_to_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_module.alsaaudio, "PCM", Exclusive())
    card, reporter = bench.cards["speaker"], Silent()
    setup = Setup(Device("handset", "handset"), Device(playback="speaker"), speaker=Device("speaker", "speaker"))
    room = Room(setup, reporter)

    async def until_heard(hertz: int) -> None:
        def sounds() -> bool:
            recent = array("h", card.hear(card.now() - RATE // 10, card.now()))
            return share_of(recent, hertz) > 0.8

        await asyncio.to_thread(until, sounds)

    room.follow(Plan(AudioPlan(ringer=True, ring=3)))
    await until_heard(880)
    room.follow(Plan(AudioPlan(speaker=True, tone="dial", ringer=True, speaker_volume=100, handset_volume=0)))
    await until_heard(425)
    room.follow(Plan(AudioPlan(ringer=True, ring=3)))
    await until_heard(880)
    room.follow(Plan(AudioPlan()))
    await room.close()
    assert [r for r in reporter.reports if isinstance(r, AudioTrouble)] == []


def test_a_ring_tune_may_change_while_it_rings(bench: Bench) -> None:
    def rings(hertz: int) -> bool:
        return share_of(array("h", card.hear(card.now() - RATE // 10, card.now())), hertz) > 0.8

    card = bench.cards["ringer"]
    bench.ringer.ring(on=True, volume=80, ring=3)
    until(lambda: rings(880))
    bench.ringer.ring(on=True, volume=80, ring=2)
    until(lambda: rings(1568))
    bench.ringer.ring(on=False, volume=80)
    time.sleep(0.1)
    assert not any(array("h", card.hear(card.now() - RATE // 50, card.now())))
