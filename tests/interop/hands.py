"""Hands on the desk phone and on the browser, and what the phone says of itself: what several tests do."""

from __future__ import annotations

import asyncio
import math
import time
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from browser import Event, Peer
from ears import Ear

from phone.control.messages import CallStatus, StatusReply
from phone.demo.hearing import RATE
from phone.demo.stage import Desk

PHONE = "alice@localhost/phone"
# Whole periods in a second, so that seconds join without a click.
ALICE_HZ = 440
BOB_HZ = 1000


def ear_of(desk: Desk) -> Ear:
    """What the handset's speaker said."""

    async def heard(seconds: float) -> array[int]:
        now = desk.handset.now()
        return desk.heard(now - int(seconds * RATE), now)

    return heard


@asynccontextmanager
async def humming(desk: Desk, hz: int = ALICE_HZ) -> AsyncIterator[None]:
    """Somebody hums into the handset for as long as the block lasts."""
    second = array("h", (int(8000 * math.sin(2 * math.pi * hz * i / RATE)) for i in range(RATE))).tobytes()

    async def hum() -> None:
        while True:
            end = desk.handset.say(second)
            await asyncio.sleep(max(0.0, (end - desk.handset.now()) / RATE - 0.5))

    task = asyncio.create_task(hum())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def told(desk: Desk, progress: str, within: float = 10) -> CallStatus:
    """The phone's one call, once its status says `progress`."""

    def there(status: StatusReply) -> bool:
        return [call.progress for call in status.calls] == [progress]

    status = await desk.until(there, within)
    assert status is not None, f"not {progress} within {within:g} s, but {(await desk.status()).calls}"
    return status.calls[0]


async def until_tone(desk: Desk, tone: str, within: float = 10) -> StatusReply:
    status = await desk.until(lambda status: status.tone == tone, within)
    assert status is not None, f"no {tone} tone within {within:g} s, but {await desk.status()}"
    return status


async def phone_calls_browser(alice: Desk, bob: Peer) -> None:
    """Alice lifts, hears the dial tone and dials 201; Bob answers by himself after some ringing."""
    began = time.time()
    await bob.answer_after(0.3)
    await dial_bob(alice)
    await asyncio.gather(bob.first("pc:connected", since=began), told(alice, "connected"))


async def browser_calls_phone(alice: Desk, bob: Peer) -> None:
    """Bob calls Alice's phone, which rings until she lifts."""
    began = time.time()
    await bob.call(PHONE)
    await bob.first("jingle:ringing", since=began)
    await told(alice, "offered")
    assert (await alice.status()).ringer
    await alice.lift()
    await asyncio.gather(bob.first("pc:connected", since=began), told(alice, "connected"))


async def dial_bob(alice: Desk) -> None:
    await alice.lift()
    # Keys pressed before the hook contact has settled are on-hook dialling.
    await until_tone(alice, "dial")
    await alice.dial("201")


def reason_of(ended: Event) -> object:
    assert isinstance(ended.detail, dict)
    data = ended.detail["data"]
    assert isinstance(data, dict)
    return data["condition"]
