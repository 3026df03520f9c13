"""The side-by-side page's WebSocket over real sockets: levels, one ear at a time, mouths, and nonsense."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest
from panelpeer import PATIENCE, closed, until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from phone.drivers.panel import Framed, Levels, PageServer, PanelError, Sounds
from phone.drivers.panel.earshot import LIMIT, PAGES, SAMPLES_PER_SECOND


class Head:
    """Hears its own number."""

    def __init__(self, number: int, clock: Callable[[], float]) -> None:
        self.number, self._clock = number, clock
        self.said: list[bytes] = []
        self.sentences = 0
        self.dumb = False

    def now(self) -> int:
        return int(self._clock() * SAMPLES_PER_SECOND)

    def sound(self, start: int, stop: int) -> bytes:
        return bytes([self.number, 0]) * (stop - start)

    def levels(self, start: int, stop: int) -> Levels:
        assert start <= stop
        return Levels(self.number, 0, 0)

    async def speak(self) -> None:
        if self.dumb:
            raise PanelError("no voice")
        self.sentences += 1

    def talk(self, spoken: bytes) -> None:
        self.said.append(spoken)


@pytest.fixture
async def heads() -> list[Head]:
    clock = asyncio.get_running_loop().time
    return [Head(number, clock) for number in (1, 2, 3)]


@pytest.fixture
async def sounds(heads) -> Sounds:
    return Sounds(heads)


@pytest.fixture
async def site(sounds):
    async with PageServer() as site:
        framed = [Framed(f"Phone {n}", f"http://127.0.0.1:{n}/?token=x") for n in (1, 2, 3)]
        site.show(framed, [], title="Phones", talk=sounds.talk)
        yield site


def page(site: PageServer, *, token: str | None = None, origin: str | None = None):
    known = site.url.partition("=")[2]
    address = site.ancestors[0]
    url = f"{address.replace('http', 'ws')}/socket?token={token or known}"
    return connect(url, origin=origin or address, proxy=None)


async def levels(socket: ClientConnection) -> list[list[int]]:
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await socket.recv()
            if isinstance(message, str) and (said := json.loads(message))["kind"] == "levels":
                return said["phones"]


async def sound(socket: ClientConnection) -> bytes:
    async with asyncio.timeout(PATIENCE):
        while not isinstance(message := await socket.recv(), bytes):
            pass
        return message


async def test_levels_come_unasked(site):
    async with page(site) as socket:
        for _ in range(2):
            assert await levels(socket) == [[1, 0, 0], [2, 0, 0], [3, 0, 0]]


async def test_one_ear_at_a_time_is_heard(site):
    async with page(site) as socket:
        await socket.send('{"do":"listen","phone":1}')
        first = await sound(socket)
        assert set(first) == {2, 0}
        assert len(first) % 2 == 0
        await socket.send('{"do":"listen","phone":2}')
        async with asyncio.timeout(PATIENCE):
            while set(await sound(socket)) != {3, 0}:
                pass
        await socket.send('{"do":"listen","phone":null}')
        async with asyncio.timeout(PATIENCE):
            quiet = 0
            while quiet < 3:  # three levels in a row, no sound between them
                quiet = 0 if isinstance(await socket.recv(), bytes) else quiet + 1


async def test_what_a_page_says_is_for_the_mouth_it_chose(site, heads):
    async with page(site) as socket:
        await socket.send(b"\1\0")
        await socket.send('{"do":"talk","phone":0}')
        await socket.send(b"\2\0")
        await socket.send('{"do":"talk","phone":null}')
        await socket.send(b"\3\0")
        await socket.send('{"do":"speak","phone":2}')
        await until(lambda: heads[2].sentences)
    assert [head.said for head in heads] == [[b"\2\0"], [], []]


async def test_a_phone_without_voice_says_so(site, heads):
    heads[0].dumb = True
    async with page(site) as socket:
        await socket.send('{"do":"speak","phone":0}')
        async with asyncio.timeout(PATIENCE):
            while (told := json.loads(await socket.recv()))["kind"] != "fault":
                pass
        assert told["why"] == "no voice"


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "[]",
        '{"do":"listen"}',
        '{"do":"listen","phone":3}',
        '{"do":"speak","phone":-1}',
        '{"do":"talk","phone":"0"}',
        '{"do":"press","key":"1"}',
        b"\0",
    ],
)
async def test_nonsense_ends_the_page(site, sounds, nonsense):
    async with page(site) as socket:
        await socket.send(nonsense)
        assert await closed(socket) == 1008
    assert sounds.refused == {"nonsense": 1}


@pytest.mark.parametrize("flood", [bytes(LIMIT), '{"do":"speak","phone":0}'])
async def test_a_flood_ends_the_page(site, sounds, flood):
    async with page(site) as socket:

        async def pour() -> None:
            while True:
                await socket.send(flood)

        pouring = asyncio.create_task(pour())
        assert await closed(socket) == 1008
        with pytest.raises(Exception, match="1008"):
            await pouring
    assert sounds.refused == {"nonsense": 1}


async def test_long_messages_are_not_read(site):
    async with page(site) as socket:
        await socket.send(bytes(LIMIT + 2))
        assert await closed(socket) == 1009


async def test_one_page_too_many_is_told_so(site, sounds):
    async with page(site) as first:
        assert await levels(first)
        others = [await page(site) for _ in range(PAGES - 1)]
        for other in others:
            assert await levels(other)
        async with page(site) as extra:
            assert await closed(extra) == 1013
        for other in others:
            await other.close()
    assert sounds.refused == {"pages": 1}


async def test_strangers_hear_nothing(site):
    with pytest.raises(InvalidStatus, match="403"):
        await page(site, token="x" * 32)
    with pytest.raises(InvalidStatus, match="403"):
        await page(site, origin="http://evil.example")
