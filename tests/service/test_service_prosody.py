"""The whole service beside a real Prosody: discovered, called in both dialects, heard in the owner's chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from rig.servers_ears import download
from rig.servers_services import ServicesProsody
from rig.spoken import opus_file
from service_caller import Call, Person, person, speech
from service_house import USERS, VM, config, prosody, recorded, serving

from phone.jingle.api import EndReason
from phone.service.admin import opened
from phone.service.values import LimitsConfig

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

BOX = f"boss@{VM}/voicemail"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServicesProsody]:
    folder = tmp_path / "prosody"
    folder.mkdir()
    async with prosody(folder) as running:
        yield running


@pytest.fixture
async def ann(server: ServicesProsody) -> AsyncIterator[Person]:
    async with person(server, "ann", USERS["ann"]) as made:
        yield made


@pytest.fixture
async def boss(server: ServicesProsody) -> AsyncIterator[Person]:
    async with person(server, "boss", USERS["boss"]) as made:
        yield made


@pytest.mark.parametrize("google", [False, True], ids=["jingle", "google"])
async def test_a_message_left_is_in_the_owners_chat(server, ann, boss, tmp_path, google):
    settings = config(server, tmp_path / "vm")
    settings = replace(settings, media=replace(settings.media, plain_rtp=("localhost",) if google else ()))
    async with serving(settings), Call(ann, speech(tmp_path / "words", 3.0), plain=google) as call:
        assert await ann.address("boss@localhost") == BOX
        call.start(BOX, "boss@localhost", google=google)
        await call.until_said()
        call.hang_up()
        await boss.until(lambda: len(boss.chats) == 2)
    text, voice = boss.chats
    assert text.get("from") == voice.get("from") == f"boss@{VM}"
    assert "ann@localhost" in text.findtext("{jabber:client}body")
    url = voice.findtext("{jabber:client}body")
    assert voice.findtext("{jabber:x:oob}x/{jabber:x:oob}url") == url
    data, kind = await download(url, server.ca_file)
    assert kind == "audio/mp4"
    import av

    with av.open(BytesIO(data)) as file:
        assert 2.0 < float(file.duration) / 1e6 < 4.5


async def test_any_client_leaves_a_message_by_an_ordinary_call(server, ann, boss, tmp_path):
    """To the bare address, and by a proposal; who stops speaking is hung up on, and his message is there by then."""
    settings = config(server, tmp_path / "vm", limits=LimitsConfig(silence_seconds=3.0))
    async with serving(settings) as service:
        async with Call(ann, speech(tmp_path / "words", 2.0)) as call:
            call.start(f"boss@{VM}")
            assert await call.until_ended() is EndReason.HANGUP
            assert service.reception.calls == 0
            await boss.until(lambda: len(boss.chats) == 2)
        async with Call(ann, tmp_path / "words") as call:
            call.propose(f"boss@{VM}")
            await call.until_said()
            call.hang_up()
            await boss.until(lambda: len(boss.chats) == 4)


async def test_who_says_nothing_leaves_nothing(server, ann, boss, tmp_path):
    hush = tmp_path / "hush"
    hush.write_bytes(opus_file([b"\x08" + bytes(8)] * 5))
    settings = config(server, tmp_path / "vm", limits=LimitsConfig(silence_seconds=3.0))
    async with serving(settings) as service:
        async with Call(ann, hush) as call:
            call.start(BOX, "boss@localhost")
            await call.until_ended()
        async with Call(ann, speech(tmp_path / "words", 0.5)) as call:
            call.start(BOX, "boss@localhost")
            await call.until_said()
            call.hang_up()
        await ann.until(lambda: service.reception.calls == 0)
        assert list((tmp_path / "vm" / "spool").glob("*.part")) == []
        with opened(config(server, tmp_path / "vm")) as store:
            assert store.status().messages == 0
    assert boss.chats == []


async def test_a_message_that_is_too_long_ends(server, ann, boss, tmp_path):
    settings = config(server, tmp_path / "vm", limits=LimitsConfig(seconds=2.0))
    async with serving(settings), Call(ann, speech(tmp_path / "words", 8.0)) as call:
        call.start(BOX, "boss@localhost")
        assert await call.until_ended() is EndReason.HANGUP
        await boss.until(lambda: len(boss.chats) == 2)
    assert "0:08" not in boss.bodies()[0]


async def test_what_the_web_space_does_not_take_is_told_of_and_kept(tmp_path):
    folder = tmp_path / "prosody"
    folder.mkdir()
    async with (
        prosody(folder, most=1000) as server,
        person(server, "ann", "a") as ann,
        person(server, "boss", "b") as boss,
    ):
        settings = config(server, tmp_path / "vm")
        async with serving(settings), Call(ann, speech(tmp_path / "words", 2.0)) as call:
            call.start(BOX, "boss@localhost")
            await call.until_said()
            call.hang_up()
            await boss.until(lambda: boss.chats)
        with opened(settings) as store:
            assert store.status().messages == 1
            assert store.status().waiting == {}
        assert "could not be put on the web" in boss.bodies()[0]
        assert len(boss.chats) == 1


async def test_a_call_that_the_service_ends_with_itself_is_kept(server, ann, boss, tmp_path):
    settings = config(server, tmp_path / "vm")
    async with Call(ann, speech(tmp_path / "words", 8.0)) as call:
        async with serving(settings) as service:
            call.start(BOX, "boss@localhost")
            await recorded(settings)
            assert service.reception.calls == 1
        assert call.ended is not None
    with opened(settings) as store:
        assert store.status().messages == 1
    async with serving(settings):
        await boss.until(lambda: len(boss.chats) == 2)
