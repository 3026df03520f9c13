"""A clock that cannot be right: nothing is tried until it may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from rig.servers_ears import Ears

from phone.xmpp.api import Account
from phone.xmpp.client import XmppClient


@pytest.fixture
async def callers() -> AsyncIterator[tuple[int, list[int]]]:
    """A port, and one entry for each connection to it."""
    came: list[int] = []

    def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(1)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], came
    server.close()


async def until(true) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


async def test_no_server_is_asked_before_the_clock_may_be_right(callers, monkeypatch) -> None:
    monkeypatch.setattr("phone.xmpp.client._CLOCK_SECONDS", 0.01)
    port, came = callers
    ears, asked, sentence = Ears(), [], ["it is 1970"]

    def trouble() -> str:
        asked.append(1)
        return sentence[0]

    account = Account("alice@localhost", "x", host="127.0.0.1", port=port)
    client = XmppClient(account, ears, (), clock_trouble=trouble)
    running = asyncio.ensure_future(client.run())
    await until(lambda: len(asked) > 20)
    assert not came
    assert ("wrong time", "it is 1970") in ears.services
    assert len([each for each in ears.services if each[0] == "wrong time"]) == 1, "told once"
    sentence[0] = "it is 1980"
    await until(lambda: ("wrong time", "it is 1980") in ears.services)
    assert not came
    sentence[0] = ""
    await until(lambda: came)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
