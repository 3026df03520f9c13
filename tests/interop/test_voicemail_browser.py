"""A browser that knows nothing of voicemail leaves messages by an ordinary call: at a phone that answers for its owner,
and at the service's voicemail address.

What the browser really did here: it takes the greeting as any speech, keeps sending while it is recorded, and either
side may end the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from browser import Browser, Peer
from ears import hears_tone
from hands import ear_of, reason_of
from journeys.leaving import dark, has, hears_greeting, looks_at_calls, messages
from journeys.steps import does, idle
from rig.service_stage import VM, ServiceStage, service_stage
from rig.signals import onset, tone_level
from rig.words import Samples

from phone.demo.hearing import RATE
from phone.demo.stage import Desk

pytestmark = [
    pytest.mark.servers,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="session"),
]

HZ = 660
BEEP_HZ = 1000
"""Of the tone after the greeting."""
ANSWERING = "\n[voicemail]\nanswer_seconds = 5.0\n"


@pytest_asyncio.fixture(loop_scope="session")
async def scene(tmp_path: Path) -> AsyncIterator[ServiceStage]:
    async with service_stage(tmp_path, websocket=True) as scene:
        yield scene


@pytest_asyncio.fixture(loop_scope="session")
async def bob(scene: ServiceStage, browser: Browser) -> AsyncIterator[Peer]:
    """His browser."""
    peer = await browser.open()
    assert scene.server.websocket_url is not None
    await peer.connect("bob@localhost", scene.passwords["bob"], scene.server.websocket_url)
    yield peer
    await peer.close()


async def test_at_a_phone_that_answers_for_its_owner(scene: ServiceStage, bob: Peer) -> None:
    alice = await scene.desk("alice", edit=lambda config: config + ANSWERING)
    await bob.call("alice@localhost/phone")
    await greeted(bob, "greeting")
    await does(alice, lambda s: s.screen[0].startswith("Recording"))
    await hums(bob)
    await bob.hang_up()
    await does(alice, idle)
    await does(alice, lambda s: s.new_messages == 1)
    await heard_at_the_phone(alice)


async def test_at_the_voicemail_address_of_the_service(scene: ServiceStage, bob: Peer) -> None:
    """Who falls silent is hung up on; his words are in the owner's chat and phone."""
    alice, chat = await scene.desk("alice"), await scene.chat("alice@localhost")
    await bob.call(f"alice@{VM}/voicemail")
    await greeted(bob, "service-greeting")
    await hums(bob)
    await bob.tone(0)
    assert reason_of(await bob.first("jingle:terminated", within=30)) == "success"
    await chat.until(lambda c: c.texts and c.voices)
    assert "bob@localhost" in chat.texts[0].body
    assert hummed(await chat.listen(chat.voices[0])) > 2.0
    await does(alice, lambda s: s.new_messages == 1)
    assert await messages(alice) == [("new", "bob@localhost")]
    await heard_at_the_phone(alice)


async def greeted(bob: Peer, prompt: str) -> None:
    """He hears the sentence, and the tone after it."""
    await bob.first("pc:connected")
    async with asyncio.timeout(25):
        while onset(np.array(heard := await bob.heard(20), np.int16), BEEP_HZ, window=RATE // 5) is None:
            await asyncio.sleep(0.2)
    hears_greeting(heard, prompt)
    await asyncio.sleep(0.5)


async def hums(bob: Peer) -> None:
    """For a while."""
    await bob.tone(HZ)
    await asyncio.sleep(3.5)


def hummed(sound: Samples) -> float:
    """Seconds of the tone in it."""
    part = RATE // 20
    levels = [tone_level(sound[at : at + part], HZ) for at in range(0, len(sound) - part + 1, part)]
    return sum(level > -30 for level in levels) * 0.05


async def heard_at_the_phone(alice: Desk) -> None:
    """The lamp, the key, the tone; then it is dark."""
    await looks_at_calls(alice)
    await does(alice, lambda s: "message" in s.lamps)
    await alice.lift()
    await does(alice, lambda s: s.tone == "stutter")
    await alice.press("VOICEMAIL")
    await hears_tone(ear_of(alice), HZ, 30)
    await does(alice, lambda s: s.new_messages == 0, 20)
    await alice.hang_up()
    await does(alice, dark)
    await has(alice, "heard")
