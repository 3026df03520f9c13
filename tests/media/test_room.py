"""Who hears whom when the plan says so: hold, conference, bridge, digits; far ends over real sockets."""

from __future__ import annotations

import asyncio
from array import array
from pathlib import Path

import pytest
from house import House
from legs import FRAME, share_of

from phone.media import outward as outward_module
from phone.media.hold import OWN_TUNE
from phone.media.plan import AudioTrouble, Device, LegPlan, PlayDigit, Setup

LATER = slice(24_000, 48_000)


def own_tune() -> array[int]:
    samples = array("h")
    samples.frombytes(OWN_TUNE.read_bytes()[44:])
    return samples


def loud(samples: array[int]) -> int:
    return max(map(abs, samples), default=0)


async def test_hold_and_resume_bring_music_and_speech() -> None:
    async with House(a="opus") as house:
        house.hear(talk=("a",), send=True)
        assert loud((await house.say(a=1000))["a"]) < 20, "without a card there is silence"
        house.change("a", feed="music")
        house.hear(talk=(), send=False)
        heard = (await house.say(a=1000))["a"]
        assert loud(heard[: 12 * FRAME]) > 1000
        assert share_of(heard[LATER], 1000) < 0.1
        tune = own_tune()
        assert 0.5 < loud(heard) / loud(tune[:48_000]) < 1.5
        house.change("a", feed="microphone")
        assert loud((await house.say(a=1000))["a"][12 * FRAME :]) < 20
        assert house.failures() == []


async def test_far_speech_of_a_held_leg_is_not_heard_late() -> None:
    async with House(a="opus", b="opus") as house:
        house.change("a", feed="music")
        await house.say(frames=60, a=600)
        house.hear(talk=("a", "b"))
        heard = (await house.say(frames=60, a=1000))["b"]
        begins = next(i for i, x in enumerate(heard) if abs(x) > 2000)
        assert share_of(heard[begins + 2 * FRAME : begins + 6 * FRAME], 1000) > 0.9
        assert share_of(heard[LATER], 600) < 0.05


async def test_a_conference_of_three_hears_all_others_and_goes_on_when_one_leaves() -> None:
    async with House(a="opus", b="pcmu", c="opus") as house:
        house.hear(talk=("a", "b", "c"))
        tones = {"a": 500, "b": 800, "c": 1250}
        heard = await house.say(frames=75, **tones)
        for name, samples in heard.items():
            for other, hertz in tones.items():
                share = share_of(samples[FRAME * 40 :], hertz)
                assert share < 0.02 if other == name else share > 0.3, (name, other, share)
        del house.plans["c"]
        house.hear(talk=("a", "b"))
        await house.far.pop("c").the_leg.close()
        heard = await house.say(**{name: tones[name] for name in house.far})
        assert share_of(heard["a"][LATER], 800) > 0.9
        assert share_of(heard["b"][LATER], 500) > 0.9


@pytest.mark.parametrize("other", ["opus", "pcmu"], ids=["untouched", "transcoded"])
async def test_a_bridge_lets_two_far_ends_talk_while_a_third_is_on_the_phone(
    other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[str] = []
    say = outward_module.Outward.say
    monkeypatch.setattr(
        outward_module.Outward, "say", lambda out, *args: (encoded.append(out._leg), say(out, *args))[1]
    )
    async with House(a="opus", b=other, c="opus") as house:
        house.change("a", feed="ringback")
        house.hear(talk=("c",))
        heard = await house.say(frames=30, a=1000)
        assert share_of(heard["a"][9600:], 425) > 0.9
        house.bridge("a", "b")
        await house.say(frames=5)
        encoded.clear()
        heard = await house.say(a=1000, b=600, c=1700)
        assert share_of(heard["a"][LATER], 600) > 0.9
        assert share_of(heard["b"][LATER], 1000) > 0.9
        assert loud(heard["c"]) < 20
        assert ({"a", "b"} & set(encoded) == set()) is (other == "opus")
        for end, digit in (("a", "3"), ("b", "8")):
            house.far[end].the_leg.speech.digit(digit, 100)
        await house.say(frames=15)
        assert (house.far["b"].digits, house.far["a"].digits) == (["3"], ["8"])
        assert sorted(house.digits()) == [("a", "3"), ("b", "8")]
        for name in ("a", "b"):
            stats = house.stats(name)
            assert stats.received > 50
            assert stats.sent > 50
            assert (stats.lost, stats.rejected) == (0, 0)
        # it ends as it began
        house.change("a", feed="microphone", bridge=None)
        house.change("b", feed="microphone", bridge=None)
        house.hear(talk=("a", "b"))
        heard = await house.say(a=1000, b=600)
        assert share_of(heard["a"][LATER], 600) > 0.9
        assert share_of(heard["b"][LATER], 1000) > 0.9
        assert house.far["a"].the_leg.speech.stats().rejected == 0
        assert house.failures() == []


async def test_who_is_bridged_to_nobody_hears_silence_and_goes_on() -> None:
    async with House(a="opus", b="opus") as house:
        house.bridge("a", "b")
        await house.say(frames=10, a=1000, b=600)
        del house.plans["b"]
        house.plan()
        before = house.stats("a").sent
        heard = await house.say(frames=40, a=1000)
        assert house.stats("a").sent > before + 30
        assert loud(heard["a"][20 * FRAME :]) < 20
        house.change("a", bridge="a")
        house.change("a", bridge=None)
        await house.say(frames=5, a=1000)
        assert house.failures() == []


async def test_a_leg_that_is_talked_to_is_not_bridged() -> None:
    async with House(a="opus", b="opus") as house:
        house.bridge("a", "b")
        house.hear(talk=("a",))
        heard = await house.say(a=1000, b=600)
        assert loud(heard["a"][20 * FRAME :]) < 20
        assert loud(heard["b"][20 * FRAME :]) < 20


async def test_a_digit_goes_to_the_leg_that_is_named() -> None:
    async with House(a="opus", b="pcmu") as house:
        house.hear(talk=("a", "b"), send=True)
        house.digit("b", "4")
        house.digit("b", "45")
        house.digit("nobody", "4")
        await house.say(frames=20)
        assert (house.far["a"].digits, house.far["b"].digits) == ([], ["4"])


async def test_digits_sound_at_the_ear_if_their_leg_does() -> None:
    async with House(a="opus", b="opus", c="opus") as house:
        house.hear(talk=("a", "b"))
        ear = house.room._audio.ear.received
        house.far["b"].the_leg.speech.digit("7", 100)
        house.far["c"].the_leg.speech.digit("1", 100)
        await house.say(frames=15)
        assert sorted(house.digits()) == [("b", "7"), ("c", "1")]
        for digit in (PlayDigit("a", "9"), PlayDigit("c", "2"), PlayDigit("a", "x"), PlayDigit("a", "12")):
            house.room.play_digit(digit)
        assert list(ear) == ["7", "9"]


async def test_hold_music_that_cannot_be_played_is_told(tmp_path: Path) -> None:
    wanted = str(tmp_path / "none.wav")
    setup = Setup(Device("", ""), Device(), hold=wanted, addresses=("127.0.0.1",), opus_complexity=1)
    async with House(setup, a="opus") as house:
        (trouble,) = [each for each in house.told(AudioTrouble) if each.device == "hold"]
        assert wanted in trouble.sentence
        house.change("a", feed="music")
        assert loud((await house.say(frames=30))["a"]) > 1000


async def test_a_leg_that_is_not_answered_gets_nothing() -> None:
    async with House(a="opus") as house:
        house.plans["b"] = LegPlan("b", controlling=True, feed="music")
        house.candidates["b"] = []
        house.far["b"] = house.far["a"]
        house.bridge("a", "b")
        await asyncio.sleep(0.1)
        assert house.stats("b").sent == 0
        del house.far["b"]
