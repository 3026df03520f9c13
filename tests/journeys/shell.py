"""The phone as someone at a shell meets it: the command `phone`, processes, logs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from phone.demo.stage import Desk


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def plain(self) -> bool:
        """Sentences, not tracebacks."""
        return "Traceback" not in self.out + self.err


async def phone(
    *arguments: str | Path, environment: Mapping[str, str] | None = None, stdin: str | None = None, seconds: float = 30
) -> Outcome:
    """Run `phone ARGUMENTS` to its end, within 30 s."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "phone", *map(str, arguments)),
        env=environment or os.environ,
        stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told = None if stdin is None else stdin.encode()
    try:
        out, err = await asyncio.wait_for(process.communicate(told), seconds)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    return Outcome(await process.wait(), out.decode(), err.decode())


def media_pid(desk: Desk) -> int:
    """The daemon's child that carries the sound."""
    children = Path(f"/proc/{desk.process.pid}/task/{desk.process.pid}/children").read_text().split()
    return next(int(pid) for pid in children if b"phone.media.process" in Path(f"/proc/{pid}/cmdline").read_bytes())


def resident_kb(pid: int) -> int:
    """Memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def ended(pid: int) -> bool:
    """Gone, or a zombie that nobody has reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def unclean(desk: Desk) -> list[str]:
    """Lines of the log that tell of a bug of ours, or that hold the password."""
    secret = desk.config.with_name("password").read_text()
    marks = ("Traceback", "never retrieved", "fault of its own", "cannot be handled", secret)
    return [line for line in desk.log.read_text().splitlines() if any(mark in line for mark in marks)]
