"""Every boot ends with a phone that has a dial tone and is registered, however the one before ended.

`./dev hil --boots 100` does it that often, and tells how long each took.
"""

from __future__ import annotations

import asyncio
import base64
import statistics
from array import array
from dataclasses import dataclass
from pathlib import Path

import pytest
from hil.household import Household, household
from hil.link import LinkError
from hil.seat import NAME
from journeys.steps import does, idle

from phone.demo.hearing import RATE, loudness, tone_share

pytestmark = [pytest.mark.servers, pytest.mark.slow]

USUAL = 2
"""Boots where nobody asks for more."""
SECONDS_EACH = 120
DIAL_TONE = 425
"""Hertz, in Germany."""
_TRIES = 20
_PART = RATE // 20
_HEARD = (
    f"arecord -q -D plughw:CARD={NAME},DEV=1 -t raw -f S16_LE -r {RATE} -c 1 -s {RATE // 2} 2>/dev/null | base64 -w 0"
)
_READY = (
    "until systemctl is-active -q phone; do sleep 0.05; done; "
    "systemctl show phone -p ActiveEnterTimestampMonotonic --value"
)
_WRONG = (AssertionError, LinkError, pytest.fail.Exception)
_BUGS = ("Traceback", "a bug of the phone's own", "watchdog", "core dump", "ordering cycle")


@dataclass(frozen=True, slots=True)
class Boot:
    """One that went well. Seconds since its kernel began."""

    ready: float
    """READY=1: keys, display and dial tone live."""
    registered: float
    """At most: when it was seen first."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "boots" in metafunc.fixturenames:
        boots = int(metafunc.config.getoption("boots", USUAL))
        metafunc.parametrize("boots", [pytest.param(boots, marks=pytest.mark.timeout(300 + boots * SECONDS_EACH))])


async def test_each_boot_ends_with_a_dial_tone(boots: int, tmp_path: Path) -> None:
    """The power is cut after each even one."""
    came, failed = [], []
    async with household(tmp_path) as home:
        for number in range(boots):
            if number:
                await asyncio.to_thread(home.pi.cut_power if number % 2 else home.pi.shut_down)
                await asyncio.to_thread(home.pi.boot)
            try:
                came.append(await booted(home))
                print(f"boot {number + 1}: {came[-1]}", flush=True)
            except _WRONG as error:
                failed.append(f"boot {number + 1}: {error}\n{journal(home)}")
                print(failed[-1], flush=True)
    print(figures(came))
    assert not failed


async def booted(home: Household) -> Boot:
    """What its user finds. Raises AssertionError for what should not be."""
    alice, pi = home.alice, home.pi
    ready = int((await asyncio.to_thread(pi.run, _READY, timeout=90)).check()) / 1e6
    await asyncio.to_thread(pi.display.wait, lambda picture: picture.getbbox() is not None)
    status = await does(alice, lambda s: s.registered, 60)
    online = pi.uptime()
    assert status.audio_troubles + status.desk_troubles == ()
    await alice.lift()
    await does(alice, lambda s: s.tone == "dial", 20)
    await dial_tone(home)
    await alice.hang_up()
    await does(alice, idle, 20)
    told = journal(home)
    assert not [line for line in told.splitlines() if any(bug in line for bug in _BUGS)], told
    return Boot(ready, online)


async def dial_tone(home: Household) -> None:
    """It is heard, torn as a busy machine may tear it: in a quarter of the parts of half a second."""
    for _ in range(_TRIES):
        told = await asyncio.to_thread(home.pi.run, _HEARD)
        heard = array("h", base64.b64decode(told.check()))
        parts = [heard[at : at + _PART] for at in range(0, len(heard), _PART)]
        if 4 * sum(loudness(part) > 300 and tone_share(part, DIAL_TONE) > 0.9 for part in parts) >= len(parts) > 1:
            return
    pytest.fail("no dial tone is heard")


def journal(home: Household) -> str:
    """Of the phone; what the console said last where nobody can be asked."""
    try:
        return home.pi.run("journalctl -b -u phone --no-pager -o short-monotonic").out
    except LinkError:
        return home.pi.console()[-3000:]


def figures(boots: list[Boot]) -> str:
    lines = [f"{len(boots)} boots with dial tone and registered"]
    if not boots:
        return lines[0]
    for what, seconds in (("READY", [b.ready for b in boots]), ("registered", [b.registered for b in boots])):
        ordered = sorted(seconds)
        middle, high = statistics.median(ordered), ordered[len(ordered) * 9 // 10]
        spread = f"{ordered[0]:.1f} to {ordered[-1]:.1f} s after the kernel began"
        lines.append(f"{what}: {spread}, median {middle:.1f}, p90 {high:.1f}")
    return "\n".join(lines)
