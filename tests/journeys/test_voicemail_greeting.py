"""The user's manual, the greeting: recorded at the handset, heard again, used, and taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.leaving import beeped, greeted, says
from journeys.listening import Ear
from journeys.mailing import answering, calls, heard, is_told, lately, mailbox_states, opens_mailbox, prompt, shows
from journeys.steps import all_idle, does
from rig.words import LIKE_SPEECH, likeness, spoken

from phone.demo.stage import Desk, Stage, stage

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(300)]

FIRST = "This is what nobody should ever hear."
GREETING = "You have reached Bob, who is out in his garden."


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path, "alice", "bob", edit=answering()) as scene:
        yield scene


async def test_a_greeting_of_ones_own(alice: Desk, bob: Desk) -> None:
    """In one go, since a stage is slow to set."""
    await recorded(bob)
    await bob.hang_up()
    await callers_hear(alice, bob, spoken(GREETING), instead_of=prompt("greeting"))
    await removed(bob)
    await callers_hear(alice, bob, prompt("greeting"), instead_of=spoken(GREETING))


async def speaks(bob: Desk, sentence: str) -> None:
    """After the prompt and the tone, up to #."""
    await shows(bob, "Recording", "#: done")
    await says(bob, sentence)
    await bob.press("#")


async def recorded(bob: Desk) -> None:
    """The second take is the one."""
    ear = await opens_mailbox(bob)
    await is_told(ear, "no-messages")
    await bob.press("0")
    await shows(bob, "Greeting", "speak after tone")
    await is_told(ear, "record")
    await beeped(ear)
    await speaks(bob, FIRST)
    ear = Ear(bob.handset)
    await is_told(ear, "your-greeting")
    await heard(ear, spoken(FIRST))
    await bob.press("3")
    await speaks(bob, GREETING)
    ear = Ear(bob.handset)
    await is_told(ear, "your-greeting")
    await heard(ear, spoken(GREETING))
    await shows(bob, "2 use it")
    await bob.press("2")
    await is_told(ear, "in-use")


async def callers_hear(alice: Desk, bob: Desk, greeting: object, *, instead_of: object) -> None:
    ear = await calls(alice, bob)
    await greeted(alice, ear)
    assert likeness(greeting, lately(ear)) > LIKE_SPEECH
    assert likeness(instead_of, lately(ear)) < LIKE_SPEECH
    await alice.hang_up()
    await all_idle(alice, bob)
    await mailbox_states(bob)


async def removed(bob: Desk) -> None:
    ear = await opens_mailbox(bob)
    await does(bob, lambda s: s.mailbox)
    await bob.press("0")
    await is_told(ear, "greeting-keys")
    await shows(bob, "1 hear yours", "3 built-in one again")
    ear = Ear(bob.handset)
    await bob.press("1")
    await heard(ear, spoken(GREETING))
    await bob.press("3")
    await is_told(ear, "built-in")
    await bob.hang_up()
