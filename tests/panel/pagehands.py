"""A hand and an eye on one page of a headless Chromium: real mouse and key events, pixels as they are drawn."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from interop.devtools import DevTools

PATIENCE = 30.0
_FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--mute-audio",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE ::1",
)
# What the browser calls the keys of a keyboard: key -> code, virtual key code.
_CODES = {"Enter": ("Enter", 13), "Backspace": ("Backspace", 8), "Escape": ("Escape", 27), "ArrowUp": ("ArrowUp", 38)}
_CODES |= {" ": ("Space", 32), "Tab": ("Tab", 9), "*": ("NumpadMultiply", 106), "#": ("Backslash", 191)}
_CODES |= {"+": ("NumpadAdd", 107), "-": ("NumpadSubtract", 109), "?": ("Slash", 191)}


@contextlib.asynccontextmanager
async def chromium(folder: Path, *more: str) -> AsyncIterator[DevTools]:
    """One browser with these flags, too; profile and log go to `folder`."""
    profile = tempfile.mkdtemp(prefix="profile-", dir=folder)
    command = ["chromium", *_FLAGS, *more, f"--user-data-dir={profile}"]
    if os.geteuid() == 0:  # Chromium's sandbox refuses root
        command.append("--no-sandbox")
    with (folder / "chromium.log").open("wb") as log:
        browser = await DevTools.start(command, log=log.fileno())
    try:
        yield browser
    finally:
        await browser.close()


class Page:
    """One tab."""

    def __init__(self, browser: DevTools, session: str) -> None:
        self._browser = browser
        self._session = session

    @classmethod
    async def open(
        cls, browser: DevTools, url: str, *, width: int = 420, height: int = 760, dark: bool = False
    ) -> Page:
        """A tab of that many CSS pixels at `url`."""
        context = (await browser.call("Target.createBrowserContext"))["browserContextId"]
        made = await browser.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})
        attached = await browser.call("Target.attachToTarget", {"targetId": made["targetId"], "flatten": True})
        page = cls(browser, str(attached["sessionId"]))
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await page.call("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await page.call("Emulation.setEmulatedMedia", {"features": [scheme]})
        await page.call("Emulation.setFocusEmulationEnabled", {"enabled": True})
        await page.call("Page.navigate", {"url": url})
        await page.until("document.readyState === 'complete'")
        return page

    async def call(self, method: str, parameters: dict | None = None) -> dict:
        """One DevTools command to this tab."""
        return await self._browser.call(method, parameters, session=self._session)

    async def read(self, expression: str):
        """What script says."""
        wanted = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        reply = await self.call("Runtime.evaluate", wanted)
        assert "exceptionDetails" not in reply, reply
        return reply["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait until script says yes."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await self.read(f"!!({expression})"):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"never: {expression}") from None

    async def read_inside(self, number: int, expression: str):
        """What script says of the document in the frame of that number, whose own script it does not see."""
        frames = (await self.call("Page.getFrameTree"))["frameTree"]["childFrames"]
        frame = {"frameId": frames[number]["frame"]["id"]}
        world = (await self.call("Page.createIsolatedWorld", frame))["executionContextId"]
        wanted = {"expression": expression, "contextId": world, "returnByValue": True}
        return (await self.call("Runtime.evaluate", wanted))["result"].get("value")

    async def until_inside(self, number: int, expression: str) -> None:
        """Wait until it says yes."""
        async with asyncio.timeout(PATIENCE):
            while not await self.read_inside(number, f"!!({expression})"):
                await asyncio.sleep(0.05)

    async def banner(self, state: str) -> str:
        """Wait for the banner's state, then what it says."""
        await self.until(f"document.getElementById('banner').className === '{state}'")
        return await self.read("document.getElementById('banner').textContent")

    async def pixels(self) -> bytes:
        """The screen on the page, as the phone packs it: lit where light was drawn."""
        reds = "[...pen.getImageData(0, 0, 128, 64).data].filter((_, i) => i % 4 === 0)"
        lit = await self.read(f"{reds}.map(red => red > 100 ? '1' : '0').join('')")
        return int(lit, 2).to_bytes(1024, "big")

    async def middle(self, selector: str) -> tuple[float, float]:
        """Where a pointer must be to touch it."""
        box = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        return tuple(await self.read(f"(box => [box.x + box.width / 2, box.y + box.height / 2])({box})"))

    async def mouse(self, selector: str, kind: str) -> None:
        """kind: mousePressed or mouseReleased."""
        await self._mouse_at(*await self.middle(selector), kind)

    async def click_at(self, x: float, y: float) -> None:
        """Press and release there, in whatever frame that is."""
        await self._mouse_at(x, y, "mousePressed")
        await self._mouse_at(x, y, "mouseReleased")

    async def press_inside(self, number: int, selector: str, seconds: float = 0.1) -> None:
        """Press something in the frame of that number for so long."""
        middle = "(box => [box.x + box.width / 2, box.y + box.height / 2])"
        x, y = await self.read(
            f"(box => [box.x, box.y])(document.querySelectorAll('iframe')[{number}].getBoundingClientRect())"
        )
        dx, dy = await self.read_inside(
            number, f"{middle}(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        await self._mouse_at(x + dx, y + dy, "mousePressed")
        await asyncio.sleep(seconds)
        await self._mouse_at(x + dx, y + dy, "mouseReleased")

    async def click(self, selector: str) -> None:
        """Press and release."""
        await self.mouse(selector, "mousePressed")
        await self.mouse(selector, "mouseReleased")

    async def _mouse_at(self, x: float, y: float, kind: str) -> None:
        event = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
        await self.call("Input.dispatchMouseEvent", event)

    async def key(self, key: str, kind: str, *, repeat: bool = False) -> None:
        """kind: keyDown or keyUp."""
        code, number = _CODES.get(key, (f"Digit{key}" if key.isdigit() else f"Key{key.upper()}", ord(key[0].upper())))
        event = {"type": kind, "key": key, "code": code, "windowsVirtualKeyCode": number, "autoRepeat": repeat}
        if kind == "keyDown" and len(key) == 1:
            event["text"] = key
        if kind == "keyDown" and key == "Enter":
            event["text"] = "\r"
        await self.call("Input.dispatchKeyEvent", event)

    async def type(self, key: str) -> None:
        """Press and release."""
        await self.key(key, "keyDown")
        await self.key(key, "keyUp")

    async def screenshot(self, path: Path) -> bytes:
        """What it looks like, as PNG."""
        png = base64.b64decode((await self.call("Page.captureScreenshot", {"format": "png"}))["data"])
        path.write_bytes(png)
        return png
