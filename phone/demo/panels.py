"""The demo in a browser: three phones' panels side by side, their sound, and what to try with them."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
import threading
import webbrowser
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from phone.demo.persons import Person
from phone.demo.stage import Stage
from phone.drivers.panel import Framed, PageServer, Sounds, Try

TITLE = "Three desk phones on this machine"
TRIES = (
    Try(
        "Call and hold",
        (
            "Alice: click the handset, then 2 0 1.",
            "Bob rings: click his handset. They talk: Speak, and Listen at the other.",
            "Alice: HOLD, and Bob hears a tune. HOLD again brings him back.",
        ),
    ),
    Try(
        "Call waiting, conference",
        (
            "Carol: handset, 2 0 0. Alice hears her knock.",
            "Alice: HOLD answers Carol, Bob waits. HOLD again swaps.",
            "Alice: keep HOLD down for a second, and all three talk.",
            "Carol: click the handset, she leaves. Alice and Bob go on.",
        ),
    ),
    Try(
        "Transfer",
        (
            "Alice, talking to Bob: TRANSFER, 2 0 2.",
            "Carol: handset. Alice tells her who it is.",
            "Alice: click the handset back on, and Bob talks to Carol.",
        ),
    ),
)


async def play(scene: Stage, page: PageServer) -> None:
    """Show the page until the task is cancelled (Ctrl-C)."""
    desks = scene.desks.values()
    panels = [Framed(f"{desk.name.capitalize()}, {desk.number}", await desk.panel_url()) for desk in desks]
    page.show(panels, TRIES, title=TITLE, talk=Sounds([Person(desk) for desk in desks]).talk)
    ports = [page.port, *(urlsplit(panel.url).port or 80 for panel in panels)]
    print(invitation(page.url, ports, os.environ, getpass.getuser()), flush=True)
    if has_desktop(os.environ):
        # Not a thread of the loop's: some browsers are waited for until they end, and the demo would wait, too.
        threading.Thread(target=webbrowser.open, args=(page.url,), daemon=True).start()
    try:
        await asyncio.Event().wait()
    finally:
        await page.close()  # before the sound cards go that it listens to


def invitation(url: str, ports: Sequence[int], environment: Mapping[str, str], user: str) -> str:
    """What the terminal says: where the page is, and from another machine how to get there."""
    text = f"Open this in a browser (Ctrl-C ends it):\n\n    {url}\n"
    connection = environment.get("SSH_CONNECTION", "").split()
    if len(connection) == 4:
        tunnels = " ".join(f"-L {port}:127.0.0.1:{port}" for port in ports)
        tunnel = f"ssh -N {tunnels} {user}@{connection[2]}"
        text += f"\nYou came by SSH: let this run in a terminal of your own machine first:\n\n    {tunnel}\n"
    return text


def has_desktop(environment: Mapping[str, str]) -> bool:
    """Whether a browser that is opened would be seen."""
    return sys.platform == "darwin" or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
