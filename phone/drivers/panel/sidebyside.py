"""Several phones' panels on one page, with their sound and a few things to try: what the demo opens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Self
from urllib.parse import urlsplit

from phone.drivers.panel.client import Socket
from phone.drivers.panel.earshot import LIMIT
from phone.drivers.panel.server import Listening
from phone.drivers.panel.site import MICROPHONE_ALLOWED, Site, asset, new_token


@dataclass(frozen=True, slots=True)
class Framed:
    """One panel."""

    title: str
    """"Alice, 201"."""
    url: str
    """`PanelServer.url`; that server was given this page's origins as its `ancestors`."""


@dataclass(frozen=True, slots=True)
class Try:
    """Something to do, in steps."""

    title: str
    steps: Sequence[str]


def side_by_side(panels: Sequence[Framed], tries: Sequence[Try], *, title: str, sound: bool = False) -> str:
    """The page; with `sound`, a bar below each panel lets one hear and speak. All texts are escaped."""
    frames = "\n".join(_phone(number, panel, sound=sound) for number, panel in enumerate(panels))
    names = ("earshot", "sidebyside") if sound else ()
    scripts = "".join(f'<script src="/{name}.js" defer></script>\n' for name in names)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/sidebyside.css">
{scripts}<header><h1>{escape(title)}</h1><p id="notice" role="status"></p></header>
<aside aria-label="Try this">{"".join(map(_recipe, tries))}</aside>
<main>{frames}</main>
</html>
"""


class PageServer:
    """Serves one such page on loopback, behind a token of its own, since the page holds the panels' tokens."""

    def __init__(self, *, port: int = 0, token: str | None = None) -> None:
        self._token = token or new_token()
        self._port = port
        self._listening: Listening | None = None
        self._site: Site | None = None
        self._talk: Callable[[Socket], Awaitable[None]] | None = None

    @property
    def ancestors(self) -> tuple[str, str]:
        """What the panels' servers must know to let themselves be framed; right once this was started."""
        return f"http://127.0.0.1:{self._port}", f"http://localhost:{self._port}"

    @property
    def port(self) -> int:
        """Where it listens; right once this was started."""
        return self._port

    @property
    def url(self) -> str:
        """The address to open, token included."""
        return f"{self.ancestors[0]}/?token={self._token}"

    async def start(self) -> None:
        """Listen; there is no page yet. Raises PanelError if the port is taken."""
        from phone.drivers.panel.loopback import Loopback  # noqa: PLC0415 - as in server.py

        self._site = self._made("", ())
        loopback = Loopback(lambda asked: self._site.answer(asked) if self._site else None, self._serve, limit=LIMIT)
        self._port = await loopback.start(self._port)
        self._listening = loopback

    def show(
        self,
        panels: Sequence[Framed],
        tries: Sequence[Try],
        *,
        title: str,
        talk: Callable[[Socket], Awaitable[None]] | None = None,
    ) -> None:
        """Serve these from now on; `talk` (`earshot.Sounds`, of the same phones in the same order) gives them sound."""
        page = side_by_side(panels, tries, title=title, sound=talk is not None)
        self._talk = talk
        self._site = self._made(page, panels)

    async def close(self) -> None:
        """Stop. May be called twice."""
        if self._listening is not None:
            await self._listening.close()
        self._listening = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _serve(self, socket: Socket) -> None:
        if self._talk is not None:  # else the site lets no WebSocket in
            await self._talk(socket)

    def _made(self, page: str, panels: Sequence[Framed]) -> Site:
        origins = " ".join(f"http://{urlsplit(p.url).netloc}" for p in panels) or "'none'"
        policy = (
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; frame-src {origins}; "
            "connect-src 'self'{socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        assets = {f"/{name}": asset(name) for name in ("sidebyside.css", "sidebyside.js", "earshot.js", "mouth.js")}
        return Site(
            self._token,
            page.encode(),
            assets,
            policy,
            socket=self._talk is not None,
            permissions=MICROPHONE_ALLOWED,
        )


def _phone(number: int, panel: Framed, *, sound: bool) -> str:
    title = escape(panel.title)
    # The panel's own sound is a hint at tones; here is the real thing.
    url = escape(f"{panel.url}&sound=beside" if sound else panel.url)
    bar = _bar(number, escape(panel.title.partition(",")[0])) if sound else ""
    frame = f'<iframe src="{url}" title="{title}" allow="autoplay"></iframe>'
    return f'<section aria-label="{title}">{frame}{bar}</section>'


def _bar(number: int, name: str) -> str:
    speak = f"{name} says a sentence into the handset"
    talk = f"Keep it pressed and speak: your microphone is {name}'s mouth"
    listen = f"Hear {name}'s ear, bell and speaker"
    values = 'aria-valuemin="0" aria-valuemax="100" aria-valuenow="0"'
    return f"""
<div class="sound" data-phone="{number}">
<canvas role="meter" {values} aria-label="Sound at {name}'s ear"></canvas>
<button type="button" data-do="speak" title="{speak}">Speak</button>
<button type="button" data-do="talk" title="{talk}">Talk yourself</button>
<button type="button" data-do="listen" aria-pressed="false" title="{listen}">Listen</button>
</div>"""


def _recipe(recipe: Try) -> str:
    steps = "".join(f"<li>{escape(step)}</li>" for step in recipe.steps)
    return f"<article><h2>{escape(recipe.title)}</h2><ol>{steps}</ol></article>"
