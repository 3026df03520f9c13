"""The pipe to a browser: what a test is told when the browser is not what it should be."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from browser import Browser
from devtools import DevTools, DevToolsError

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_unknown_command_is_refused_and_the_next_one_works(browser: Browser) -> None:
    with pytest.raises(DevToolsError, match="wasn't found"):
        await browser.devtools.call("Phone.ring")
    assert "Chrome" in str(await browser.devtools.call("Browser.getVersion"))


async def test_a_browser_that_dies_fails_the_waiting_call_and_every_later_one(tmp_path: Path) -> None:
    async with Browser(tmp_path) as browser:
        peer = await browser.open()
        waiting = asyncio.create_task(peer.first("jingle:incoming", within=60))
        await asyncio.sleep(0.1)
        await browser.devtools.call("Browser.close")
        with pytest.raises(DevToolsError, match="ended"):
            await waiting
        with pytest.raises(DevToolsError, match="ended"):
            await peer.facts()


async def test_a_missing_browser_is_named(tmp_path: Path) -> None:
    with pytest.raises(DevToolsError, match="no-such-browser is not installed"):
        async with Browser(tmp_path, "no-such-browser"):
            pytest.fail("nothing to enter")


async def test_a_program_that_is_no_browser_ends_the_first_call(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        devtools = await DevTools.start(["false"], log=log.fileno())
        with pytest.raises(DevToolsError, match="ended"):
            await devtools.call("Browser.getVersion")
        await devtools.close()
