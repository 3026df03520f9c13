"""The service beside a real ejabberd, found by delegation: no code of ours runs in the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from rig.servers import PrivateEjabberd
from rig.servers_ears import download
from rig.servers_services import Services
from service_caller import Call, Person, speech, two
from service_house import USERS, VM, config, serving

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

BOX = f"boss@{VM}/voicemail"
ITEMS = "http://jabber.org/protocol/disco#items"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[tuple[PrivateEjabberd, Person, Person]]:
    folder = tmp_path / "ejabberd"
    folder.mkdir()
    async with (
        PrivateEjabberd(folder, USERS, services=Services(delegate=ITEMS, most=1_000_000)) as server,
        serving(config(server, tmp_path / "vm")),
        two(server) as people,
    ):
        yield server, *people


async def test_found_called_and_heard(scene, tmp_path):
    server, ann, boss = scene
    assert await ann.address("boss@localhost") == BOX
    assert await boss.address("boss@localhost", "outgoingvoicemail") == f"outgoing@{VM}/outgoingvoicemail"
    assert await boss.address("", "outgoingvoicemail") == f"outgoing@{VM}/outgoingvoicemail"
    assert await ann.address("boss@localhost", "outgoingvoicemail") == ""
    assert await ann.address("boss@localhost", "something else") == ""
    assert await ann.ask("boss@localhost", Element(f"{{{ITEMS}}}query")) is not None
    assert len(await ann.ask("localhost", Element(f"{{{ITEMS}}}query"))) > 1  # the server's own are its own still
    async with Call(ann, speech(tmp_path / "words", 2.0)) as call:
        call.start(BOX, "boss@localhost")
        await call.until_said()
        call.hang_up()
        await boss.until(lambda: len(boss.chats) == 2)
    assert "ann@localhost" in boss.bodies()[0]
    data, kind = await download(boss.bodies()[1], server.ca_file)
    assert kind == "audio/mp4"
    assert data[4:8] == b"ftyp"
