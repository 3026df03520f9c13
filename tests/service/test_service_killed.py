"""kill -9 of the whole service, as its operator runs it: in the middle of a recording, and of a delivery."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rig.servers_services import ServicesProsody
from service_caller import Call, Person, speech, two
from service_house import ROOT, VM, config, prosody, recorded
from sqlalchemy import update

from phone.service import duties, schema
from phone.service.admin import opened
from phone.service.store import Store

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

BOX = f"boss@{VM}/voicemail"
PATIENCE = 100.0


class Scene:
    def __init__(self, server: ServicesProsody, ann: Person, boss: Person, folder: Path) -> None:
        self.ann, self.boss, self.folder = ann, boss, folder
        self.settings = config(server, folder / "vm")
        self.file = folder / "service.toml"
        self.file.touch(0o600)
        self.file.write_text(_toml(self.settings))

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """A process of its own session, so that it can be killed with all its children, as by a power cut."""
        log = self.folder / "service.log"
        before = log.read_text().count("the XMPP server took us") if log.exists() else 0
        with log.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "phone", "voicemail-service", "--config", self.file),
                cwd=ROOT,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(PATIENCE):
                while log.read_text().count("the XMPP server took us") == before:
                    assert process.returncode is None, log.read_text()
                    await asyncio.sleep(0.05)
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()

    async def command(self, *arguments: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "phone", "voicemail-service", "--config", self.file, *arguments),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await process.communicate()
        return process.returncode, told.decode()


def _toml(settings) -> str:
    c = settings.component
    return f"""\
greeting = "{settings.greeting}"
[component]
domain = "{c.domain}"
secret = "{c.secret}"
port = {c.port}
ca_file = "{c.ca_file}"
[accounts]
domains = ["localhost"]
[store]
url = "{settings.store.url}"
spool = "{settings.store.spool}"
[media]
addresses = ["127.0.0.1"]
processes = 1
"""


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    folder = tmp_path / "prosody"
    folder.mkdir()
    async with prosody(folder) as server, two(server) as (ann, boss):
        yield Scene(server, ann, boss, tmp_path)


def kill(process: asyncio.subprocess.Process) -> None:
    os.killpg(process.pid, signal.SIGKILL)


async def test_what_was_said_before_the_power_went_is_delivered(scene):
    async with Call(scene.ann, speech(scene.folder / "words", 30.0)) as call:
        async with scene.serving() as process:
            call.start(BOX, "boss@localhost")
            await recorded(scene.settings)
            kill(process)
            await process.wait()
        assert scene.boss.chats == []
        async with scene.serving():
            await scene.boss.until(lambda: len(scene.boss.chats) == 2)
    assert list(scene.settings.store.spool.glob("2*")) == []
    with opened(scene.settings) as store:
        assert store.status().messages == 1


async def test_what_was_being_sent_is_sent_by_the_next(scene):
    """Killed as soon as a delivery is claimed; it may have gone out by then, but it goes out."""
    with contextlib.closing(Store(scene.settings.store.url)) as store:
        store.prepare()
        async with Call(scene.ann, speech(scene.folder / "words", 2.0)) as call, scene.serving() as process:
            call.start(BOX, "boss@localhost")
            await call.until_said()
            call.hang_up()
            while not any(row.holder for row in store.read_now(lambda c: c.execute(schema.delivery.select()).all())):
                await asyncio.sleep(0.002)
            kill(process)
            await process.wait()
        assert store.read_now(duties.waiting) == {"chat": 1}
        # a minute later
        store.write_now(lambda c: c.execute(update(schema.delivery).values(until=0.0)))
        async with scene.serving():
            await scene.boss.until(lambda: store.read_now(duties.waiting) == {})
    await scene.boss.until(lambda: len(scene.boss.chats) >= 2)
    assert "ann@localhost" in scene.boss.bodies()[0]
    assert scene.boss.bodies()[-1].startswith("https://")


HELD = "create trigger held before delete on delivery begin select raise(abort, 'held'); end"
"""The store does not take it that a delivery is done."""


def origin(stanza) -> tuple[str | None, str | None]:
    """(id, origin-id: XEP-0359)."""
    named = stanza.find("{urn:xmpp:sid:0}origin-id")
    return stanza.get("id"), None if named is None else named.get("id")


async def test_what_was_sent_before_it_could_be_noted_comes_again_as_the_same(scene):
    """Killed between the two: by their ids and their words the second pair is known for the first one."""
    with contextlib.closing(Store(scene.settings.store.url)) as store:
        store.prepare()
        store.write_now(lambda c: c.exec_driver_sql(HELD))
        async with Call(scene.ann, speech(scene.folder / "words", 2.0)) as call, scene.serving() as process:
            call.start(BOX, "boss@localhost")
            await call.until_said()
            call.hang_up()
            await scene.boss.until(lambda: len(scene.boss.chats) == 2)
            kill(process)
            await process.wait()
        assert store.read_now(duties.waiting) == {"chat": 1}
        store.write_now(lambda c: c.exec_driver_sql("drop trigger held"))
        # a minute later
        store.write_now(lambda c: c.execute(update(schema.delivery).values(until=0.0)))
        async with scene.serving():
            await scene.boss.until(lambda: len(scene.boss.chats) == 4)
            await scene.boss.until(lambda: store.read_now(duties.waiting) == {})
    ids = list(map(origin, scene.boss.chats))
    assert all(known and known == named for known, named in ids), ids
    assert ids[:2] == ids[2:]
    assert ids[0] != ids[1]
    assert scene.boss.bodies()[:2] == scene.boss.bodies()[2:]
    assert store.read_now(lambda c: c.execute(schema.uploaded.select()).all()) == []


async def test_the_operators_commands(scene):
    async with scene.serving() as process:
        code, told = await scene.command("status", "--json")
        assert (code, json.loads(told)["messages"]) == (0, 0)
        code, told = await scene.command("user", "add", "boss@localhost")
        assert (code, told) == (0, "boss@localhost\n")
        code, told = await scene.command("user", "disable", "boss@localhost")
        assert (code, told) == (0, "boss@localhost (disabled)\n")
        code, told = await scene.command("user", "list", "--json")
        assert json.loads(told) == [{"account": "boss@localhost", "enabled": False}]
        assert await scene.command("user", "remove", "boss@localhost") == (0, "")
        assert await scene.command("block", "boss@localhost", "pest@a.example") == (0, "")
        assert await scene.command("unblock", "boss@localhost", "pest@a.example") == (0, "")
        code, told = await scene.command("user", "add", "boss@elsewhere.example")
        assert code == 1
        assert "is no account of localhost" in told
        process.terminate()
        assert await process.wait() == 0
    code, told = await scene.command("check", "--json")
    parts = {part["name"]: part["ok"] for part in json.loads(told)["parts"]}
    assert parts["store"]
    assert parts["spool"]
    assert parts["xmpp"]
    scene.file.write_text(scene.file.read_text().replace('secret = "s3cret"', 'secret = "wrong"'))
    code, told = await scene.command("check")
    assert code == 1
    assert "xmpp: " in told
