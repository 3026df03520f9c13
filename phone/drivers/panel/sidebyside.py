"""Several phones' panels on one page, with a few things to try: what the demo opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Self
from urllib.parse import urlsplit

from phone.drivers.panel.server import Listening
from phone.drivers.panel.site import Site, asset, new_token


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


def side_by_side(panels: Sequence[Framed], tries: Sequence[Try], *, title: str) -> str:
    """The page. All texts are escaped."""
    frames = "\n".join(map(_frame, panels))
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/sidebyside.css">
<header><h1>{escape(title)}</h1></header>
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

    @property
    def ancestors(self) -> tuple[str, str]:
        """What the panels' servers must know to let themselves be framed; right once this was started."""
        return f"http://127.0.0.1:{self._port}", f"http://localhost:{self._port}"

    @property
    def url(self) -> str:
        """The address to open, token included."""
        return f"{self.ancestors[0]}/?token={self._token}"

    async def start(self) -> None:
        """Listen; there is no page yet. Raises PanelError if the port is taken."""
        from phone.drivers.panel.loopback import Loopback  # noqa: PLC0415 - as in server.py

        self._site = self._made("", ())
        loopback = Loopback(lambda asked: self._site.answer(asked) if self._site else None, _nobody)
        self._port = await loopback.start(self._port)
        self._listening = loopback

    def show(self, panels: Sequence[Framed], tries: Sequence[Try], *, title: str) -> None:
        """Serve these from now on."""
        self._site = self._made(side_by_side(panels, tries, title=title), panels)

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

    def _made(self, page: str, panels: Sequence[Framed]) -> Site:
        origins = " ".join(f"http://{urlsplit(p.url).netloc}" for p in panels) or "'none'"
        policy = (
            f"default-src 'none'; style-src 'self'; img-src data:; frame-src {origins}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return Site(self._token, page.encode(), {"/sidebyside.css": asset("sidebyside.css")}, policy, socket=False)


def _frame(panel: Framed) -> str:
    title, url = escape(panel.title), escape(panel.url)
    return f'<iframe src="{url}" title="{title}" allow="autoplay"></iframe>'


def _recipe(recipe: Try) -> str:
    steps = "".join(f"<li>{escape(step)}</li>" for step in recipe.steps)
    return f"<article><h2>{escape(recipe.title)}</h2><ol>{steps}</ol></article>"


async def _nobody(_socket: object) -> None:
    """No WebSocket gets here: the site lets none in."""
