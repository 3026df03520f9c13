"""Old clients and the answering machine: greeted, recorded from G.711, taken over, and away without a word."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from journeys.mailing import prompt
from journeys.steps import does
from peers.google_house import House, at_8_khz, at_48_khz, house
from peers.google_kinds import Caller
from peers.rtp_end import HZ_HERE, HZ_THERE, ear_of, hears, hears_nothing, share
from peers.told import rings
from rig.words import LIKE_SPEECH, Samples, decoded, likeness, spoken

from phone.control import VoicemailDelete, VoicemailList, VoicemailMessage, VoicemailSave, ask
from phone.demo.hearing import RATE
from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

WORDS = "The blue train leaves at seven in the evening."
OTHER = "My green bicycle stands behind the old library."
CONFIG = "\n[voicemail]\nanswer_seconds = 60.0\nsilence_seconds = 4.0\n"
BEEP_HZ = 1000.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("google"), hum=False, more=CONFIG) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def alice(at: House) -> AsyncIterator[Desk]:
    async with at.alice() as phone:
        for each in await letters(phone):
            await asyncio.to_thread(ask, phone.control, VoicemailDelete(each.id))
        yield phone


async def letters(alice: Desk) -> tuple[VoicemailMessage, ...]:
    return (await asyncio.to_thread(ask, alice.control, VoicemailList())).messages


async def letter(alice: Desk) -> tuple[VoicemailMessage, Samples]:
    """The only one, once it is there, and what it holds."""
    async with asyncio.timeout(15):
        while not (every := await letters(alice)):
            await asyncio.sleep(0.1)
    await does(alice, lambda s: "message" in s.lamps)
    (found,) = every
    file = await asyncio.to_thread(ask, alice.control, VoicemailSave(found.id))
    return found, await asyncio.to_thread(decoded, Path(file.path), "opus")


async def sent_to_the_machine(alice: Desk, caller: Caller) -> None:
    """VOICEMAIL while it rings: the phone answers at once."""
    await caller.initiates()
    if not caller.kind.late:
        await caller.tells()
    await rings(alice)
    await alice.press("VOICEMAIL")
    await caller.is_answered()
    await does(alice, lambda s: not s.ringer)


async def recording(alice: Desk) -> None:
    await does(alice, lambda s: s.screen[0].startswith("Recording"), 20)


async def says(caller: Caller) -> None:
    """To the end."""
    await asyncio.sleep(caller.end.say(at_8_khz(spoken(WORDS))) + 0.5)


@pytest.mark.parametrize("kind", ["asterisk", "talk for windows", "gabble", "yate"])
async def test_greeted_and_recorded(alice: Desk, at: House, kind: str) -> None:
    """The words are in the Ogg Opus file, from PCMU and PCMA; the greeting was whole at the far end."""
    async with at.caller(kind, hz=0.0) as caller:
        await sent_to_the_machine(alice, caller)
        await does(alice, lambda s: any(c.answering == "greeting" and c.encrypted is False for c in s.calls))
        await recording(alice)
        heard = at_48_khz(caller.end.all_heard())
        assert await asyncio.to_thread(likeness, prompt("greeting"), heard) > LIKE_SPEECH
        assert beeps(caller.end.all_heard()), "no beep behind it"
        await says(caller)
        await caller.hangs_up()
        await does(alice, lambda s: not s.calls)
    found, sound = await letter(alice)
    assert (found.state, found.address.partition("/")[0]) == ("new", str(caller.peer.boundjid.bare))
    assert await asyncio.to_thread(likeness, spoken(WORDS), sound) > LIKE_SPEECH
    assert await asyncio.to_thread(likeness, spoken(OTHER), sound) < LIKE_SPEECH / 1.5
    assert [entry.kind for entry in (await alice.calls())[:1]] == ["missed"]


def beeps(heard: Samples) -> bool:
    """A fifth of a second of 1000 Hz: speech has less."""
    size = 8000 // 5
    parts = [heard[at : at + size] for at in range(0, len(heard) - size, size // 4)]
    return any(np.abs(part).max() > 500 and share(part, BEEP_HZ, 8000) > 0.8 for part in parts)


@pytest.mark.parametrize("when", ["in the greeting", "while it is recorded"])
async def test_the_handset_takes_it_over(alice: Desk, at: House, when: str) -> None:
    async with at.caller("asterisk") as caller:
        await sent_to_the_machine(alice, caller)
        if when == "while it is recorded":
            await recording(alice)
        await alice.lift()
        await does(alice, lambda s: any(c.progress == "connected" and not c.answering for c in s.calls))
        await hears(ear_of(alice), HZ_THERE)
        hum = np.sin(2 * np.pi * HZ_HERE * np.arange(4 * RATE) / RATE) * 8000
        alice.say(array("h", hum.astype(np.int16).tobytes()))
        await hears(caller.end.ear, HZ_HERE)
        await caller.hangs_up()
        await does(alice, lambda s: not any(c.progress != "ended" for c in s.calls))
    await alice.hang_up()
    assert await letters(alice) == ()
    assert (await alice.calls())[0].kind == "answered"


async def test_the_speaker_listens_and_the_caller_does_not_notice(alice: Desk, at: House) -> None:
    async with at.caller("libjingle 0.4", hz=0.0) as caller:
        await sent_to_the_machine(alice, caller)
        await recording(alice)
        await alice.press("SPEAKER")
        start = alice.speaker.now()
        await says(caller)
        sound = np.frombuffer(alice.speaker.hear(start, alice.speaker.now()), np.int16)
        assert await asyncio.to_thread(likeness, spoken(WORDS), sound) > LIKE_SPEECH
        await hears_nothing(caller.end.ear)
        assert any(c.answering == "recording" for c in (await alice.status()).calls)
        await caller.hangs_up()
    _, sound = await letter(alice)
    assert await asyncio.to_thread(likeness, spoken(WORDS), sound) > LIKE_SPEECH


@pytest.mark.parametrize("silent", ["speaks zeros", "sends nothing"])
async def test_who_says_nothing_more_is_hung_up_on(alice: Desk, at: House, silent: str) -> None:
    """4 s here. Yate sends no checks either: nothing comes at all."""
    async with at.caller("yate" if silent == "sends nothing" else "asterisk", hz=0.0) as caller:
        await sent_to_the_machine(alice, caller)
        await recording(alice)
        await says(caller)
        if silent == "sends nothing":
            caller.end.target = None
        end = await caller.peer.got("terminate", within=20)
        caller.echoes(end)
    _, sound = await letter(alice)
    assert await asyncio.to_thread(likeness, spoken(WORDS), sound) > LIKE_SPEECH


async def test_who_leaves_in_the_greeting_leaves_nothing(alice: Desk, at: House) -> None:
    async with at.caller("talk for windows") as caller:
        await sent_to_the_machine(alice, caller)
        await does(alice, lambda s: any(c.answering == "greeting" for c in s.calls))
        await caller.hangs_up()
        await does(alice, lambda s: not s.calls)
    assert await letters(alice) == ()
    assert (await alice.calls())[0].kind == "missed"
