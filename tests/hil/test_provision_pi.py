"""A telephone that was just installed is looked after from afar: its own sshd, its own rules, its own systemd.

The user `provision` has one key, which opens `phone provision` and nothing else.
"""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import tarfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from hil.household import Household, Watched, household
from hil.outside import config_of
from hil.seat import PROFILE
from journeys.steps import does

from phone.control import StatusReply

pytestmark = [
    pytest.mark.servers,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
]

USER = "provision"
PATIENCE = 60.0
_SSHD = """
cat >/etc/ssh/phone_provision_keys <<'END'
{key}
END
chmod 644 /etc/ssh/phone_provision_keys
# What comes first counts: a session without a network is lost after 3 seconds instead of 30.
printf 'Match User provision\\nClientAliveInterval 1\\n' >/etc/ssh/sshd_config.d/00-impatient.conf
sed -i 's|^profile = "sim"|profile = "{profile}"|; s/CARD=Ringer/CARD=Handset/' /etc/phone/phone.toml
"""


@dataclass(frozen=True, slots=True)
class Afar:
    """Somebody with the key."""

    home: Household
    key: Path

    @property
    def alice(self) -> Watched:
        return self.home.alice

    def run(self, words: str, sent: bytes = b"", *options: str) -> subprocess.CompletedProcess[bytes]:
        """`ssh provision@desk WORDS`, to its end."""
        return subprocess.run(self._ssh(words, *options), input=sent, capture_output=True, timeout=180, check=False)

    def begin(self, words: str, sent: bytes) -> subprocess.Popen[bytes]:
        """The same, not waited for; all is sent."""
        client = subprocess.Popen(
            self._ssh(words), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert client.stdin is not None
        with client.stdin as stdin:
            stdin.write(sent)
        return client

    def bundle(self, name: str, password: str) -> bytes:
        """That person's config and the server's certificate, as `tar -c desk.toml ca.pem` has them."""
        files = config_of(name, password, self.home.server)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for path, text in files.items():
                entry = tarfile.TarInfo(Path(path).name)
                entry.size = len(text.encode())
                archive.addfile(entry, io.BytesIO(text.encode()))
        return packed.getvalue()

    def newest(self) -> Mapping[str, str]:
        """Of the phone's history."""
        told = self.home.pi.run("phone provision history --json").check()
        newest: Mapping[str, str] = json.loads(told)["versions"][0]
        return newest

    def _ssh(self, words: str, *options: str) -> list[str]:
        command = self.home.pi.ssh.command(words, user=USER, key=self.key)
        return [command[0], *options, *command[1:]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def afar(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Afar]:
    folder = tmp_path_factory.mktemp("afar")
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "helper", "-f", key], check=True)
    sshd = _SSHD.format(key=key.with_suffix(".pub").read_text().strip(), profile=PROFILE)
    async with household(folder, "bob", account=False, prepare=sshd) as home:
        home.pi.run("until systemctl is-active -q ssh; do sleep 0.1; done", timeout=120).check()
        yield Afar(home, key)
        journal = home.pi.run("journalctl -b --no-pager -u phone").out
        assert "Traceback" not in journal, journal
        assert not [line for line in journal.splitlines() if any(word in line for word in home.passwords.values())]


def account(name: str) -> Callable[[StatusReply], bool]:
    return lambda status: status.account.startswith(f"{name}@")


def online(name: str) -> Callable[[StatusReply], bool]:
    return lambda status: status.registered and status.account.startswith(f"{name}@")


async def test_a_new_phone_is_given_its_account(afar: Afar) -> None:
    """It lives before its network does."""
    status = await does(afar.alice, lambda s: not s.account and "ssh provision@" in s.why, PATIENCE)
    assert status.why.startswith("no account")
    password = afar.home.passwords["alice"]
    done = await asyncio.to_thread(afar.run, "phone provision --bundle", afar.bundle("alice", password))
    assert done.returncode == 0, done.stderr.decode()
    told = done.stdout.decode()
    assert '+ account.jid = "alice@localhost"' in told
    assert told.splitlines()[-1].endswith("is confirmed")
    assert password not in told
    await does(afar.alice, online("alice"), PATIENCE)
    done = await asyncio.to_thread(afar.run, "phone provision --bundle --json", afar.bundle("alice", password))
    assert json.loads(done.stdout)["result"] == "unchanged"


async def test_the_key_opens_nothing_else(afar: Afar) -> None:
    for words in (
        "",
        "id",
        "sh -c id",
        "phone status",
        "phone provision get; id",
        "phone provision get --config=/etc/passwd",
    ):
        done = await asyncio.to_thread(afar.run, words)
        assert (done.returncode, done.stdout) == (1, b""), words
        assert b"ssh provision@desk phone provision < desk.toml" in done.stderr
    through = await asyncio.to_thread(afar.run, "", b"", "-W", "127.0.0.1:22")
    assert (through.returncode, through.stdout) != (0, b""), "a way into the network behind"
    assert b"SSH-2.0" not in through.stdout
    files = await asyncio.to_thread(afar.run, "sftp", b"", "-s")
    assert (files.returncode, files.stdout) == (1, b"")


async def test_a_wrong_password_is_taken_back(afar: Afar) -> None:
    done = await asyncio.to_thread(afar.run, "phone provision --bundle", afar.bundle("alice", "wrong-x7"))
    assert done.returncode == 1
    assert b"rolled back, the phone is as it was: bad password" in done.stderr
    assert b"wrong-x7" not in done.stdout + done.stderr
    await does(afar.alice, online("alice"), PATIENCE)
    assert afar.newest()["result"] == "rolled back"


async def test_a_session_that_is_cut_takes_its_config_with_it(afar: Afar) -> None:
    """Its client is killed; then the network cable is pulled. The server is away, so neither is confirmed before."""
    home = afar.home
    await home.server.stop()
    for cable in (False, True):
        before = int(afar.newest()["version"])
        client = afar.begin("phone provision --bundle", afar.bundle("bob", home.passwords["bob"]))
        try:
            await does(afar.alice, account("bob"), PATIENCE)
            if cable:
                await asyncio.to_thread(home.pi.cable.plug, plugged=False)
            else:
                client.kill()
            await does(afar.alice, account("alice"), PATIENCE)
        finally:
            await asyncio.to_thread(home.pi.cable.plug, plugged=True)
            client.kill()
            client.wait()
        newest = afar.newest()
        assert int(newest["version"]) == before + 1
        assert newest["result"] == "rolled back"
        assert newest["why"].startswith("the session was lost before it was confirmed")
    await home.server.start()
    await does(afar.alice, online("alice"), PATIENCE)
