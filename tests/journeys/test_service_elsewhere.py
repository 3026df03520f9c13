"""The callee's server knows no voicemail: the own one sends an e-mail; where it does not, the phone does it itself."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.leaving import (
    assert_words,
    beeped,
    calls_his_voicemail,
    greeted,
    hangs_up,
    hears_greeting,
    says,
)
from journeys.steps import does
from rig.mail_server import MailServer
from rig.service_stage import ELSEWHERE, ServiceStage, service_stage

from phone.demo.certificates import Authority
from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(240)]

CAROL, NUMBER = f"carol@{ELSEWHERE}", "202"
WORDS = "The blue train leaves at seven in the evening."
OTHERS = "Please bring nine yellow roses to the office."


@contextlib.asynccontextmanager
async def mailing(folder: Path) -> AsyncIterator[tuple[ServiceStage, MailServer]]:
    """A service with a mail server."""
    mail = MailServer(Authority(folder / "mail"))
    await mail.start()
    try:
        async with service_stage(folder, more=mail.config) as scene:
            yield scene, mail
    finally:
        await mail.stop()


async def test_second_try_by_e_mail(tmp_path: Path) -> None:
    async with mailing(tmp_path) as (scene, mail):
        alice = await scene.desk("alice")
        await greeted(alice, await calls_his_voicemail(alice, NUMBER))
        await says(alice, WORDS)
        await hangs_up(alice)
        await mail.until(len)
        (got,) = mail.mails
        assert got.recipients == (CAROL,)
        assert got.message["From"].addresses[0].addr_spec == "voicemail@mail.example"
        assert "alice@localhost" in got.message["Subject"]
        assert_words(WORDS, got.sound())


async def test_third_try_by_the_phone_itself(tmp_path: Path) -> None:
    """The service has no mail; then it is away, and nobody's mailbox can be called."""
    async with service_stage(tmp_path) as scene:
        alice, chat = await scene.desk("alice"), await scene.chat(CAROL)
        await dictates(alice, NUMBER, WORDS)
        await chat.until(lambda c: len(c.voices) == 1)
        assert chat.voices[0].sender.startswith("alice@localhost/")
        assert_words(WORDS, await chat.listen(chat.voices[0]))
        await scene.service.stop()
        owner = await scene.chat("bob@localhost")
        await dictates(alice, "201", OTHERS)
        await owner.until(lambda c: len(c.voices) == 1)
        assert_words(OTHERS, await owner.listen(owner.voices[0]))


async def dictates(caller: Desk, number: str, sentence: str) -> None:
    """The phone asks for it, in its own words."""
    ear = await calls_his_voicemail(caller, number)
    status = await does(caller, lambda s: s.dictating)
    assert not status.calls
    await beeped(ear)
    hears_greeting(ear.heard(), "leave-message")
    await says(caller, sentence)
    await hangs_up(caller)
