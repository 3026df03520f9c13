"""The callee's phone is switched off: his server's service takes the message; his chat and later his phone have it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.edits import swap
from journeys.leaving import (
    assert_words,
    calls_his_voicemail,
    dark,
    greeted,
    hangs_up,
    has,
    hears_greeting,
    hears_message,
    lamp,
    looks_at_calls,
    messages,
    says,
    switch_off,
)
from journeys.listening import Ear
from journeys.steps import connected, does
from rig.service_stage import ServiceStage, service_stage

from phone.demo.stage import registered

pytestmark = [pytest.mark.servers, pytest.mark.slow]

WORDS = "The blue train leaves at seven in the evening."


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[ServiceStage]:
    async with service_stage(tmp_path) as scene:
        yield scene


async def test_a_message_after_nobody_answered(scene: ServiceStage) -> None:
    """The display offers it, and the line is not hung up in between."""
    impatient = swap('country = "de"', 'country = "de"\nno_answer_seconds = 5')
    alice, chat = await scene.desk("alice", edit=impatient), await scene.chat("bob@localhost")
    await alice.lift()
    await does(alice, lambda s: s.tone == "dial")
    await alice.dial("201")
    await does(alice, lambda s: s.tone in {"busy", "reorder"})
    ear = Ear(alice.handset)
    await alice.press("VOICEMAIL")
    await greeted(alice, ear)
    await says(alice, WORDS)
    await hangs_up(alice)
    await chat.until(lambda c: c.texts and c.voices)
    assert_words(WORDS, await chat.listen(chat.voices[0]))


async def test_a_message_for_somebody_whose_phone_is_off(scene: ServiceStage) -> None:
    alice, bob, chat = await scene.desk("alice"), await scene.desk("bob"), await scene.chat("bob@localhost")
    await switch_off(bob)
    ear = await calls_his_voicemail(alice, bob.number)
    await greeted(alice, ear)
    hears_greeting(ear.heard(), "service-greeting")
    status = await does(alice, connected)
    assert "[encrypted]" in status.screen[0], status.screen
    await says(alice, WORDS)
    await hangs_up(alice)
    await chat.until(lambda c: c.texts and c.voices)
    assert "alice@localhost" in chat.texts[0].body
    assert_words(WORDS, await chat.listen(chat.voices[0]))
    await bob.start_again()
    await registered(bob)
    await does(bob, lambda s: s.new_messages == 1)
    await looks_at_calls(bob)
    await does(bob, lamp)
    assert await messages(bob) == [("new", "alice@localhost")]
    await hears_message(bob, WORDS)
    status = await does(bob, lambda s: s.new_messages == 0)
    assert "Alice" in status.screen[1], status.screen
    await bob.hang_up()
    await does(bob, dark)
    await has(bob, "heard")
