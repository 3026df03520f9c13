"""The stage of the interop tests: a private Prosody, a headless Chromium, softphones in it, Alice's desk phone.

Needs `chromium`, `node` with `npm`, `prosody`, and `npm ci` run once in this folder; `./dev interop` sees to all.
"""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from browser import Browser, Peer, SignIn

from phone.demo import stage
from phone.demo.prosody import PrivateProsody
from phone.demo.stage import Desk

_HERE = Path(__file__).parent
_PASSWORDS = {"alice": "in-the-rose-garden", "bob": "under-the-clock"}


@pytest.fixture(scope="session", autouse=True)
def _page() -> None:
    """Bundle the page afresh: a stale bundle would test yesterday's softphone."""
    if not (_HERE / "node_modules").is_dir():
        pytest.fail("run `npm ci` in tests/interop first (./dev interop does)")
    subprocess.run(["npm", "run", "--silent", "build"], cwd=_HERE, check=True, capture_output=True)


@pytest.fixture
async def prosody(tmp_path: Path) -> AsyncIterator[PrivateProsody]:
    async with PrivateProsody(tmp_path, _PASSWORDS, websocket=True) as server:
        yield server


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with Browser(tmp_path) as chromium:
        yield chromium


@pytest.fixture
def sign_in(prosody: PrivateProsody, browser: Browser) -> SignIn:
    """Open one more page of the browser and sign in: `await sign_in("bob", caps=False)`."""

    async def signed_in(name: str, resource: str = "browser", *, caps: bool = True) -> Peer:
        assert prosody.websocket_url is not None
        peer = await browser.open()
        account = f"{name}@{prosody.domain}"
        await peer.connect(account, _PASSWORDS[name], prosody.websocket_url, resource=resource, caps=caps)
        return peer

    return signed_in


@pytest.fixture
async def softphones(sign_in: SignIn) -> dict[str, Peer]:
    """Alice and Bob, signed in, each in a page of her and his own."""
    return {name: await sign_in(name) for name in _PASSWORDS}


@pytest.fixture
async def bob(sign_in: SignIn) -> Peer:
    """Bob alone, signed in with his browser: 201 on Alice's phone."""
    return await sign_in("bob")


@pytest.fixture
async def alice(prosody: PrivateProsody, tmp_path: Path) -> AsyncIterator[Desk]:
    """Alice's desk phone: the whole daemon on a virtual sound card, registered."""
    async with stage.desk(tmp_path / "alice", "alice", _PASSWORDS["alice"], prosody) as desk:
        await stage.registered(desk)
        yield desk
