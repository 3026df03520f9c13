"""The callee's phone is switched off: his server's service takes the message; his chat and later his phone have it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import AsyncIterator, Callable
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
from rig.postgres import database
from rig.service_stage import ServiceStage, service_stage

from phone.demo.stage import registered

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(240)]

Set = Callable[[Path], contextlib.AbstractAsyncContextManager[ServiceStage]]
_URL = re.compile('url = ".*"')
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


@contextlib.asynccontextmanager
async def on_prosody(folder: Path) -> AsyncIterator[ServiceStage]:
    """With SQLite."""
    async with service_stage(folder) as scene:
        yield scene


@contextlib.asynccontextmanager
async def on_ejabberd(folder: Path) -> AsyncIterator[ServiceStage]:
    """With PostgreSQL: no code of ours is in the server, and none of the store's is in the service."""
    with database() as url:
        async with service_stage(folder, ejabberd=True, edit=lambda text: _URL.sub(f'url = "{url}"', text)) as scene:
            yield scene
            assert not scene.service.store.exists()


@pytest.mark.parametrize("on", [on_prosody, on_ejabberd])
async def test_a_message_for_somebody_whose_phone_is_off(tmp_path: Path, on: Set) -> None:
    async with on(tmp_path) as scene:
        await heard_though_it_was_off(scene)


async def heard_though_it_was_off(scene: ServiceStage) -> None:
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
    await has(bob, "heard")
    await bob.press("3")
    await does(bob, lambda s: s.new_messages + s.old_messages == 0)
    await bob.hang_up()
    await does(bob, dark)
    await has(bob)
    await deleted_there(scene)


async def deleted_there(scene: ServiceStage) -> None:
    """As the operator sees it, whatever the store is."""
    command = (sys.executable, "-m", "phone", "voicemail-service", "status", "--json", "--config", scene.service.config)
    async with asyncio.timeout(60):
        while True:
            process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
            told, _ = await process.communicate()
            if json.loads(told)["messages"] == 0:
                return
