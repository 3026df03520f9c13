"""What a process costs, by /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Costs:
    """One process at one moment."""

    cpu_seconds: float
    """User and system time since its start, of all its threads."""
    resident_mb: float
    """Without shared memory, which is the virtual card's pages."""
    threads: int
    descriptors: int


def costs(pid: int) -> Costs:
    """Raises FileNotFoundError or ProcessLookupError when there is no such process."""
    proc = Path("/proc") / str(pid)
    fields = (proc / "stat").read_text().rsplit(")", 1)[1].split()
    status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
    resident, shared = (int(status[key].split()[0]) for key in ("VmRSS", "RssShmem"))
    files = len(list((proc / "fd").iterdir()))
    return Costs((int(fields[11]) + int(fields[12])) / _TICK, (resident - shared) / 1024, int(fields[17]), files)


def children(pid: int) -> list[int]:
    """The processes that it started and that live."""
    tasks = (Path("/proc") / str(pid) / "task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


@dataclass(frozen=True, slots=True)
class Busy:
    """The whole machine's share of busy time between two moments."""

    busy: int
    total: int

    @classmethod
    def now(cls) -> Busy:
        times = [int(x) for x in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return cls(sum(times) - times[3] - times[4], sum(times))

    def percent_since(self, then: Busy) -> float:
        """Percent of all cores."""
        return 100 * (self.busy - then.busy) / max(1, self.total - then.total)
