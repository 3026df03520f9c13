"""The owner tells the service nothing of his presence, and is in nobody's roster: his messages and his lamp come."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rig.servers import PrivateEjabberd
from rig.servers_services import Services, ServicesProsody
from service_caller import Call, person, speech
from service_house import USERS, VM, config, prosody, serving

from phone.voicemail import pubsub

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

BOX = f"boss@{VM}/voicemail"
NODE = pubsub.node_of("boss@localhost")
ITEMS = "http://jabber.org/protocol/disco#items"
GUARDED = """  mod_block_strangers:
    access: component
"""
"""As server/ejabberd/voicemail.yml tells those who have that module."""


class Guarded(PrivateEjabberd):
    """Its accounts hear from their contacts alone, and from the service."""

    def _config(self) -> str:
        return super()._config().replace("  mod_admin_extra: {}\n", f"  mod_admin_extra: {{}}\n{GUARDED}")


@pytest.fixture(params=["prosody", "ejabberd"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ServicesProsody | PrivateEjabberd]:
    folder = tmp_path / "server"
    folder.mkdir()
    if request.param == "prosody":
        made: ServicesProsody | PrivateEjabberd = prosody(folder, more=("offline",))
    else:
        made = Guarded(folder, USERS, services=Services(delegate=ITEMS, most=1_000_000), contacts=False)
    async with made:
        yield made


async def test_messages_wait_for_who_is_away_and_news_come_to_who_is_there(server, tmp_path):
    words = speech(tmp_path / "words", 2.0)
    """First he is away, and no device of his is there; then he is back, and follows his mailbox."""
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(serving(config(server, tmp_path / "vm")))
        ann = await stack.enter_async_context(person(server, "ann", "a"))

        async def leave() -> None:
            async with Call(ann, words) as call:
                call.start(BOX, "boss@localhost")
                await call.until_said()
                call.hang_up()

        await leave()
        boss = await stack.enter_async_context(person(server, "boss", "b"))
        await boss.until(lambda: len(boss.chats) == 2)
        subscribe = pubsub.request_element(pubsub.Subscribe(NODE, "boss@localhost/desk"))
        assert await boss.ask(VM, subscribe, "set") is not None
        await leave()
        await boss.until(lambda: [sender for sender, _ in boss.ears.events if sender == VM])
        await boss.until(lambda: len(boss.chats) == 4)
        assert {chat.get("from") for chat in boss.chats} == {f"boss@{VM}"}
