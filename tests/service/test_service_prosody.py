"""The whole service beside a real Prosody: discovered, called in both dialects, heard in the owner's chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from rig.servers_ears import download
from rig.servers_services import ServicesProsody
from service_caller import Call, Person, person, speech
from service_house import USERS, VM, config, prosody, serving

pytestmark = pytest.mark.servers

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
        await boss.ears.until(lambda: len(boss.chats) == 2)
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
