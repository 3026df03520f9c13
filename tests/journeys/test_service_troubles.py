"""What goes wrong around the service: a message that was spoken is not lost, and comes when it can."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest
from journeys.leaving import (
    assert_words,
    calls_his_voicemail,
    greeted,
    hangs_up,
    hears_message,
    leaves_message,
    says,
)
from journeys.steps import does
from rig.chat_client import ChatClient
from rig.mail_server import MailServer
from rig.service_stage import ELSEWHERE, ServiceStage, service_stage

from phone.demo.certificates import Authority
from phone.demo.stage import Desk, registered

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(300)]

WORDS = "The blue train leaves at seven in the evening."
MORE = "Please bring nine yellow roses to the office."


async def arrives(bob: Desk, chat: ChatClient, *sentences: str, seconds: float = 60) -> None:
    """In his chat and in his phone, with the lamp."""
    await chat.until(lambda c: c.texts and c.voices, seconds)
    sound = await chat.listen(chat.voices[0])
    for each in sentences:
        assert_words(each, sound)
    await does(bob, lambda s: s.new_messages == 1 and "message" in s.lamps, seconds)
    await hears_message(bob, sentences[0])
    await bob.hang_up()


async def people(scene: ServiceStage) -> tuple[Desk, Desk, ChatClient]:
    """alice, bob, and bob's chat."""
    return await scene.desk("alice"), await scene.desk("bob"), await scene.chat("bob@localhost")


async def begins(alice: Desk, bob: Desk) -> None:
    """A message, and has said its first sentence."""
    await greeted(alice, await calls_his_voicemail(alice, bob.number))
    await says(alice, WORDS)


async def test_the_service_is_killed_in_the_middle_of_a_message(tmp_path: Path) -> None:
    async with service_stage(tmp_path) as scene:
        alice, bob, chat = await people(scene)
        await begins(alice, bob)
        await scene.service.recorded()
        await asyncio.sleep(1.5)
        await scene.service.kill()
        await hangs_up(alice)
        await scene.service.start()
        await arrives(bob, chat, WORDS)
        assert len(chat.seen) == 2


async def test_the_server_is_restarted_in_the_middle_of_a_message(tmp_path: Path) -> None:
    async with service_stage(tmp_path) as scene:
        alice, bob, _ = await people(scene)
        await begins(alice, bob)
        await scene.server.restart()
        for each in (alice, bob):
            await registered(each)
        chat = await scene.chat("bob@localhost", "tablet")  # a client that does not come back by itself
        await says(alice, MORE)
        await hangs_up(alice)
        await arrives(bob, chat, WORDS, MORE)


async def test_the_store_is_locked_when_the_message_ends(tmp_path: Path) -> None:
    async with service_stage(tmp_path) as scene:
        alice, bob, chat = await people(scene)
        await begins(alice, bob)
        with contextlib.closing(sqlite3.connect(scene.service.store, isolation_level=None)) as store:
            store.execute("begin exclusive")
            await hangs_up(alice)
            await asyncio.sleep(15)
            assert not chat.seen
            store.execute("rollback")
        await arrives(bob, chat, WORDS)
        assert len(chat.seen) == 2


async def test_the_web_space_refuses_the_sound(tmp_path: Path) -> None:
    """The text says so, and the phone has the message all the same."""
    async with service_stage(tmp_path, most=1000) as scene:
        alice, bob, chat = await people(scene)
        await leaves_message(alice, bob.number, WORDS)
        await chat.until(lambda c: c.texts)
        assert "could not be put on the web" in chat.texts[0].body
        await does(bob, lambda s: s.new_messages == 1 and "message" in s.lamps, 20)
        await hears_message(bob, WORDS)
        await bob.hang_up()
        assert len(chat.seen) == 1


async def test_the_mail_server_is_away(tmp_path: Path) -> None:
    mail = MailServer(Authority(tmp_path / "mail"))
    async with service_stage(tmp_path, more=mail.config) as scene:
        alice = await scene.desk("alice")
        await leaves_message(alice, "202", WORDS)
        await scene.service.says("the mail server is away")
        await mail.start()
        try:
            await mail.until(len, 90)
        finally:
            await mail.stop()
        (got,) = mail.mails
        assert got.recipients == (f"carol@{ELSEWHERE}",)
        assert_words(WORDS, got.sound())
