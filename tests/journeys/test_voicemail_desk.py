"""The user's manual, more of the messages: two at a time beside a call, calling back, and hearing them by a command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.leaving import assert_words, greeted
from journeys.listening import Ear, handsets, hears
from journeys.mailing import (
    answering,
    at_shell,
    calls,
    heard,
    leaves,
    letters,
    mailbox_holds,
    mailbox_states,
    opens_mailbox,
    shows,
)
from journeys.shell import phone
from journeys.steps import all_idle, connected, does, idle, put_through
from rig.words import decoded, spoken

from phone.demo.hearing import RATE
from phone.demo.stage import Desk, Stage, stage

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(300)]

WORDS = {
    "carol": "The big brown bear sleeps until the end of March.",
    "dave": "Two small ships sail around the northern island.",
}


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path, "alice", "bob", "carol", "dave", edit=answering()) as scene:
        yield scene


async def test_at_the_desk(scene: Stage, tmp_path: Path) -> None:
    """In one go, since a stage is slow to set."""
    alice, bob, carol, dave = scene.desks.values()
    await two_at_once_beside_a_call(alice, bob, carol, dave)
    await each_said_what_he_said(bob, tmp_path)
    await called_back(bob, carol)
    await played_by_a_command(bob)
    await not_played_during_a_call(alice, bob)


async def two_at_once_beside_a_call(alice: Desk, bob: Desk, carol: Desk, dave: Desk) -> None:
    """They knock, and nobody takes them."""
    await put_through(alice, bob)
    ears = [await calls(each, bob) for each in (carol, dave)]
    await does(bob, lambda s: s.tone == "call-waiting")
    await shows(bob, "message:")
    await asyncio.gather(greeted(carol, ears[0]), greeted(dave, ears[1]))
    until = [each.say(spoken(WORDS[each.name]))[1] for each in (carol, dave)]
    await hears_beside(alice, bob)
    while any(each.handset.now() < end + RATE for each, end in zip((carol, dave), until, strict=True)):
        await asyncio.sleep(0.2)
    for each in (carol, dave):
        await each.hang_up()
    await all_idle(carol, dave)
    await mailbox_states(bob, "new", "new")
    assert connected(await bob.status())
    await hears("alice>bob bob>alice", handsets(alice, bob, carol, dave))
    for each in (alice, bob):
        await each.hang_up()
    await all_idle(alice, bob)


async def hears_beside(alice: Desk, bob: Desk) -> None:
    """Who is in a call hears nothing of those who leave messages, and is not heard by them."""
    await hears("alice>bob bob>alice", handsets(alice, bob))


async def each_said_what_he_said(bob: Desk, folder: Path) -> None:
    for each in await letters(bob):
        copy = folder / f"{each['name']}.opus"
        await at_shell(bob, "save", each["id"], str(copy))
        assert_words(WORDS[each["name"].lower()], decoded(copy, "opus"))


async def called_back(bob: Desk, carol: Desk) -> None:
    """5 at her message."""
    names = [each["name"] for each in await letters(bob)]
    await opens_mailbox(bob)
    await does(bob, lambda s: s.mailbox)
    for _ in range(names.index("Carol")):
        await bob.press("DOWN")
    await shows(bob, "Carol")
    await bob.press("5")
    await does(carol, lambda s: s.ringer and "Bob" in " ".join(s.screen))
    await carol.lift()
    await does(bob, lambda s: connected(s) and not s.mailbox)
    await hears("bob>carol carol>bob", handsets(bob, carol))
    await carol.hang_up()
    await bob.hang_up()
    await all_idle(bob, carol)


async def played_by_a_command(bob: Desk) -> None:
    """On the speaker, the handset on its cradle."""
    room = Ear(bob.speaker)
    oldest = (await letters(bob))[-1]
    await at_shell(bob, "play", oldest["id"])
    await does(bob, lambda s: s.mailbox and s.speaker)
    await heard(room, spoken(WORDS[oldest["name"].lower()]))
    await bob.press("SPEAKER")
    await does(bob, idle)


async def not_played_during_a_call(alice: Desk, bob: Desk) -> None:
    await leaves(alice, bob, WORDS["dave"])
    await mailbox_holds(bob, lambda them: them[0]["name"] == "Alice")
    await put_through(alice, bob)
    refused = await phone("voicemail", "play", "--config", bob.config)
    assert (refused.code, refused.plain) == (1, True), refused
    assert connected(await bob.status())
    await hears("alice>bob bob>alice", handsets(alice, bob))
