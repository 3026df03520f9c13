"""Alice's phone, a whole daemon, and on the same server clients that behave as the measured ones do (scripted).

One stage for each file: what a test changes, `alice` puts right behind it.
"""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, suppress

import pytest
import pytest_asyncio
from journeys.steps import idle
from peers.xmpp_peer import AUDIO, DTLS, ICE, JINGLE, JMI, PASSWORD, RAW, RTP, TRANSFER, Peer

from phone.demo.hearing import RATE
from phone.demo.prosody import PrivateProsody
from phone.demo.stage import Desk, desk, registered

CLIENTS = {
    "yate": (JINGLE, RTP, AUDIO, ICE, RAW, "urn:xmpp:jingle:dtmf:0", TRANSFER),
    "pbx": (JINGLE, RTP, AUDIO, ICE, "http://www.google.com/xmpp/protocol/voice/v1"),
    "gajim": (JINGLE, RTP, AUDIO, ICE),
    "newcomer": (JINGLE, RTP, AUDIO, ICE),
    "dino": (JINGLE, RTP, AUDIO, ICE, DTLS, JMI),
    "snikket": (JINGLE, RTP, AUDIO, ICE, DTLS, JMI),
    "stranger": (JINGLE, RTP, AUDIO, ICE, DTLS, JMI),
    "jitsi": (JINGLE, RTP, AUDIO, ICE, DTLS, TRANSFER),
    "boss": (JINGLE, RTP, AUDIO, ICE, DTLS, TRANSFER),
}
"""Names, and what their clients can. `newcomer` is plain as gajim is, and nobody has allowed that; `stranger` leaves
the roster in its test; `boss` has what `jitsi` has, and is whom calls are transferred to.
"""
ALLOWED = """
[peers."yate@localhost"]
plain_rtp = true

[peers."pbx@localhost"]
plain_rtp = true
direct = true

[peers."gajim@localhost"]
plain_rtp = true
"""
_SECOND = array("h", (int(8000 * math.sin(2 * math.pi * 440 * i / RATE)) for i in range(RATE)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prosody(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PrivateProsody]:
    users = {"alice": PASSWORD} | dict.fromkeys(CLIENTS, PASSWORD)
    async with PrivateProsody(tmp_path_factory.mktemp("server"), users) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(prosody: PrivateProsody, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("alice")
    async with desk(folder, "alice", PASSWORD, prosody, edit=lambda text: text + ALLOWED) as made:
        await registered(made)
        hum = asyncio.create_task(_hum(made))
        yield made
        hum.cancel()
        with suppress(asyncio.CancelledError):
            await hum


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clients(phone: Desk, prosody: PrivateProsody) -> AsyncIterator[Mapping[str, Peer]]:
    made = {name: Peer(prosody, name, name, features) for name, features in CLIENTS.items()}
    async with AsyncExitStack() as stack:
        for each in made.values():
            stack.push_async_callback(each.disconnect, 1.0)
        await asyncio.gather(*(each.signed_in() for each in made.values()))
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def alice(phone: Desk, clients: Mapping[str, Peer]) -> AsyncIterator[Desk]:
    """Her phone, on hook and idle; she hums 440 Hz for ever."""
    for each in clients.values():
        each.forget()
    yield phone
    await phone.hang_up_by_command()
    await phone.hang_up()
    assert await phone.until(idle, 5), await phone.status()


def _client(name: str) -> object:
    @pytest.fixture(name=name)
    def client(clients: Mapping[str, Peer]) -> Peer:
        return clients[name]

    return client


yate, pbx, gajim, newcomer, dino, snikket, stranger, jitsi, boss = map(_client, CLIENTS)


async def _hum(phone: Desk) -> None:
    while True:
        end = phone.handset.say(_SECOND.tobytes())
        await asyncio.sleep(max(0.0, (end - phone.handset.now()) / RATE - 0.5))
