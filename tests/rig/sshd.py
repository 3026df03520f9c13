"""A private sshd on loopback, with the very rules that the phone installs for its user `provision`, for
whoever runs the tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from phone.demo.prosody import ServerError, end_process, free_ports, wait_for_ports

ROOT = Path(__file__).parents[2]
RULES = ROOT / "systemd" / "phone.sshd"


class PrivateSshd:
    """`async with PrivateSshd(folder, config_of_the_phone) as sshd: await sshd.run("phone provision get")`."""

    def __init__(self, folder: Path, config: Path) -> None:
        self.folder = folder
        self.key = folder / "key"
        self._config = config
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            raise ServerError("sshd is not installed: run `apt install openssh-server`")
        self.folder.mkdir(parents=True)
        for name in ("key", "host"):
            await _done(
                "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name} of a test", "-f", self.folder / name
            )
        shutil.copy(self.key.with_suffix(".pub"), self.folder / "keys")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # its place for privilege separation
        (self.port,) = free_ports(1)
        rules = self.folder / "sshd_config"
        rules.write_text(self._rules())
        with (self.folder / "sshd.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(program, "-D", "-e", "-f", str(rules), stderr=log)
        try:
            await wait_for_ports(self._process, [self.port], f"sshd; see {self.folder}")
        except BaseException:
            await end_process(self._process, at_once=True)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await end_process(self._process)

    def command(self, words: str, options: Sequence[str] = ()) -> list[str]:
        """The ssh command line that runs `words` there."""
        told = {
            "IdentityFile": self.key,
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": self.folder / "known_hosts",
            "LogLevel": "ERROR",
        }
        settings = [word for name, value in told.items() for word in ("-o", f"{name}={value}")]
        return ["ssh", "-F", "none", *settings, *options, "-p", str(self.port), f"{getpass.getuser()}@127.0.0.1", words]

    async def begin(self, words: str, sent: bytes = b"") -> asyncio.subprocess.Process:
        """The ssh client, with all of `sent` on its way."""
        pipe = asyncio.subprocess.PIPE
        client = await asyncio.create_subprocess_exec(*self.command(words), stdin=pipe, stdout=pipe, stderr=pipe)
        assert client.stdin is not None
        client.stdin.write(sent)
        await client.stdin.drain()
        client.stdin.close()
        return client

    async def run(self, words: str, sent: bytes = b"") -> tuple[int, str, str]:
        """Exit code, stdout, stderr; within 60 s."""
        client = await self.begin(words, sent)
        try:
            async with asyncio.timeout(60):
                out, err = await asyncio.gather(_text(client.stdout), _text(client.stderr))
                return await client.wait(), out, err
        finally:
            if client.returncode is None:
                client.kill()

    async def another_key(self) -> Path:
        """One that opens nothing yet."""
        await _done("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "another", "-f", self.folder / "another")
        return self.folder / "another"

    async def fingerprint(self) -> str:
        """Of the key, by another program than ours."""
        lister = await asyncio.create_subprocess_exec(
            "ssh-keygen", "-l", "-f", self.key, stdout=asyncio.subprocess.PIPE
        )
        return (await _text(lister.stdout)).split()[1]

    def command_pid(self) -> int:
        """The process of ours that serves a session."""
        words = (b"provision-shell", os.fsencode(self._config))
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                told = path.read_bytes().split(b"\0")
                if told[0] == os.fsencode(sys.executable) and all(word in told for word in words):
                    return int(path.parent.name)
        raise AssertionError("no session is served")

    def _rules(self) -> str:
        """Ours with this user, this phone and a place for keys that sshd takes from a test."""
        forced = f"/usr/bin/env PYTHONPATH={ROOT} {sys.executable} -m phone provision-shell --config {self._config}"
        ours = RULES.read_text()
        for old, new in (
            ("Match User provision", f"Match User {getpass.getuser()}"),
            ("/usr/bin/phone provision-shell", forced),
            ("/etc/ssh/phone_provision_keys", str(self.folder / "keys")),
            ("/etc/phone/", f"{self._config.parent}/"),
            ("AuthorizedKeysCommandUser provision", f"AuthorizedKeysCommandUser {getpass.getuser()}"),
        ):
            assert old in ours, old
            ours = ours.replace(old, new)
        return _SSHD.format(port=self.port, folder=self.folder) + ours


async def _done(*command: str | Path) -> None:
    process = await asyncio.create_subprocess_exec(*map(str, command))
    assert await process.wait() == 0, command


async def _text(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    return (await stream.read()).decode()


_SSHD = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
"""
