"""The stage of the interop tests: a private Prosody, a headless Chromium, softphones in it, two desk phones.

One stage for all tests: the pages are new in each, server, browser and phones stay.

Needs `chromium`, `node` with `npm`, `prosody`, and `npm ci` run once in this folder; `./dev interop` sees to all.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from browser import Browser, Peer, SignIn

from phone.demo import stage
from phone.demo.prosody import PrivateProsody
from phone.demo.stage import Desk

_HERE = Path(__file__).parent
_PASSWORDS = {"alice": "in-the-rose-garden", "bob": "under-the-clock", "carol": "on-the-bridge", "dave": "by-the-sea"}


@pytest.fixture(scope="session", autouse=True)
def _page() -> None:
    """Bundle the page afresh: a stale bundle would test yesterday's softphone."""
    if not (_HERE / "node_modules").is_dir():
        pytest.fail("run `npm ci` in tests/interop first (./dev interop does)")
    subprocess.run(["npm", "run", "--silent", "build"], cwd=_HERE, check=True, capture_output=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def prosody(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PrivateProsody]:
    async with PrivateProsody(tmp_path_factory.mktemp("server"), _PASSWORDS, websocket=True) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with Browser(tmp_path_factory.mktemp("chromium")) as chromium:
        yield chromium


@pytest_asyncio.fixture(loop_scope="session")
async def sign_in(prosody: PrivateProsody, browser: Browser) -> AsyncIterator[SignIn]:
    """Open one more page of the browser and sign in: `await sign_in("bob", caps=False)`. All leave with the test."""
    opened: list[Peer] = []

    async def signed_in(name: str, resource: str = "browser", *, caps: bool = True) -> Peer:
        assert prosody.websocket_url is not None
        peer = await browser.open()
        opened.append(peer)
        account = f"{name}@{prosody.domain}"
        await peer.connect(account, _PASSWORDS[name], prosody.websocket_url, resource=resource, caps=caps)
        return peer

    yield signed_in
    for peer in opened:
        if not peer.closed:
            await peer.disconnect()
            await peer.first("disconnected")
            await peer.close()


@pytest_asyncio.fixture(loop_scope="session")
async def softphones(sign_in: SignIn) -> dict[str, Peer]:
    """Alice and Bob, signed in, each in a page of her and his own."""
    return {name: await sign_in(name) for name in ("alice", "bob")}


@pytest_asyncio.fixture(loop_scope="session")
async def bob(sign_in: SignIn) -> Peer:
    """Bob alone, signed in with his browser: 201 on Alice's phone."""
    return await sign_in("bob")


@pytest_asyncio.fixture(loop_scope="session")
async def carol(sign_in: SignIn) -> Peer:
    """Carol with her browser: 202."""
    return await sign_in("carol")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desks(prosody: PrivateProsody, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Desk]]:
    """The desk phones of Alice and Dave: whole daemons on virtual sound cards, registered."""
    folder = tmp_path_factory.mktemp("desks")
    async with AsyncExitStack() as stack:
        made = {}
        for name in ("alice", "dave"):
            one = stage.desk(folder / name, name, _PASSWORDS[name], prosody)
            made[name] = await stack.enter_async_context(one)
        await asyncio.gather(*(stage.registered(each) for each in made.values()))
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def alice(desks: dict[str, Desk]) -> Desk:
    """Alice's desk phone, on hook and idle."""
    return await _idle(desks["alice"])


@pytest_asyncio.fixture(loop_scope="session")
async def dave(desks: dict[str, Desk]) -> Desk:
    """Dave's: 203, and it does XEP-0251."""
    return await _idle(desks["dave"])


async def _idle(desk: Desk) -> Desk:
    """What the test before has left is ended."""
    await desk.hang_up()
    for _ in range(20):
        if await desk.until(lambda s: not s.calls and not s.ringer, 1):
            return desk
        await desk.hang_up_by_command()
    raise AssertionError(f"{desk.name} is not idle: {await desk.status()}")
