"""A private PostgreSQL: own folder, own Unix socket, no network; the system's one is never touched."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

_USER = "postgres"
"""Debian's package makes it: PostgreSQL refuses to run as root, and containers often are root."""


def programs() -> Path | None:
    """Where initdb and postgres are; Debian keeps them out of $PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = shutil.which("initdb")
    return found[-1].parent if found else Path(path).parent if path else None


class PrivatePostgres:
    def __init__(self, folder: Path, where: Path) -> None:
        self.folder, self._programs = folder, where
        self._who = {"user": _USER, "group": _USER, "extra_groups": []} if os.geteuid() == 0 else {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._who:
            owner = pwd.getpwnam(_USER)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        data = self.folder / "data"
        if not data.exists():
            self._run("initdb", "-D", str(data), "-A", "trust", "-U", "phone", "-E", "UTF8", "--no-sync", "--locale=C")
        arguments = ["-D", str(data), "-k", str(self.folder), "-c", "listen_addresses=", "-c", "fsync=off"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", *arguments], stdout=log, stderr=log, cwd=self.folder, **self._who
            )
        self._run("pg_isready", "-h", str(self.folder), "-t", "30", tries=300)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nobody reads its data again
            self._process.wait(30)

    def database(self) -> str:
        """An empty schema, which is much quicker made than a database; its URL."""
        name = f"t{secrets.token_hex(6)}"
        with psycopg.connect(f"host={self.folder} user=phone dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"postgresql+psycopg://phone@/postgres?host={self.folder}&options=-csearch_path%3D{name}"

    def _run(self, program: str, *arguments: str, tries: int = 1) -> None:
        command = [self._programs / program, *arguments]
        for _ in range(tries):
            done = subprocess.run(command, capture_output=True, cwd=self.folder, check=False, **self._who)
            if done.returncode == 0:
                return
            if self._process is not None:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.1)
        raise AssertionError(done.stdout + done.stderr)


@contextlib.contextmanager
def running() -> Iterator[PrivatePostgres]:
    """A server in a folder of its own. Skips the test where PostgreSQL is not installed."""
    where = programs()
    if where is None:
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    folder = fresh_folder()
    server = PrivatePostgres(folder, where)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@contextlib.contextmanager
def database() -> Iterator[str]:
    """The URL of an empty one, on a server of its own. Skips as `running` does."""
    with running() as server:
        yield server.database()


def fresh_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="phone-postgres-"))
