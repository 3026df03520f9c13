"""The user's manual, how the phone takes a call for its owner, and how he comes in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.leaving import dark, greeted, lamp, says
from journeys.listening import Ear, handsets, hears
from journeys.mailing import (
    answering,
    at_shell,
    calls,
    heard,
    lately,
    letters,
    mailbox_states,
    records,
    shows,
)
from journeys.steps import all_idle, connected, does, idle, put_through
from rig.words import LIKE_SPEECH, likeness, spoken

from phone.control import Dnd, ask
from phone.demo.hearing import RATE
from phone.demo.stage import Desk, Stage, stage

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(300)]

WORDS = "The green bicycle stands behind the old library."
ASIDE = "Nobody out there may ever hear what I say."


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Stage]:
    """Nothing is taken by itself, unless the line is busy: bob has no call waiting."""
    edit = answering("answer_seconds = 60.0", bob="[calls]\nwaiting = false\n")
    async with stage(tmp_path, "alice", "bob", "carol", edit=edit) as scene:
        yield scene


async def test_the_phone_takes_it(scene: Stage) -> None:
    """In one go, since a stage is slow to set."""
    alice, bob, carol = scene.desks.values()
    await sent_there_with_the_key(alice, bob)
    await not_to_be_disturbed(carol, bob)
    await busy(alice, bob, carol)
    await deleted_at_a_shell(bob)


async def test_the_owner_comes_in_between(scene: Stage) -> None:
    """The same."""
    alice, bob, _ = scene.desks.values()
    await lifted_in_the_greeting(alice, bob)
    await lifted_in_the_message(alice, bob)
    await listened_to_and_then_lifted(alice, bob)
    assert await letters(bob) == []
    assert [e.kind for e in await bob.calls()] == ["answered"] * 3


async def sent_there(caller: Desk, bob: Desk) -> Ear:
    """The caller is greeted at once when bob presses VOICEMAIL while it rings."""
    ear = await calls(caller, bob)
    await does(bob, lambda s: s.ringer)
    await bob.press("VOICEMAIL")
    await does(bob, lambda s: not s.ringer)
    return ear


async def leaves_words(caller: Desk, bob: Desk) -> None:
    await says(caller, WORDS)
    await caller.hang_up()
    await does(caller, idle)
    await does(bob, lamp)


async def sent_there_with_the_key(alice: Desk, bob: Desk) -> None:
    await greeted(alice, await sent_there(alice, bob))
    await records(bob)
    await leaves_words(alice, bob)
    await mailbox_states(bob, "new")
    await does(bob, idle)


async def not_to_be_disturbed(carol: Desk, bob: Desk) -> None:
    await asyncio.to_thread(ask, bob.control, Dnd(on=True))
    bell = Ear(bob.ringer)
    await greeted(carol, await calls(carol, bob))
    await shows(bob, "Recording", "Carol")
    await leaves_words(carol, bob)
    await mailbox_states(bob, "new", "new")
    assert not any(lately(bell))
    await asyncio.to_thread(ask, bob.control, Dnd(on=False))


async def busy(alice: Desk, bob: Desk, carol: Desk) -> None:
    """Who talks is not disturbed, and sees it."""
    await put_through(alice, bob)
    ear = await calls(carol, bob)
    await shows(bob, "Alice", "message: Carol")
    await greeted(carol, ear)
    await hears("alice>bob bob>alice", handsets(alice, bob, carol))
    await leaves_words(carol, bob)
    await mailbox_states(bob, "new", "new", "new")
    assert connected(await bob.status())
    await hears("alice>bob bob>alice", handsets(alice, bob))
    for each in (alice, bob):
        await each.hang_up()
    await all_idle(alice, bob)


async def deleted_at_a_shell(bob: Desk) -> None:
    assert "3 messages deleted" in await at_shell(bob, "delete", "all")
    await mailbox_states(bob)
    await does(bob, lambda s: s.new_messages == 0)


async def talks(alice: Desk, bob: Desk) -> None:
    """Like any other call, and nothing is recorded any more."""
    status = await does(bob, connected)
    assert "Recording" not in status.screen[0], status.screen
    await hears("alice>bob bob>alice", handsets(alice, bob))
    await alice.hang_up()
    await bob.hang_up()
    await all_idle(alice, bob)
    assert dark(await bob.status())
    assert await letters(bob) == []


async def lifted_in_the_greeting(alice: Desk, bob: Desk) -> None:
    await sent_there(alice, bob)
    await does(bob, lambda s: s.screen[0].startswith("Greeting plays"))
    await does(alice, connected)
    await bob.lift()
    await talks(alice, bob)


async def lifted_in_the_message(alice: Desk, bob: Desk) -> None:
    await greeted(alice, await sent_there(alice, bob))
    await records(bob)
    await says(alice, WORDS)
    await bob.lift()
    await talks(alice, bob)


async def listened_to_and_then_lifted(alice: Desk, bob: Desk) -> None:
    outside = await sent_there(alice, bob)
    await greeted(alice, outside)
    await records(bob)
    await bob.press("SPEAKER")
    await shows(bob, "Recording", "you listen", "lift to take it")
    room = Ear(bob.speaker)
    await says(alice, WORDS)
    await heard(room, spoken(WORDS))
    aside = spoken(ASIDE)
    bob.speaker.say(aside.tobytes(), bob.speaker.now() + RATE // 10)
    await asyncio.sleep(len(aside) / RATE + 0.5)
    assert likeness(aside, lately(outside)) < LIKE_SPEECH / 1.5, "the caller hears the room"
    await bob.lift()
    await does(bob, lambda s: not s.speaker)
    await talks(alice, bob)
