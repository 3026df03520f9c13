"""Programs under measurement: started, logged, and ended again by their own handle."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path


class DiedError(RuntimeError):
    """A program ended while it was measured."""


def may_prioritise(priority: int) -> bool:
    """This user may run programs at that SCHED_FIFO priority."""
    try:
        subprocess.run(["chrt", "-f", str(priority), "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


@contextlib.contextmanager
def program(
    argv: Sequence[str], log: Path, environment: Mapping[str, str], priority: int = 0
) -> Iterator[subprocess.Popen[bytes]]:
    """Run it until the end of the block, its home the log's folder."""
    shielded = ["chrt", "-f", str(priority), *argv] if priority else list(argv)
    env = {**os.environ, **environment, "HOME": str(log.parent)}
    with (
        log.open("wb") as out,
        subprocess.Popen(shielded, env=env, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def check_alive(process: subprocess.Popen[bytes], log: Path) -> None:
    """Raises DiedError with the end of its log."""
    if process.poll() is not None:
        raise DiedError(f"{log.parent.name} ended with {process.returncode}: {log.read_text(errors='replace')[-400:]}")


def debian_version(package: str) -> str:
    """The installed version of a Debian package; "" where there is none."""
    try:
        run = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""
