"""The user's manual, messages: nobody lifts, the phone answers, and the key brings the caller's very words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.leaving import assert_words, dark, greeted, lamp, says
from journeys.listening import KNOCK, Ear
from journeys.mailing import (
    answering,
    at_shell,
    calls,
    heard,
    is_told,
    letters,
    mailbox_states,
    opens_mailbox,
    records,
    shows,
)
from journeys.steps import does, idle
from mutagen.oggopus import OggOpus
from rig.words import decoded, spoken

from phone.demo.stage import Desk, Stage, stage

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(240)]

WORDS = "The blue train leaves at seven in the evening from platform nine."


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path, "alice", "bob", edit=answering()) as scene:
        yield scene


async def test_from_the_unanswered_call_to_the_message_that_is_deleted(alice: Desk, bob: Desk, tmp_path: Path) -> None:
    """In one go, since a stage is slow to set."""
    await nobody_lifts(alice, bob)
    await it_waits_to_be_heard(bob)
    await the_key_brings_it(bob)
    await deleted_and_brought_back(bob)
    await kept(bob)
    await copied_at_a_shell(bob, tmp_path / "copy.opus")
    await deleted_for_good(bob)


async def nobody_lifts(alice: Desk, bob: Desk) -> None:
    ear = await calls(alice, bob)
    await does(bob, lambda s: s.ringer)
    await does(alice, lambda s: s.tone == "ringback")
    await does(bob, lambda s: s.screen[0].startswith("Greeting plays") and not s.ringer)
    await shows(bob, "Alice", "SPEAKER: listen", "lift to take it")
    await greeted(alice, ear)
    await is_told(ear, "greeting")
    await records(bob)
    await says(alice, WORDS)
    await alice.hang_up()
    await does(alice, idle)


async def it_waits_to_be_heard(bob: Desk) -> None:
    await does(bob, lamp)
    await does(bob, idle)
    await shows(bob, "message from Alice")
    (letter,) = await letters(bob)
    assert (letter["state"], letter["name"], letter["address"]) == ("new", "Alice", "alice@localhost"), letter
    assert letter["seconds"] > 3, letter
    assert not letter["interrupted"]
    assert [(e.kind, e.reason) for e in await bob.calls()] == [("missed", "no answer")]


async def the_key_brings_it(bob: Desk) -> None:
    await bob.lift()
    await does(bob, lambda s: s.tone == "stutter")
    stutter = Ear(bob.handset)
    await stutter.tone(KNOCK)
    await bob.hang_up()
    ear = await opens_mailbox(bob)
    await is_told(ear, "you-have", "one-new")
    await shows(bob, "1/1", "Alice")
    await heard(ear, spoken(WORDS))
    await mailbox_states(bob, "heard")
    await does(bob, dark)
    await is_told(ear, "end-of-message")


async def deleted_and_brought_back(bob: Desk) -> None:
    ear = Ear(bob.handset)
    await bob.press("3")
    await shows(bob, "1/1 deleted", "3: bring it back")
    await is_told(ear, "erased")
    await mailbox_states(bob)
    await bob.press("3")
    await is_told(ear, "restored")
    await mailbox_states(bob, "heard")


async def kept(bob: Desk) -> None:
    ear = Ear(bob.handset)
    await bob.press("1")
    await heard(ear, spoken(WORDS))
    await bob.press("2")
    await mailbox_states(bob, "kept")
    await is_told(ear, "saved", "no-more")


async def copied_at_a_shell(bob: Desk, copy: Path) -> None:
    assert "saved" in await at_shell(bob, "save", "1", str(copy))
    about = OggOpus(copy)
    assert about.info.channels == 1
    assert "Alice" in str(about.tags.pprint())
    assert about.info.length > 3
    assert_words(WORDS, decoded(copy, "opus"))


async def deleted_for_good(bob: Desk) -> None:
    await bob.press("1")
    await shows(bob, "1/1 saved")
    await bob.press("3")
    await shows(bob, "1/1 deleted")
    await mailbox_states(bob)
    await bob.hang_up()
    await does(bob, idle)
    await asyncio.sleep(0.3)
    assert dark(await bob.status())
    await bob.lift()
    await does(bob, lambda s: s.tone == "dial")
    await bob.press("VOICEMAIL")
    await is_told(Ear(bob.handset), "no-messages")
    await bob.hang_up()
    assert await letters(bob) == []
