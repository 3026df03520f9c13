"""From a desk elsewhere: the panel through `ssh -L`, and what a helper asks by `ssh`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from report.archives import unpacked
from rig.sshd import ROOT, PrivateSshd
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from phone.demo.prosody import free_ports, wait_for_ports
from phone.demo.stage import Desk, stage, with_panel

pytestmark = [pytest.mark.servers, pytest.mark.slow]


class LoginSshd(PrivateSshd):
    """As a Raspberry Pi's own: whoever logs in may do what he may do there."""

    def _rules(self) -> str:
        return f"""\
ListenAddress 127.0.0.1:{self.port}
HostKey {self.folder}/host
AuthorizedKeysFile {self.folder}/keys
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
"""


@pytest.fixture
async def alice(tmp_path: Path) -> AsyncIterator[Desk]:
    async with stage(tmp_path, "alice", edit=lambda config: with_panel(config, ())) as scene:
        yield scene.desks["alice"]


@contextlib.asynccontextmanager
async def forwarded(sshd: LoginSshd, port: int) -> AsyncIterator[int]:
    """`ssh -N -L LOCAL:127.0.0.1:PORT phone`; the local port."""
    (local,) = free_ports(1)
    *command, _ = sshd.command(
        "", ["-N", "-o", "ExitOnForwardFailure=yes", "-L", f"127.0.0.1:{local}:127.0.0.1:{port}"]
    )
    tunnel = await asyncio.create_subprocess_exec(*command)
    try:
        await wait_for_ports(tunnel, [local], "ssh -L")
        yield local
    finally:
        tunnel.terminate()
        await tunnel.wait()


async def test_a_desk_elsewhere(alice: Desk, tmp_path: Path) -> None:
    phone = f"env PYTHONPATH={ROOT} {sys.executable} -m phone"
    async with LoginSshd(tmp_path / "sshd", alice.config) as sshd:
        code, out, err = await sshd.run(f"{phone} status --json --config {alice.config}")
        assert (code, err) == (0, "")
        assert json.loads(out)["registered"] is True
        code, out, _ = await sshd.run(f"{phone} panel --config {alice.config}")
        assert code == 0
        there = urlsplit(next(word for word in out.split() if word.startswith("http://")))
        assert there.port
        async with forwarded(sshd, there.port) as local:
            assert local != there.port
            for host in ("127.0.0.1", "localhost"):
                await the_panel_opens(f"{host}:{local}", there.query)
            await strangers_stay_outside(local, there.query)
        await a_report_comes_home(sshd, f"{phone} report --out - --config {alice.config}", tmp_path / "home.tar.xz")


async def the_panel_opens(host: str, query: str) -> None:
    page = await got(f"http://{host}/?{query}")
    assert page.startswith("200 <!doctype html>")
    assert (await got(f"http://{host}/panel.js")).startswith("200 ")
    async with connect(f"ws://{host}/socket?{query}", origin=f"http://{host}") as socket:
        assert json.loads(await asyncio.wait_for(socket.recv(), 10))


async def strangers_stay_outside(local: int, query: str) -> None:
    """Behind the tunnel as before it."""
    here = f"127.0.0.1:{local}"
    assert (await got(f"http://{here}/")).startswith("403 ")
    assert (await got(f"http://{here}/?{query}", host="rebound.example")).startswith("421 ")
    for origin in ("http://evil.example", f"http://127.0.0.1:{local + 1}", None):
        with pytest.raises(InvalidStatus, match="403"):
            await connect(f"ws://{here}/socket?{query}", origin=origin)


async def a_report_comes_home(sshd: LoginSshd, command: str, file: Path) -> None:
    """As `ssh phone@desk phone report --out - > home.tar.xz` does."""
    client = await sshd.begin(command)
    out, err = await asyncio.wait_for(client.communicate(), 60)
    assert client.returncode == 0, err
    file.write_bytes(out)
    assert "status.json" in unpacked(file)
    assert b"Secrets were taken out" in err


async def got(url: str, host: str | None = None) -> str:
    """Status and body."""

    def get() -> str:
        request = Request(url, headers={"Host": host} if host else {})  # noqa: S310 - all http, on loopback
        try:
            with urlopen(request, timeout=10) as answer:  # noqa: S310
                return f"{answer.status} {answer.read().decode()}"
        except HTTPError as refused:
            with refused:
                return f"{refused.code} {refused.read().decode()}"

    return await asyncio.to_thread(get)
