"""A phone is looked after over SSH: a real sshd with the phone's own rules, a real server, a whole daemon."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from journeys.shell import unclean
from journeys.steps import connected, does, put_through
from rig.sshd import PrivateSshd

from phone.control import StatusReply, TrialStatus
from phone.demo.prosody import PrivateProsody
from phone.demo.stage import Desk, desk, registered
from phone.provision import trials
from phone.provision.store import Store
from phone.provision.values import Record

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(300)]

PASSWORDS = {"alice": "x1y2z3-alice", "bob": "x1y2z3-bob"}


@dataclass(slots=True)
class Scene:
    """alice's phone, registered, and the way to it."""

    alice: Desk
    ssh: PrivateSshd
    server: PrivateProsody
    store: Store
    text: str
    """Her config at first."""

    def config(self, name: str, password: str) -> bytes:
        """alice's phone with another account."""
        text = self.text.replace('jid = "alice@', f'jid = "{name}@')
        return text.replace('password_file = "password"', f'password = "{password}"').encode()

    async def judged(self) -> Record:
        """The newest version, once its trial is over."""
        async with asyncio.timeout(60):
            while trials.pending(self.store) is not None:
                await asyncio.sleep(0.02)
        return self.store.records()[0]

    async def tried(self) -> None:
        """The phone has begun with a new version."""
        async with asyncio.timeout(60):
            while (trial := trials.pending(self.store)) is None or trial.deadline is None:
                await asyncio.sleep(0.02)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with (
        PrivateProsody(tmp_path / "prosody", PASSWORDS) as server,
        desk(tmp_path / "alice", "alice", PASSWORDS["alice"], server) as alice,
        PrivateSshd(tmp_path / "sshd", alice.config) as ssh,
    ):
        await registered(alice)
        text = alice.config.read_text()
        assert 'jid = "alice@' in text
        yield Scene(alice, ssh, server, Store.of(alice.config), text)
        assert not unclean(alice)


def signed_in(name: str):
    def is_so(status: StatusReply) -> bool:
        return status.registered and status.account.startswith(f"{name}@")

    return is_so


async def test_an_account_that_is_given_by_ssh(scene: Scene) -> None:
    """It registers; the same again changes nothing; a wrong password is taken back; the key opens nothing else."""
    fingerprint = await scene.ssh.fingerprint()
    sent = scene.config("bob", PASSWORDS["bob"])
    code, out, err = await scene.ssh.run("phone provision --comment 'for bob'", sent)
    assert code == 0, err
    assert out.splitlines() == [
        '~ account.jid = "alice@localhost" -> "bob@localhost"',
        "+ account.password = ***",
        '- account.password_file = "password"',
        "changed: version 2 is confirmed",
    ]
    await does(scene.alice, signed_in("bob"))
    code, out, _ = await scene.ssh.run("phone provision --json", sent)
    told = json.loads(out)
    assert (code, told["changed"], told["result"], told["version"]) == (0, False, "unchanged", 2)
    code, shown, _ = await scene.ssh.run("phone provision get")
    assert PASSWORDS["bob"] not in shown
    code, out, err = await scene.ssh.run("phone provision", shown.encode())
    assert (code, out) == (0, "unchanged: the phone has this config already\n"), err

    code, out, err = await scene.ssh.run("phone provision --within 50s", scene.config("alice", "wrong-x7"))
    assert code == 1
    assert "rolled back, the phone is as it was: bad password" in err
    again = await scene.alice.status()  # the phone that the sentence speaks of answers already
    assert (again.account.startswith("bob@"), again.trial) == (True, None)
    assert "wrong-x7" not in out + err + scene.alice.log.read_text()
    await does(scene.alice, signed_in("bob"), 60)
    await opens_nothing_else(scene)
    await takes_another_key(scene)
    code, out, _ = await scene.ssh.run("phone provision history --json")
    keys, newest, given, _ = json.loads(out)["versions"]
    assert keys["result"] == "confirmed"
    assert (newest["result"], given["result"], given["comment"]) == ("rolled back", "confirmed", "for bob")
    assert given["who"]["address"] == "127.0.0.1"
    assert given["who"]["key"] == fingerprint


async def opens_nothing_else(scene: Scene) -> None:
    """No other command, no shell, no file; and a config with faults changes nothing."""
    marker = scene.store.folder.parent / "marker"
    for words in (f"touch {marker}", f"phone provision get; touch {marker}", "phone provision get --conf=/etc/passwd"):
        code, out, err = await scene.ssh.run(words)
        assert (code, out) == (1, ""), words
        assert "ssh provision@desk phone provision < desk.toml" in err
    assert not marker.exists()
    code, out, err = await scene.ssh.run("phone provision", b"[acount]\njid = 1\n")
    assert code == 1
    assert "stdin:1: acount: " in err
    assert 'did you mean "account"?' in err


async def takes_another_key(scene: Scene) -> None:
    """Keys come in a bundle; sshd takes them from where it puts them."""
    key = await scene.ssh.another_key()
    file, public = io.BytesIO(), key.with_suffix(".pub").read_bytes()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo("authorized_keys")
        member.size = len(public)
        archive.addfile(member, io.BytesIO(public))
    up = (await scene.alice.status()).uptime_seconds
    code, out, err = await scene.ssh.run("phone provision apply --bundle", file.getvalue())
    assert code == 0, err
    assert (await scene.alice.status()).uptime_seconds > up, "the daemon began anew, for nothing"
    assert out.startswith("+ key SHA256:")
    scene.ssh.key = key
    code, out, err = await scene.ssh.run("phone provision get --part account")
    assert (code, "bob@localhost" in out) == (0, True), err


async def test_without_a_server_every_trial_comes_back_by_itself(scene: Scene) -> None:
    """In time, when the session is cut, when its command is killed, when another session says so."""
    await scene.server.stop()
    sent = scene.config("bob", PASSWORDS["bob"])
    code, out, err = await scene.ssh.run("phone provision --within 2s --json", sent)
    assert code == 1, err
    told = json.loads(out)
    assert not told["ok"]
    assert told["why"].startswith("the phone has not registered within 2 s")

    client = await scene.ssh.begin("phone provision", sent)
    await scene.tried()
    client.kill()
    await client.wait()
    assert (await scene.judged()).why.startswith("the session was lost before it was confirmed")

    client = await scene.ssh.begin("phone provision", sent)
    await scene.tried()
    os.kill(scene.ssh.command_pid(), signal.SIGKILL)
    assert (await scene.judged()).why.startswith("the session was lost before it was confirmed")
    await client.wait()

    first = await scene.ssh.begin("phone provision", sent)
    await scene.tried()
    code, _, err = await scene.ssh.run("phone provision apply --merge", b'country = "ch"\n')
    assert code == 1
    assert "another session is changing this phone's config (version 5, by " in err
    assert (await scene.ssh.run("phone provision rollback"))[:2] == (
        0,
        "version 5 is rolled back: the phone is as it was\n",
    )
    assert await first.wait() == 1
    await scene.server.start()
    await does(scene.alice, signed_in("alice"), 60)


async def test_a_daemon_that_is_killed_on_trial_goes_on_with_it(scene: Scene) -> None:
    await scene.server.stop()
    client = await scene.ssh.begin("phone provision", scene.config("bob", PASSWORDS["bob"]))
    await scene.tried()
    scene.alice.process.kill()
    await scene.alice.process.wait()
    await scene.alice.start_again()
    await scene.server.start()
    await does(scene.alice, signed_in("bob"), 60)
    assert (await scene.judged()).result == "confirmed"
    assert await client.wait() == 0


def waits_for_a_word(status: StatusReply) -> bool:
    trial = status.trial
    return trial is not None and not trial.session and trial.seconds_left is not None and trial.seconds_left <= 50


async def test_a_call_is_not_cut_and_a_word_is_waited_for(tmp_path: Path, scene: Scene) -> None:
    async with desk(tmp_path / "bob", "bob", PASSWORDS["bob"], scene.server) as bob:
        await registered(bob)
        await put_through(scene.alice, bob)
        client = await scene.ssh.begin("phone provision apply --merge --confirm-within 50s", b'country = "ch"\n')
        assert client.stdout is not None
        assert await client.stdout.readline() == b'~ country = "de" -> "ch"\n'
        assert b"waiting until nobody is on the line" in await client.stdout.readline()
        assert connected(await scene.alice.status())
        await does(scene.alice, lambda s: s.trial == TrialStatus(2, 1, None, session=True))
        await bob.hang_up()
        assert b"version 2 is on trial, the phone has registered with it" in await client.stdout.readline()
        assert await client.wait() == 0
    await does(scene.alice, waits_for_a_word)
    assert (await scene.ssh.run("phone provision confirm"))[:2] == (0, "version 2 is confirmed\n")
    await does(scene.alice, lambda s: s.trial is None)
    assert (await scene.ssh.run("phone provision apply --merge --confirm-within 1s", b'country = "fr"\n'))[0] == 0
    record = await scene.judged()
    assert (record.result, record.why) == ("rolled back", "nobody confirmed it within 1 s")
    assert 'country = "ch"' in scene.alice.config.read_text()
