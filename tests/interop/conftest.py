"""The stage of the interop tests: a private Prosody, a headless Chromium, softphones in it.

Needs `chromium`, `node` with `npm`, `prosody`, and `npm ci` run once in this folder; `./dev interop` sees to all.
"""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from browser import Browser, Peer

from phone.demo.prosody import PrivateProsody

_HERE = Path(__file__).parent
PASSWORDS = {"alice": "in-the-rose-garden", "bob": "under-the-clock"}


@pytest.fixture(scope="session", autouse=True)
def _page() -> None:
    """Bundle the page afresh: a stale bundle would test yesterday's softphone."""
    if not (_HERE / "node_modules").is_dir():
        pytest.fail("run `npm ci` in tests/interop first (./dev interop does)")
    subprocess.run(["npm", "run", "--silent", "build"], cwd=_HERE, check=True, capture_output=True)


@pytest.fixture
async def prosody(tmp_path: Path) -> AsyncIterator[PrivateProsody]:
    async with PrivateProsody(tmp_path, PASSWORDS, websocket=True) as server:
        yield server


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with Browser(tmp_path) as chromium:
        yield chromium


@pytest.fixture
async def softphones(prosody: PrivateProsody, browser: Browser) -> dict[str, Peer]:
    """Alice and Bob, signed in, each in a page of her and his own."""
    assert prosody.websocket_url is not None
    peers = {}
    for name, password in PASSWORDS.items():
        peers[name] = await browser.open()
        await peers[name].connect(f"{name}@{prosody.domain}", password, prosody.websocket_url)
    return peers
