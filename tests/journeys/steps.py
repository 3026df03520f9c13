"""What journeys do again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from phone.control import StatusReply
from phone.demo.hearing import RATE, Match, find
from phone.demo.speech import speak
from phone.demo.stage import Desk

LIKE_SPEECH = 0.6


def connected(status: StatusReply) -> bool:
    """In an encrypted call."""
    return any(c.progress == "connected" and c.encrypted for c in status.calls)


def idle(status: StatusReply) -> bool:
    """Nothing rings, sounds or lives."""
    return not status.calls and status.tone is None and not status.ringer


async def does(desk: Desk, what: Callable[[StatusReply], bool], seconds: float = 10) -> StatusReply:
    """It does so within that time, or the journey ends here."""
    if (status := await desk.until(what, seconds)) is None:
        pytest.fail(f"{desk.name} does not: {await desk.status()}")
    return status


async def all_idle(*desks: Desk) -> None:
    """Each of them comes to rest."""
    for each in desks:
        await does(each, idle)


async def put_through(caller: Desk, callee: Desk) -> None:
    """Lift, dial, ring, lift, talk."""
    await caller.lift()
    await caller.dial(callee.number)
    assert await callee.until(lambda s: s.ringer, 10), "no ring"
    await callee.lift()
    assert await callee.until(connected, 10), "callee not connected"
    assert await caller.until(connected, 10), "caller not connected"


async def say(mouth: Desk, ear: Desk, sentence: str) -> Match:
    """Speak at one end, listen at the other."""
    spoken = await asyncio.to_thread(speak, sentence)
    begin, end = mouth.say(spoken)
    start = ear.handset.sample_at(mouth.handset.monotonic_at(begin))
    await asyncio.sleep((end - begin) / RATE + 1.0)
    return await asyncio.to_thread(find, spoken, ear.heard(start, start + (end - begin) + RATE * 7 // 10))


async def talk_both_ways(a: Desk, b: Desk) -> None:
    """Each hears the other's sentence."""
    await understood(a, b, "How do you do?")
    await understood(b, a, "Very well, thank you.")


async def understood(mouth: Desk, ear: Desk, sentence: str) -> None:
    """It is heard; said again up to twice, since a machine with too much to do tears the one or the other sentence."""
    matches = []
    for _ in range(3):
        matches.append(await say(mouth, ear, sentence))
        if matches[-1].correlation > LIKE_SPEECH:
            return
    pytest.fail(f"{ear.name} does not hear {mouth.name}: {matches}")
