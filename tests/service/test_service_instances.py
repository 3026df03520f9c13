"""Two instances side by side share one store; and what falls over beside a service that stays up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from rig.servers_services import ServicesProsody
from service_caller import Call, Person, speech, two
from service_house import VM, VM2, config, prosody, recorded, serving

from phone.service.admin import opened
from phone.service.values import ServiceConfig, StoreConfig
from phone.voicemail import pubsub, wire
from phone.voicemail.message import State
from phone.voicemail.pubsub import Event, Subscribe, node_of
from phone.voicemail.wire import Mark

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

BOSS = "boss@localhost"
BOX, BOX2 = f"boss@{VM}/voicemail", f"boss@{VM2}/voicemail"
NODE = node_of(BOSS)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[tuple[ServicesProsody, Person, Person]]:
    folder = tmp_path / "prosody"
    folder.mkdir()
    async with prosody(folder) as server, two(server) as people:
        yield server, *people


def instance(server: ServicesProsody, folder: Path, url: str, domain: str) -> ServiceConfig:
    made = config(server, folder)
    return replace(made, component=replace(made.component, domain=domain), store=StoreConfig(url, folder / "spool"))


def events(who: Person, service: str) -> list[Event]:
    return [pubsub.parse_event(event) for sender, event in who.ears.events if sender == service]


async def test_two_instances_are_one_service(scene, tmp_path, url):
    server, ann, boss = scene
    first, second = instance(server, tmp_path / "1", url, VM), instance(server, tmp_path / "2", url, VM2)
    async with serving(first), serving(second):
        subscribe = pubsub.request_element(Subscribe(NODE, f"{BOSS}/desk"))
        assert await boss.ask(VM2, subscribe, "set") is not None
        async with Call(ann, speech(tmp_path / "words", 2.0)) as call:
            call.start(BOX, BOSS)
            await call.until_said()
            call.hang_up()
            await boss.until(lambda: events(boss, VM2))  # told by where he subscribed, not by where it was left
            await boss.until(lambda: len(boss.chats) >= 2)
        (new,) = events(boss, VM2)[0].published
        assert await boss.ask(VM, subscribe, "set") is not None
        assert await boss.set(BOX2, wire.request_element(Mark(new.id, State.HEARD))) is None
        await boss.until(lambda: events(boss, VM) and len(events(boss, VM2)) == 2)
        assert events(boss, VM)[-1].published[0].state is State.HEARD
        with opened(first) as store:
            await boss.until(lambda: store.status().waiting == {})
    assert len(boss.chats) == 2  # whoever sent them, once
    assert events(boss, VM2)[1].published[0].state is State.HEARD


async def test_a_media_process_that_dies_takes_no_message_with_it(scene, tmp_path):
    server, ann, boss = scene
    settings = config(server, tmp_path / "vm")
    async with serving(settings) as service:
        async with Call(ann, speech(tmp_path / "words", 20.0)) as call:
            call.start(BOX, BOSS)
            await recorded(settings)
            (room,) = service.studio.rooms
            os.kill(room.host.pid, signal.SIGKILL)
            await call.until_ended()
            await boss.until(lambda: len(boss.chats) == 2)
        async with Call(ann, speech(tmp_path / "words", 2.0)) as call:  # there is another one
            call.start(BOX, BOSS)
            await call.until_said()
            call.hang_up()
            await boss.until(lambda: len(boss.chats) == 4)


async def test_a_database_that_is_locked_delays_and_loses_nothing(scene, tmp_path):
    server, ann, boss = scene
    settings = config(server, tmp_path / "vm")
    async with serving(settings), Call(ann, speech(tmp_path / "words", 2.0)) as call:
        call.start(BOX, BOSS)
        await call.until_said()
        with contextlib.closing(sqlite3.connect(tmp_path / "vm" / "store.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            call.hang_up()
            await asyncio.sleep(2)
            assert boss.chats == []
            other.execute("COMMIT")
        await boss.until(lambda: len(boss.chats) == 2)


async def test_a_server_that_restarts_is_waited_for(scene, tmp_path):
    server, _, boss = scene
    settings = config(server, tmp_path / "vm")
    async with serving(settings) as service:
        for _ in range(2):
            service.connected.clear()
            await server.restart()
            await asyncio.wait_for(service.connected.wait(), 100)
        await boss.until(lambda: boss.client.full_jid)
        assert await boss.address(BOSS) == BOX
