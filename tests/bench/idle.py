"""The phone that nobody touches: what it costs a core, what it keeps in memory, and how soon it has a dial tone."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from rig.costs import costs
from rig.supervisor import Supervisor

from bench.daemon import Daemon, Seat, phones
from bench.ears import seats
from bench.model import Case, Options, Result, Say

_SETTLE = 10.0
"""Seconds until all that a sign-in brings about is done."""
_IDLE = 60.0
_STARTS = 3
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Use:
    """One process at one moment."""

    cpu_seconds: float
    wakeups: int
    """Times that any thread has gone to sleep."""
    resident_mb: float
    proportional_mb: float
    """What it shares with others counts in parts."""

    @classmethod
    def of(cls, pid: int) -> Use:
        """Raises FileNotFoundError when there is no such process."""
        proc = Path("/proc") / str(pid)
        sleeps = [_field(task / "status", "voluntary_ctxt_switches") for task in (proc / "task").iterdir()]
        cost = costs(pid)
        return cls(cost.cpu_seconds, sum(sleeps), cost.resident_mb, _field(proc / "smaps_rollup", "Pss") / 1024)


def _field(path: Path, name: str) -> int:
    lines = path.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _compiled(seat: Seat, folder: Path) -> Seat:
    """As an installed phone, whose modules were compiled with its package."""
    cache = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    return replace(seat, environment={**seat.environment, **cache})


def _started(pid: int) -> float:
    """The monotonic instant at which a process began."""
    ticks = int((Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[19])
    return ticks / _TICK - time.clock_gettime(time.CLOCK_BOOTTIME) + time.monotonic()


async def _one(seat: Seat, folder: Path, options: Options, seconds: float) -> tuple[float, dict[str, tuple[Use, Use]]]:
    """From start to dial tone in seconds; what each process used before and after so many idle ones."""
    folder.mkdir(parents=True)
    with Supervisor(folder / "notify") as systemd:
        ready = asyncio.create_task(systemd.until(lambda s: s.last("READY") is not None, 30))
        told = replace(seat, environment={**seat.environment, **systemd.environment})
        async with phones(folder, [told], options) as (phone,):
            await ready
            first = next(each.at for each in systemd.read() if each.name == "READY") - _started(phone.process.pid)
            return first, await _rest(phone, seconds)


async def _rest(phone: Daemon, seconds: float) -> dict[str, tuple[Use, Use]]:
    if not seconds:
        return {}
    await asyncio.sleep(_SETTLE)
    pids = {"control": phone.process.pid, "media": phone.media_pid()}
    before = {kind: Use.of(pid) for kind, pid in pids.items()}
    await asyncio.sleep(seconds)
    return {kind: (before[kind], Use.of(pid)) for kind, pid in pids.items()}


async def _idle(options: Options, say: Say) -> Result:
    result, folder, starts = Result("idle"), options.folder / "idle", []
    with seats(folder, "alice") as (place,):
        seat = _compiled(place, folder)
        for number in range(_STARTS):
            say(f"idle, start {number + 1} of {_STARTS}")
            last = number == _STARTS - 1
            first, used = await _one(seat, folder / f"start-{number}", options, _IDLE if last else 0.0)
            starts.append(first)
    result.figures["start to dial tone, s"] = [round(each, 2) for each in starts[1:]]  # the first one compiles
    spans = {kind: (b.cpu_seconds - a.cpu_seconds, b.wakeups - a.wakeups) for kind, (a, b) in used.items()}
    for kind, (cpu, wakeups) in spans.items():
        result.figures[f"{kind} process, idle, CPU %"] = [round(100 * cpu / _IDLE, 2)]
        result.figures[f"{kind} process, idle, wake-ups a second"] = [round(wakeups / _IDLE, 1)]
        result.figures[f"{kind} process, idle, proportional MB"] = [round(used[kind][1].proportional_mb, 1)]
    result.figures["both processes, idle, CPU %"] = [round(100 * sum(cpu for cpu, _ in spans.values()) / _IDLE, 2)]
    result.figures["both processes, idle, MB"] = [round(sum(after.resident_mb for _, after in used.values()), 1)]
    return result


CASES = (
    Case(
        "idle",
        "a phone that nobody touches: CPU, wake-ups, memory; start to dial tone",
        lambda options, say: asyncio.run(_idle(options, say)),
    ),
)
