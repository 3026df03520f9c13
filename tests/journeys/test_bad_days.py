"""When something breaks, the user is told in a sentence and the rest of the phone goes on."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from journeys.steps import LIKE_SPEECH, connected, idle, put_through, say, talk_both_ways

from phone.demo.stage import Desk, Stage

pytestmark = [pytest.mark.servers, pytest.mark.slow]


def media_pid(desk: Desk) -> int:
    """The daemon's child that carries the sound."""
    children = Path(f"/proc/{desk.process.pid}/task/{desk.process.pid}/children").read_text().split()
    return next(int(pid) for pid in children if b"phone.media.process" in Path(f"/proc/{pid}/cmdline").read_bytes())


async def test_the_media_process_is_killed_in_a_call(alice: Desk, bob: Desk) -> None:
    await put_through(alice, bob)
    old = media_pid(alice)
    os.kill(old, signal.SIGKILL)
    assert await bob.until(lambda s: s.tone in {"busy", "reorder"}, 10), "the far end was not told"
    assert await alice.until(lambda s: s.tone == "reorder", 10)
    await asyncio.sleep(0.5)
    assert media_pid(alice) != old
    await alice.hang_up()
    await bob.hang_up()
    assert await alice.until(idle, 5)
    await put_through(bob, alice)
    await talk_both_ways(bob, alice)


async def test_the_daemon_is_killed_and_started_again(scene: Stage, alice: Desk, bob: Desk) -> None:
    await put_through(alice, bob)
    await alice.hang_up()
    assert await bob.until(lambda s: s.tone == "busy", 5)
    await bob.hang_up()
    assert await alice.until(idle, 5)
    await put_through(bob, alice)
    alice.process.kill()
    await alice.process.wait()
    assert await bob.until(lambda s: not any(c.progress == "connected" for c in s.calls), 30), "silence for ever"
    await alice.start_again()
    assert await alice.until(lambda s: s.registered, 15)
    assert any(e.reason == "hang-up" for e in await alice.calls()), "the log lost a call"
    await bob.hang_up()
    await put_through(bob, alice)
    await talk_both_ways(bob, alice)


async def test_the_server_restarts_in_a_call(scene: Stage, alice: Desk, bob: Desk) -> None:
    await put_through(alice, bob)
    await scene.prosody.kill()
    assert await alice.until(lambda s: not s.registered, 20)
    await talk_both_ways(alice, bob)
    await scene.prosody.start()
    assert await alice.until(lambda s: s.registered, 30)
    assert await bob.until(lambda s: s.registered, 30)
    assert await alice.until(connected, 1), "speech must go on"
    await talk_both_ways(bob, alice)
    await alice.hang_up()
    assert await bob.until(lambda s: not connected(s), 10), "the hang-up did not arrive"


async def test_the_handsets_card_is_pulled_out_and_put_back_in_a_call(alice: Desk, bob: Desk) -> None:
    await put_through(alice, bob)
    alice.handset.unplug()
    assert await alice.until(lambda s: bool(s.audio_troubles), 10)
    status = await alice.status()
    assert connected(status)
    assert status.audio_troubles[0].startswith("The handset's sound card is unplugged ('alice_ear')")
    alice.handset.plug()
    assert await alice.until(lambda s: not s.audio_troubles, 10)
    await asyncio.sleep(0.5)
    assert (await say(bob, alice, "Are you there again?")).correlation > LIKE_SPEECH
    assert (await say(alice, bob, "Yes, here I am again.")).correlation > LIKE_SPEECH


async def test_nobody_answers_an_address_that_is_not_there(alice: Desk) -> None:
    await alice.lift()
    await alice.call("nobody@localhost")
    assert await alice.until(lambda s: s.tone == "reorder", 40)
    assert not any(c.progress != "ended" for c in (await alice.status()).calls)


async def test_a_daemon_that_is_stopped_in_a_call_says_good_bye(alice: Desk, bob: Desk) -> None:
    await put_through(alice, bob)
    alice.process.terminate()
    assert await alice.process.wait() == 0
    assert await bob.until(lambda s: s.tone == "busy", 5)
    assert any(e.reason == "hang-up" for e in await bob.calls())
