"""Cards and headsets that come and go, idle and in calls: what sounds where, what is told, what the card is set to."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from legs import share_of, tone
from rig.vmixer import VirtualMixer
from soundroom import Bench, Echo, rested, until

from phone.drivers.vcard import RATE
from phone.media import audio as audio_module
from phone.media import controls as controls_module
from phone.media.controls import CardControls
from phone.media.mixer import Route
from phone.media.ringer import Ringer
from phone.media.ringsound import RingSound
from phone.media.soundcard import CardMixer, Control

UNPLUGGED = "The handset's sound card is unplugged ('handset'): plug it in, and its sound is back"


@pytest.fixture
def desk(bench: Bench) -> Iterator[VirtualMixer]:
    """The controls of a card named Desk, which ALSA also knows as a PCM in front of the bench's handset."""
    with VirtualMixer(bench.folder / "Desk") as mixer:
        args = "@args [CARD] @args.CARD { type string }"
        pcm = f'pcm.desk {{ {args} type plug slave.pcm "handset" }}\n'
        with (bench.folder / "asound.conf").open("a") as conf:
            conf.write(mixer.asound() + pcm)
        yield mixer


@dataclass
class Plugged:
    """As `jack.Jack`."""

    plugged: bool = False


def controls(bench: Bench, *always: Control, **places: tuple[Control, ...]) -> CardControls:
    return CardControls(CardMixer("Desk", always, **places), bench.tell)


def test_in_a_call_the_handset_goes_and_comes_back_with_its_volumes(bench: Bench, desk: VirtualMixer) -> None:
    card, talk = bench.cards["handset"], Echo(600)
    card.say(tone(1000, 20 * RATE).tobytes(), 0)
    audio = bench.start(controls=controls(bench, Control("Speaker", 100), Control("Mic Capture", 50, on=True)))
    audio.route(Route(handset=True, talk=(talk,), send=True, parties=(talk,), volume=100))
    until(lambda: audio.ticks > 20)
    assert desk["Speaker Playback Volume"] == 37
    assert bench.troubles == []
    desk.unplug()
    card.unplug()
    bench.until_told(1)
    assert bench.troubles[0] == UNPLUGGED
    silences = talk.silences
    until(lambda: talk.silences > silences + 2 * RATE)  # so that it is looked for several times
    handset = [t for t in bench.troubles if "Desk" not in t]
    assert handset == [UNPLUGGED], "the sentence stays while it is away"
    desk.plug()
    card.plug()
    until(lambda: bench.troubles.count("") == len(set(bench.troubles) - {""}))
    assert (desk["Speaker Playback Volume"], desk["Mic Capture Switch"]) == (37, 1)
    told, ticks = len(talk.told), audio.ticks
    until(lambda: audio.ticks > ticks + 100 and len(talk.told) > told + RATE // 2)
    assert share_of(talk.told[-RATE // 4 :], 1000) > 0.9
    heard = array("h", card.hear(card.now() - RATE // 10, card.now()))
    assert share_of(heard, 600) > 0.8


def test_a_card_is_looked_for_twice_a_second_and_no_more(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[float] = []
    real = audio_module.Duplex
    monkeypatch.setattr(audio_module, "Duplex", lambda *how: (tries.append(time.monotonic()), real(*how))[1])
    bench.cards["handset"].unplug()
    audio, talk = bench.start(), Echo()
    audio.route(Route(handset=True, talk=(talk,), parties=(talk,)))
    until(lambda: talk.silences > 2 * RATE)
    assert len(tries) <= 3 + (time.monotonic() - tries[0]) / 0.5


def test_a_card_that_was_never_there_is_not_called_unplugged(bench: Bench) -> None:
    bench.cards["handset"].unplug()
    audio = bench.start()
    bench.until_told(1)
    assert "'handset' is not there: plug it in, or choose another" in bench.troubles[0]
    audio.route(Route(handset=True, tone="dial"))
    bench.cards["handset"].plug()
    bench.until_told(2)
    assert bench.troubles[1] == ""
    until(lambda: audio.ticks > 20)


def test_with_nobody_using_it_a_card_is_missed_and_set_again_when_it_is_back(
    bench: Bench, desk: VirtualMixer, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugs: dict[str, tuple[int, int] | None] = {"Desk": (1, 1)}
    for module in (audio_module, controls_module):
        monkeypatch.setattr(module, "plugged", plugs.get)
    monkeypatch.setattr(audio_module, "_REPROBE", 0.02)
    card = bench.cards["handset"]
    bench.start("desk:CARD=Desk", controls=CardControls(CardMixer("Desk", (Control("Speaker", 100),)), bench.tell))
    until(lambda: desk["Speaker Playback Volume"] == 37 and card.stats(capture=False).opens >= 1)
    opens = card.stats(capture=False).opens
    time.sleep(0.2)
    assert card.stats(capture=False).opens == opens, "a card that rests is not opened to see whether it is there"
    card.unplug()
    plugs["Desk"] = None
    bench.until_told(1)
    assert bench.troubles[0].startswith("The handset's sound card is unplugged ('desk:CARD=Desk')")
    desk["Speaker Playback Volume"] = 0
    card.plug()
    plugs["Desk"] = (2, 1)
    bench.until_told(2)
    assert bench.troubles[1] == ""
    until(lambda: desk["Speaker Playback Volume"] == 37)


def test_a_headset_takes_the_handsets_place_while_it_is_plugged_in(bench: Bench, desk: VirtualMixer) -> None:
    jack, talk = Plugged(), Echo(600)
    bench.cards["handset"].say(tone(1000, 20 * RATE).tobytes(), 0)
    bench.cards["stereo"].say(tone(1400, 20 * RATE).tobytes(), 0)
    places = {"handset": (Control("Speaker", 100),), "headset": (Control("Speaker", 0),)}
    audio = bench.start(headset="stereo", jack=jack, controls=controls(bench, **places))
    audio.route(Route(handset=True, talk=(talk,), send=True, parties=(talk,), volume=100))
    for plugged, mic, level in ((False, 1000, 37), (True, 1400, 0), (False, 1000, 37)):
        jack.plugged = plugged
        until(lambda mic=mic: len(talk.told) > RATE // 10 and share_of(talk.told[-RATE // 20 :], mic) > 0.9)
        assert desk["Speaker Playback Volume"] == level
        other = bench.cards["handset" if plugged else "stereo"]
        if plugged:
            until(lambda other=other: rested(other))
    assert bench.troubles == []


def test_a_headsets_card_that_is_pulled_out_is_told_by_its_name(bench: Bench) -> None:
    jack = Plugged(plugged=True)
    audio = bench.start(headset="stereo", jack=jack)
    audio.route(Route(handset=True, tone="dial"))
    until(lambda: audio.ticks > 5)
    bench.cards["stereo"].unplug()
    bench.until_told(1)
    assert bench.troubles[0].startswith("The headset's sound card is unplugged ('stereo')")
    jack.plugged = False
    bench.until_told(2)
    assert bench.troubles[1] == ""
    until(lambda: bench.cards["handset"].stats(capture=False).starts > 0)


def test_a_jack_without_a_headset_to_go_to_changes_nothing(bench: Bench) -> None:
    audio = bench.start(jack=Plugged(plugged=True))
    audio.route(Route(handset=True, tone="dial"))
    until(lambda: audio.ticks > 5)
    assert bench.cards["handset"].stats(capture=False).starts == 1


def test_handset_and_speaker_of_one_card_differ_by_its_controls(bench: Bench, desk: VirtualMixer) -> None:
    """As of codecs that have one converter for both: the one that is not meant to be heard is turned down."""
    places = {"handset": (Control("Speaker", 0),), "speaker": (Control("Speaker", 100),)}
    audio = bench.start(speaker="handset", controls=controls(bench, **places))
    for route, level in ((Route(handset=True, tone="dial"), 0), (Route(speaker=True, tone="dial"), 37)) * 2:
        desk["Speaker Playback Volume"] = 20
        ticks = audio.ticks
        audio.route(route)
        until(lambda level=level: desk["Speaker Playback Volume"] == level)
        until(lambda ticks=ticks: audio.ticks > ticks + 20)
    assert bench.cards["handset"].stats(capture=False).starts >= 1
    assert bench.troubles == []


def test_the_ringer_goes_and_comes_back_and_has_controls_of_its_own(bench: Bench, desk: VirtualMixer) -> None:
    card = bench.cards["ringer"]
    bench.ringer = Ringer(
        "ringer", RingSound("de", bench.tell), bench.tell, controls(bench, ringer=(Control("Speaker", 100),))
    )
    bench.ringer.ring(on=True, volume=100)
    until(lambda: any(bench.heard("ringer")))
    assert desk["Speaker Playback Volume"] == 37
    desk["Speaker Playback Volume"] = 0
    card.unplug()
    bench.until_told(1)
    assert bench.troubles[0].startswith("The ringer's sound card is unplugged ('ringer')")
    card.plug()
    bench.until_told(2)
    assert bench.troubles[1] == ""
    assert desk["Speaker Playback Volume"] == 37


def test_a_ringer_whose_card_takes_nothing_says_so_and_does_not_spin(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[float] = []

    def full(*_: object) -> bool:
        written.append(time.monotonic())
        return False

    monkeypatch.setattr("phone.media.card.Stream.write", full)
    bench.ringer.ring(on=True, volume=100)
    bench.until_told(1)
    assert bench.troubles == ["sound card 'ringer' takes no samples"]
    until(lambda: len(written) > 4)
    assert written[4] - written[0] >= 2 * 0.5
