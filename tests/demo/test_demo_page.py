"""`phone demo` as a newcomer meets it: its page in headless Chromium, every "Try this" clicked through, then Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from panel.pagehands import Page, chromium

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(300)]

PATIENCE = 60.0
ALICE, BOB, CAROL = range(3)
_FLAGS = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


class Demo:
    """The command, and what it left."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self._process = process
        self._folder = folder

    async def url(self) -> str:
        """What it prints."""
        async with asyncio.timeout(PATIENCE):
            async for line in self._process.stdout:
                if b"http://" in line:
                    return line.decode().strip()
        raise AssertionError(self.said())

    async def end(self, *numbers: signal.Signals) -> int:
        """Send these signals; the exit code."""
        for number in numbers:
            self._process.send_signal(number)
            await asyncio.sleep(0.05)
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()

    def said(self) -> str:
        """On stderr."""
        return (self._folder / "stderr").read_text()

    def left(self) -> list[str]:
        """Processes that still work in its folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (process / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
                if str(self._folder / "phone-demo-") in command:
                    found.append(command)
        return found

    def kill(self) -> None:
        """So that a failed test leaves nothing."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a short path: Unix sockets have no long ones."""
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        yield Path(folder)


@pytest.fixture
async def demo(folder: Path) -> AsyncIterator[Demo]:
    environment = os.environ | {"TMPDIR": str(folder), "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    with (folder / "stderr").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "phone", "demo"),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    demo = Demo(process, folder)
    try:
        yield demo
    finally:
        if process.returncode is None:
            demo.kill()
            await process.wait()


class Hand:
    """A newcomer's."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def handset(self, phone: int) -> None:
        await self.page.press_inside(phone, "#handset")

    async def keys(self, phone: int, *keys: str, seconds: float = 0.1) -> None:
        for key in keys:
            await self.page.press_inside(phone, f'[data-key="{key}"]', seconds)
            await asyncio.sleep(0.1)

    async def reads(self, phone: int, *words: str) -> None:
        """Wait until the display says all of this."""
        label = "document.getElementById('screen').getAttribute('aria-label')"
        try:
            await self.page.until_inside(phone, " && ".join(f"{label}.includes({word!r})" for word in words))
        except TimeoutError:
            raise AssertionError(f"{words} never came, but: {await self.page.read_inside(phone, label)}") from None

    async def does(self, phone: int, what: str) -> None:
        """Click one of the buttons below a phone."""
        await self.page.click(f'[data-phone="{phone}"] [data-do="{what}"]')

    async def speaks(self, mouth: int, *ears: int) -> None:
        """Let one speak; wait until it shows at the mouth, and at every ear."""
        await self.page.read("sums = meters.map(() => [0, 0, 0])")
        await self.does(mouth, "speak")
        loud = " && ".join([f"sums[{mouth}][2] > 200", *(f"sums[{ear}][0] > 200" for ear in ears)])
        await self.page.until(loud)
        await self.page.until(f"!document.querySelector('[data-phone=\"{mouth}\"] .on')")

    async def music(self, ear: int) -> None:
        """Wait for a second of sound at that ear."""
        await self.page.read("sums = meters.map(() => [0, 0, 0])")
        await self.page.until(f"sums[{ear}][0] > 500")


# What the meters were told since a moment that the hand chooses, and how many pieces of sound were played.
_WATCH = """
    sums = meters.map(() => [0, 0, 0]);
    meters.forEach((meter, phone) => {
        const add = meter.add.bind(meter);
        meter.add = (levels) => { levels.forEach((level, i) => { sums[phone][i] += level; }); add(levels); };
    });
    played = 0;
    const start = AudioBufferSourceNode.prototype.start;
    AudioBufferSourceNode.prototype.start = function (at) { played += 1; return start.call(this, at); };
"""


@pytest.fixture
async def hand(demo: Demo, tmp_path: Path) -> AsyncIterator[Hand]:
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed: ./dev test does that")
    url = await demo.url()
    async with chromium(tmp_path, *_FLAGS) as browser:
        page = await Page.open(browser, url, width=1300, height=1120)
        for phone in (ALICE, BOB, CAROL):
            await page.until_inside(phone, "document.getElementById('banner').className === 'connected'")
        await page.read(f"(() => {{ {_WATCH} }})()")
        yield Hand(page)


async def test_everything_to_try_works_by_clicking(demo: Demo, hand: Hand) -> None:
    await _call_and_hold(hand)
    await _waiting_and_conference(hand)
    await _transfer(hand)
    await _own_voice(hand)
    assert await demo.end(signal.SIGINT, signal.SIGINT) == 130, "with the browser still looking on"
    await hand.page.until("document.getElementById('notice').textContent.includes('has ended')")
    assert "Traceback" not in demo.said()
    assert demo.left() == []


async def _call_and_hold(hand: Hand) -> None:
    await hand.handset(ALICE)
    await hand.keys(ALICE, "2", "0", "1")
    await hand.reads(BOB, "Incoming call", "Alice")
    await hand.handset(BOB)
    await hand.reads(ALICE, "[encrypted]", "Bob")
    await hand.speaks(ALICE, BOB)
    await hand.speaks(BOB, ALICE)
    await hand.does(BOB, "listen")
    await hand.keys(ALICE, "HOLD")
    await hand.reads(BOB, "you are on hold")
    await hand.music(BOB)
    await hand.page.until("played > 10")
    await hand.does(BOB, "listen")
    await hand.keys(ALICE, "HOLD")
    await hand.reads(ALICE, "[encrypted]", "Bob")


async def _waiting_and_conference(hand: Hand) -> None:
    await hand.handset(CAROL)
    await hand.keys(CAROL, "2", "0", "0")
    await hand.reads(ALICE, "Call waiting", "Carol")
    await hand.keys(ALICE, "HOLD")
    await hand.reads(ALICE, "Carol", "waits, HOLD: swap")
    await hand.speaks(CAROL, ALICE)
    await hand.music(BOB)
    await hand.keys(ALICE, "HOLD")
    await hand.reads(CAROL, "you are on hold")
    await hand.speaks(BOB, ALICE)
    await hand.keys(ALICE, "HOLD", seconds=1.3)
    await hand.reads(ALICE, "Conference", "Bob, Carol")
    await hand.speaks(CAROL, ALICE, BOB)
    await hand.speaks(ALICE, BOB, CAROL)
    await hand.handset(CAROL)
    await hand.reads(CAROL, "carol")
    await hand.speaks(BOB, ALICE)


async def _transfer(hand: Hand) -> None:
    await hand.keys(ALICE, "TRANSFER", "2", "0", "2")
    await hand.reads(CAROL, "Incoming call", "Alice")
    await hand.handset(CAROL)
    await hand.reads(ALICE, "[encrypted]", "Carol")
    await hand.speaks(ALICE, CAROL)
    await hand.handset(ALICE)
    await hand.reads(BOB, "[encrypted]", "Carol", "via Alice")
    await hand.reads(ALICE, "alice")
    await hand.speaks(BOB, CAROL)


async def _own_voice(hand: Hand) -> None:
    """The fake microphone of a headless Chromium beeps once a second."""
    await hand.page.read("sums = meters.map(() => [0, 0, 0])")
    await hand.page.mouse('[data-phone="1"] [data-do="talk"]', "mousePressed")
    await hand.page.until("sums[1][2] > 50 && sums[2][0] > 50")
    await hand.page.mouse('[data-phone="1"] [data-do="talk"]', "mouseReleased")
    await hand.page.until("talking === null")


async def test_it_ends_cleanly_while_it_still_starts(demo: Demo) -> None:
    async with asyncio.timeout(PATIENCE):
        while not any("prosody" in command for command in demo.left()):
            await asyncio.sleep(0.02)
    assert await demo.end(signal.SIGTERM) == 130
    assert "Traceback" not in demo.said()
    assert demo.left() == []
