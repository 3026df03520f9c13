"""The user's manual, how a message ends: by itself when the caller is silent or has no end, and what is none at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.leaving import assert_words, says
from journeys.mailing import answering, at_shell, calls, letters, mailbox_holds, mailbox_states, reaches_machine, shows
from journeys.steps import all_idle, connected, does, idle
from rig.words import decoded, spoken

from phone.demo.hearing import RATE
from phone.demo.stage import Desk, Stage, stage

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(300)]

WORDS = "The seven white horses graze on the western meadow."
ON_AND_ON = " ".join((WORDS, "And then there is one more thing that I have to tell you, my dear.") * 3)
LONGEST, SILENCE = 10, 3


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Stage]:
    edit = answering(f"longest_seconds = {LONGEST}", f"silence_seconds = {SILENCE}")
    async with stage(tmp_path, "alice", "bob", edit=edit) as scene:
        yield scene


async def test_how_messages_end(alice: Desk, bob: Desk, tmp_path: Path) -> None:
    """In one go, since a stage is slow to set."""
    await gone_during_the_greeting(alice, bob)
    await nothing_said(alice, bob)
    await silent(alice, bob)
    await without_an_end(alice, bob, tmp_path / "copy.opus")


async def gone_during_the_greeting(alice: Desk, bob: Desk) -> None:
    await calls(alice, bob)
    await does(bob, lambda s: s.screen[0].startswith("Greeting plays"))
    await does(alice, connected)
    await alice.hang_up()
    await all_idle(alice, bob)
    await is_missed(bob, 1)


async def nothing_said(alice: Desk, bob: Desk) -> None:
    await reaches_machine(alice, bob)
    await does(alice, lambda s: s.tone == "busy", SILENCE + 15)
    await alice.hang_up()
    await all_idle(alice, bob)
    await is_missed(bob, 2)


async def is_missed(bob: Desk, times: int) -> None:
    """A missed call, and no message."""
    status = await shows(bob, "missed: Alice")
    assert "message" in status.lamps
    assert status.new_messages == 0
    assert [e.kind for e in await bob.calls()] == ["missed"] * times
    assert await letters(bob) == []
    await bob.lift()
    await does(bob, lambda s: s.tone == "dial")
    await bob.hang_up()
    await does(bob, idle)


async def silent(alice: Desk, bob: Desk) -> None:
    """He is taken to have left."""
    await reaches_machine(alice, bob)
    await says(alice, WORDS)
    await does(alice, lambda s: s.tone == "busy", SILENCE + 15)
    await alice.hang_up()
    await all_idle(alice, bob)
    await mailbox_states(bob, "new")
    await shows(bob, "message from Alice")


async def without_an_end(alice: Desk, bob: Desk, copy: Path) -> None:
    await reaches_machine(alice, bob)
    speech = await asyncio.to_thread(spoken, ON_AND_ON)
    assert len(speech) > (LONGEST + 5) * RATE
    alice.say(speech)
    await does(alice, lambda s: s.tone == "busy", LONGEST + 15)
    await alice.hang_up()
    await all_idle(alice, bob)
    newest = (await mailbox_holds(bob, lambda them: len(them) == 2))[0]
    assert LONGEST - 2 < newest["seconds"] < LONGEST + 2, newest
    assert not newest["interrupted"]
    await at_shell(bob, "save", newest["id"], str(copy))
    assert_words(WORDS, decoded(copy, "opus"))
