"""The demo in a browser: three phones' panels side by side, and what to try with them."""

from __future__ import annotations

import asyncio
import os
import sys
import webbrowser

from phone.demo.stage import Stage
from phone.drivers.panel import Framed, PageServer, Try

TITLE = "Three desk phones on this machine"
TRIES = (
    Try(
        "Call and hold",
        (
            "Alice: click the handset, then 2 0 1.",
            "Bob: click the handset. They talk.",
            "Alice: HOLD. Bob hears a tune; HOLD again brings him back.",
        ),
    ),
    Try(
        "A third one knocks",
        (
            "Carol: handset, 2 0 0. Alice hears her knock.",
            "Alice: HOLD answers Carol, Bob waits; HOLD again swaps.",
            "Alice: keep HOLD pressed for a second: all three talk.",
        ),
    ),
    Try(
        "Transfer",
        (
            "Bob and Alice talk. Alice: TRANSFER, 2 0 2.",
            "Carol: handset. Alice announces Bob, then clicks her handset back on.",
            "Bob and Carol talk; Alice's phone is free.",
        ),
    ),
)


async def play(scene: Stage, page: PageServer) -> None:
    """Show the page until the task is cancelled (Ctrl-C)."""
    panels = [
        Framed(f"{desk.name.capitalize()}, {desk.number}", await desk.panel_url()) for desk in scene.desks.values()
    ]
    page.show(panels, TRIES, title=TITLE)
    print(f"Open this in a browser (Ctrl-C ends it):\n\n    {page.url}\n", flush=True)
    if has_desktop():
        await asyncio.to_thread(webbrowser.open, page.url)
    await asyncio.Event().wait()


def has_desktop() -> bool:
    """Whether a browser that is opened would be seen."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
