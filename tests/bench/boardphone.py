"""The whole phone on a virtual Pi, out of its package: how soon it has a dial tone, what it costs, and whether its
display delays its packets.
"""

from __future__ import annotations

import asyncio
from itertools import cycle

from hil import cache, figures
from hil.household import Household, household
from journeys.steps import does, put_through

from bench.model import Case, Options, Result, Say
from bench.pacing import deviations

_BOOTS, _LIFTS = 5, 40
"""A round's lifts."""
_SETTLE, _IDLE = 10.0, 30.0
_TALK, _KEY_EVERY = 10.0, 0.1
"""Seconds; a round's."""


async def _measure(home: Household, options: Options, say: Say, result: Result) -> None:
    starts = []
    for number in range(_BOOTS):
        say(f"a phone on a virtual Pi, boot {number + 1} of {_BOOTS}")
        if number:
            await asyncio.to_thread(home.pi.shut_down)
            await asyncio.to_thread(home.pi.boot)
        starts.append(round(await asyncio.to_thread(figures.power_on_to_ready, home.pi), 2))
        await does(home.alice, lambda s: s.registered, 60)
    result.figures["power-on to dial tone, s"] = starts
    say("a phone on a virtual Pi, at rest")
    await asyncio.sleep(_SETTLE)
    cost = await asyncio.to_thread(figures.cost, home.pi, _IDLE)
    result.figures["phone on the board, idle, CPU %"] = [round(cost.cpu_percent, 1)]
    result.figures["phone on the board, idle, MB"] = [round(cost.resident_mb, 1)]
    result.figures["phone on the board, idle, proportional MB"] = [round(cost.proportional_mb, 1)]
    say("a phone on a virtual Pi, lifted")
    await asyncio.to_thread(home.alice.listen)
    lifts = await asyncio.to_thread(figures.lifts, home.alice, _LIFTS * options.rounds)
    result.figures["hook to dial tone on the board, ms"] = [round(each, 1) for each in lifts]
    say("a phone on a virtual Pi, in a call")
    await put_through(home.alice, home.neighbours["bob"])
    watch = (deviations, home.pi.cable.address, _TALK * options.rounds)
    result.figures["packet too early or late, ms"] = await asyncio.to_thread(*watch)
    drawing = asyncio.create_task(_draw(home))
    result.figures["packet too early or late while pictures are drawn, ms"] = await asyncio.to_thread(*watch)
    drawing.cancel()


async def _draw(home: Household) -> None:
    """The volume's picture and the call's, in turn."""
    for key in cycle(("VOL+", "VOL-")):
        await home.alice.press(key, _KEY_EVERY / 2)
        await asyncio.sleep(_KEY_EVERY / 2)


async def _all(options: Options, say: Say) -> Result:
    result = Result("board-phone")
    if reason := cache.why_not():
        return Result("board-phone", error=f"left out: {reason}")
    async with household(options.folder / "board", "bob") as home:
        await _measure(home, options, say, result)
    return result


CASES = (
    Case(
        "board-phone",
        "the whole phone on a virtual Pi: power-on to dial tone, hook to dial tone, cost",
        lambda options, say: asyncio.run(_all(options, say)),
    ),
)
