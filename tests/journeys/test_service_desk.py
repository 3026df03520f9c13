"""The owner at his desk phone: he calls back whom the service recorded, and its callers hear his own greeting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.leaving import (
    beeped,
    calls_his_voicemail,
    greeted,
    hangs_up,
    hears_greeting,
    hears_message,
    leaves_message,
    says,
    switch_off,
)
from journeys.mailing import lately, opens_mailbox, shows
from journeys.steps import all_idle, connected, does, talk_both_ways
from rig.service_stage import ServiceStage, service_stage
from rig.words import LIKE_SPEECH, likeness, spoken

from phone.demo.stage import Desk, registered

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(300)]

WORDS = "The blue train leaves at seven in the evening."
GREETING = "This is Bob. I am sailing around the world, and back in spring."
HAS_GREETING = "select 1 from greeting where owner = 'bob@localhost'"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[ServiceStage]:
    async with service_stage(tmp_path) as scene:
        yield scene


async def test_he_calls_back(scene: ServiceStage) -> None:
    """5, while or after the message is heard."""
    alice, bob = await scene.desk("alice"), await scene.desk("bob")
    await switch_off(bob)
    await leaves_message(alice, bob.number, WORDS)
    await bob.start_again()
    await registered(bob)
    await does(bob, lambda s: s.new_messages == 1)
    await hears_message(bob, WORDS)
    await bob.press("5")
    await does(alice, lambda s: s.ringer)
    await alice.lift()
    for each in (alice, bob):
        await does(each, connected)
    await talk_both_ways(bob, alice)
    await bob.hang_up()
    await alice.hang_up()
    await all_idle(alice, bob)


async def test_his_greeting_is_heard_by_callers_of_the_service(scene: ServiceStage) -> None:
    """Recorded while the service is away, it is there when the service is; and taken back at the phone, it is gone."""
    alice, bob = await scene.desk("alice"), await scene.desk("bob")
    await scene.service.stop()
    await greeting_recorded(bob)
    await scene.service.start()
    await scene.service.until_stored(HAS_GREETING, 90)
    await switch_off(bob)
    assert await what_callers_hear(alice, bob) > LIKE_SPEECH
    await bob.start_again()
    await registered(bob)
    await greeting_removed(bob)
    async with asyncio.timeout(40):
        while scene.service.stored(HAS_GREETING):
            await asyncio.sleep(0.2)
    await switch_off(bob)
    assert await what_callers_hear(alice, bob) < LIKE_SPEECH


async def greeting_recorded(bob: Desk) -> None:
    ear = await opens_mailbox(bob)
    await bob.press("0")
    await beeped(ear)
    await shows(bob, "Recording")
    await says(bob, GREETING)
    await bob.press("#")
    await shows(bob, "2 use it")
    await bob.press("2")
    await bob.hang_up()


async def greeting_removed(bob: Desk) -> None:
    await opens_mailbox(bob)
    await does(bob, lambda s: s.mailbox)
    await bob.press("0")
    await shows(bob, "3 built-in one again")
    await bob.press("3")
    await bob.hang_up()


async def what_callers_hear(alice: Desk, bob: Desk) -> float:
    """How much of his own greeting is in it."""
    ear = await calls_his_voicemail(alice, bob.number)
    await greeted(alice, ear)
    own = likeness(spoken(GREETING), lately(ear))
    if own < LIKE_SPEECH:
        hears_greeting(lately(ear), "service-greeting")
    await hangs_up(alice)
    return own
