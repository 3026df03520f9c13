"""What journeys of three and four phones do again and again: pass a caller on, and see who hears whom."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
import sys
import time
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from pathlib import Path

import pytest
from journeys.listening import handsets, hears
from journeys.shell import media_pid
from journeys.steps import connected, idle, put_through

from phone.control import StatusReply
from phone.demo.hearing import RATE, tone_share
from phone.demo.prosody import PrivateProsody
from phone.demo.stage import Desk, desk, registered

ALLOW = '\n[transfer]\nallow = ["localhost"]\n'
"""Whoever is of this server may transfer the phone without a yes of its user."""
_PIECE = RATE // 50
_TONES = (1850.0, 1430.0)
"""No note of the music on hold, and no call progress tone."""


@contextlib.asynccontextmanager
async def desks(
    folder: Path, *names: str, plain: Collection[str] = (), extra: Mapping[str, str] | None = None
) -> AsyncIterator[dict[str, Desk]]:
    """Phones on one server, registered. Those in `plain` do not know XEP-0251; `extra` ends a phone's config."""
    passwords = {name: os.urandom(12).hex() for name in names}
    without = (sys.executable, str(Path(__file__).with_name("phone_without_transfer.py")))
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(PrivateProsody(folder / "prosody", passwords))
        made = {}
        for name, password in passwords.items():
            more = (extra or {}).get(name, ALLOW)
            made[name] = await stack.enter_async_context(
                desk(
                    folder / name,
                    name,
                    password,
                    server,
                    lambda config, more=more: config + more,
                    launcher=without if name in plain else (),
                )
            )
        await asyncio.gather(*(registered(each) for each in made.values()))
        yield made


# --- what one sees --------------------------------------------------------------------------------------------------


def with_whom(status: StatusReply) -> list[str]:
    """The names of those who are in a call with the phone."""
    return sorted(c.peer.partition("@")[0] for c in status.calls if c.progress == "connected")


def talks_with(name: str) -> Callable[[StatusReply], bool]:
    """With that one, who is not on hold, and with nobody else."""

    def true(status: StatusReply) -> bool:
        live = [c for c in status.calls if c.progress != "ended"]
        return with_whom(status) == [name] and len(live) == 1 and not live[0].held_by_us

    return true


def hears_music(status: StatusReply) -> bool:
    """On hold by the far end."""
    return any(c.held for c in status.calls)


def over(status: StatusReply) -> bool:
    """The call has ended, with a tone."""
    return status.tone in {"busy", "reorder"} and not connected(status)


def shows(text: str) -> Callable[[StatusReply], bool]:
    """It is on the display."""
    return lambda status: text in " ".join(status.screen)


async def sees(desk: Desk, true: Callable[[StatusReply], bool], seconds: float = 15) -> StatusReply:
    """It comes true within that time."""
    if (status := await desk.until(true, seconds)) is None:
        pytest.fail(f"{desk.name} is not there after {seconds} s: {await desk.status()}")
    return status


# --- what one does --------------------------------------------------------------------------------------------------


async def ask_to_pass_on(caller: Desk, attendant: Desk) -> None:
    """The caller talks with the attendant, who presses TRANSFER."""
    await put_through(caller, attendant)
    await sees(attendant, lambda s: any(c.progress == "connected" for c in s.calls))
    await asyncio.sleep(0.5)  # what the far end can is asked when the call is up
    await attendant.press("TRANSFER")
    await sees(caller, hears_music)
    await sees(attendant, lambda s: s.tone == "dial")


async def consult(attendant: Desk, callee: Desk) -> None:
    """The attendant calls the third party, who answers."""
    await attendant.dial(callee.number)
    await sees(callee, lambda s: s.ringer)
    await callee.lift()
    await sees(callee, connected)
    await sees(attendant, lambda s: callee.name in with_whom(s))


async def all_hang_up(*desks: Desk) -> None:
    """And nothing is left of any call."""
    for each in desks:
        await each.hang_up()
    for each in desks:
        await sees(each, idle, 20)


def lose_power(*desks: Desk) -> None:
    """Daemon and media process end in the same instant, without a word to anybody."""
    pids = [pid for each in desks for pid in (each.process.pid, media_pid(each))]
    for signal_ in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            os.kill(pid, signal_)


# --- what one hears -------------------------------------------------------------------------------------------------


async def hear_each_other(a: Desk, b: Desk, *others: Desk) -> None:
    """Both ways, and none of the others hears or is heard."""
    await hears(f"{a.name}>{b.name} {b.name}>{a.name}", handsets(a, b, *others))


async def until_they_hear(a: Desk, b: Desk, act: Callable[[], Awaitable[object]], seconds: float = 10) -> float:
    """Both sing while `act` is done: seconds from its beginning until each has heard the other."""
    for one, hz in zip((a, b), _TONES, strict=True):
        one.say(_song(hz, seconds))
    await asyncio.sleep(0.5)
    began = time.monotonic()
    await act()
    await asyncio.sleep(max(0.0, seconds - 1.0 - (time.monotonic() - began)))
    heard = [
        await asyncio.to_thread(_first, ear.heard(ear.handset.sample_at(began), ear.handset.now()), hz)
        for ear, hz in ((b, _TONES[0]), (a, _TONES[1]))
    ]
    assert None not in heard, f"{a.name} and {b.name} do not hear each other: {heard}"
    return max(at for at in heard if at is not None)


def _song(hz: float, seconds: float) -> array[int]:
    step = 2 * math.pi * hz / RATE
    second = [round(8000 * math.sin(step * i)) for i in range(RATE)]
    return array("h", second * math.ceil(seconds))


def _first(heard: array[int], hz: float) -> float | None:
    """Where the tone begins to be there for 60 ms, in seconds."""
    there = [tone_share(heard[at : at + _PIECE], hz) > 0.6 for at in range(0, len(heard) - _PIECE, _PIECE)]
    return next((i * _PIECE / RATE for i in range(len(there) - 3) if all(there[i : i + 3])), None)
