"""The panel in a real browser: headless Chromium, one for all tests here."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from interop.devtools import DevTools
from pagehands import Page, chromium
from puppet import Puppet

from phone.drivers.panel import PanelServer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DevTools]:
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed: ./dev test does that")
    async with chromium(tmp_path_factory.mktemp("chromium")) as devtools:
        yield devtools


@pytest.fixture
def puppet() -> Puppet:
    return Puppet()


@pytest_asyncio.fixture(loop_scope="module")
async def server(puppet: Puppet) -> AsyncIterator[PanelServer]:
    async with puppet.server() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: DevTools, server: PanelServer) -> Page:
    """The panel, connected."""
    page = await Page.open(browser, server.url)
    await page.banner("connected")
    return page
