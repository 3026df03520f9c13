"""Headless Chromium as an independent phone: a page with `stanza` speaks Jingle, the browser's WebRTC the media.

Law: nothing here knows the phone; everything said about a call is what the browser itself found.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Protocol, Self, cast

from devtools import DevTools, Json

RATE = 48_000
"""Samples per second of everything the page records."""

_DIST = Path(__file__).parent / "dist"
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
    "--autoplay-policy=no-user-gesture-required",
    # Several pages share the browser; none of them is ever in front of a user.
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    # Host candidates on 127.0.0.1, which WebRTC leaves out by default.
    "--allow-loopback-in-peer-connection",
    # The addresses themselves, not mDNS names that nobody here answers for.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    # Nothing is looked up outside this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


class PageError(RuntimeError):
    """Script in the page threw; the message is what it threw."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the page's journal: `in`, `out` (stanzas), `jingle:*`, `pc:*`, `ice:*`, `track`, `disconnected`."""

    at: float
    """Unix time in seconds."""
    kind: str
    detail: Json


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the browser's own statistics say of the latest call (W3C webrtc-stats)."""

    sid: str
    peer: str
    state: str
    connection: str
    dtls: str
    srtp_cipher: str
    """SRTP_AES128_CM_HMAC_SHA1_80 in one Chromium, AES_CM_128_HMAC_SHA1_80 in another."""
    dtls_role: str
    codec: str
    packets_received: int
    packets_sent: int
    packets_lost: int
    local_candidate: str
    remote_candidate: str
    round_trip_seconds: float | None


class Peer:
    """One page with one account: a softphone of its own."""

    def __init__(self, devtools: DevTools, context: str, session: str) -> None:
        self._devtools = devtools
        self._context = context
        self._session = session
        self.closed = False

    async def connect(
        self, jid: str, password: str, websocket: str, *, resource: str = "browser", caps: bool = True
    ) -> str:
        """Sign in over `websocket` (a ws:// address) and send presence, with XEP-0115 caps or not; the full JID.

        Raises:
            PageError: refused, or no such server.
        """
        account: dict[str, Json] = {"jid": jid, "password": password, "websocket": websocket}
        account |= {"resource": resource, "caps": caps}
        return cast("str", await self._do("connect", account))

    async def disconnect(self) -> None:
        """Sign out: close the stream."""
        await self._do("disconnect")

    async def call(self, full_jid: str) -> str:
        """Call by a bare session-initiate, the only way stanza knows; the session id."""
        return cast("str", await self._do("call", full_jid))

    async def answer_after(self, seconds: float | None) -> None:
        """Answer every incoming call after ringing for `seconds`; None (the default) lets it ring."""
        await self._do("answerAfter", None if seconds is None else seconds * 1000)

    async def answer(self) -> None:
        """Accept the call that rings."""
        await self._do("answer")

    async def decline(self) -> None:
        """Refuse the call that rings (reason decline)."""
        await self._do("decline")

    async def hang_up(self) -> None:
        """End the call (reason success)."""
        await self._do("hangUp")

    async def tone(self, hz: float) -> None:
        """Speak a sine of `hz` at -12 dBFS from now on; 0 is silence, as at the start."""
        await self._do("tone", hz)

    async def press(self, digits: str) -> None:
        """Send RFC 4733 events, 200 ms each with 100 ms between.

        Raises:
            PageError: the far end accepted no telephone-event.
        """
        await self._do("press", digits)

    async def heard(self, seconds: float) -> array[int]:
        """The last `seconds` that arrived and were played, 16-bit mono at `RATE`; less if there was less."""
        samples = array("h", base64.b64decode(cast("str", await self._do("recording", seconds))))
        if sys.byteorder == "big":
            samples.byteswap()
        return samples

    async def events(self, kind: str | None = None) -> list[Event]:
        """The journal so far, or its lines of one kind."""
        return [_event(line) for line in cast("list[Json]", await self._do("events", kind))]

    async def first(self, kind: str, *, since: float = 0, within: float = 15) -> Event:
        """The first event of `kind` at or after `since` (Unix seconds), come already or still to come.

        Raises:
            TimeoutError: none came `within` that many seconds; the message is what came instead.
        """
        try:
            async with asyncio.timeout(within):
                return _event(await self._do("first", kind, since * 1000))
        except TimeoutError:
            kinds = [event.kind for event in await self.events() if event.kind not in {"in", "out"}]
            raise TimeoutError(f"no {kind} within {within:g} s, but {kinds}") from None

    async def facts(self) -> CallFacts:
        """The browser's statistics of the latest call."""
        facts = cast("dict[str, Json]", await self._do("facts"))
        return CallFacts(**{_snake(name): value for name, value in facts.items()})  # type: ignore[arg-type]

    async def close(self) -> None:
        """Close the tab as a user does: the page gets no chance to say goodbye."""
        self.closed = True
        await self._devtools.call("Target.disposeBrowserContext", {"browserContextId": self._context})

    async def _do(self, method: str, *arguments: Json) -> Json:
        """Call `window.peer.<method>` and await its promise."""
        call = f"peer.{method}(...{json.dumps(arguments)})"
        return await _evaluate(self._devtools, self._session, call)


class SignIn(Protocol):
    """Gives a softphone that is signed in."""

    async def __call__(self, name: str, resource: str = ..., *, caps: bool = ...) -> Peer: ...


class Browser:
    """One Chromium; `open` makes softphones in it. An async context manager."""

    def __init__(self, folder: Path, chromium: str = "chromium") -> None:
        """`folder` takes the profile and the log `chromium.log`; it must exist."""
        self._folder = folder
        self._chromium = chromium
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self._site = stack.enter_context(_site())
            self.devtools = await self._start()
            stack.push_async_callback(self.devtools.close)
            self._exit = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    async def open(self) -> Peer:
        """A new softphone with cookies, storage and connections of its own, not signed in yet.

        Raises:
            PageError: the page's script failed to load (`npm run build` in this folder makes it).
        """
        call = self.devtools.call
        context = cast("str", (await call("Target.createBrowserContext"))["browserContextId"])
        # Without the right to a microphone WebRTC offers the default route's address only (RFC 8828, mode 2).
        await call("Browser.grantPermissions", {"permissions": ["audioCapture"], "browserContextId": context})
        created = await call("Target.createTarget", {"url": "about:blank", "browserContextId": context})
        attached = await call("Target.attachToTarget", {"targetId": created["targetId"], "flatten": True})
        session = cast("str", attached["sessionId"])
        # Answered once the page has taken the blank one's place; script sent earlier would run in the blank one.
        await call("Page.navigate", {"url": self._site}, session=session)
        await _evaluate(self.devtools, session, _LOADED)
        return Peer(self.devtools, context, session)

    async def _start(self) -> DevTools:
        profile = tempfile.mkdtemp(prefix="profile-", dir=self._folder)
        command = [self._chromium, *_FLAGS, f"--user-data-dir={profile}"]
        # Chromium's sandbox refuses root; a newcomer who is not root keeps it.
        if os.geteuid() == 0:
            command.append("--no-sandbox")
        with (self._folder / "chromium.log").open("wb") as log:
            return await DevTools.start(command, log=log.fileno())


_LOADED = """
new Promise(loaded => document.readyState === 'complete' ? loaded() : addEventListener('load', loaded)).then(() => {
    if (!window.peer) throw new Error('dist/peer.js is missing or broken');
})
"""


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # the standard library's name
        """A request for the page is no news."""


@contextmanager
def _site() -> Iterator[str]:
    """Serve the built page on a free port of loopback, which is a secure context (worklets need one)."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=str(_DIST)))
    thread = Thread(target=server.serve_forever, name="interop page")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/index.html"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def _evaluate(devtools: DevTools, session: str, expression: str) -> Json:
    reply = await devtools.call(
        "Runtime.evaluate",
        {"expression": expression, "awaitPromise": True, "returnByValue": True},
        session=session,
    )
    thrown = reply.get("exceptionDetails")
    if thrown is not None:
        details = cast("dict[str, Json]", thrown)
        exception = cast("dict[str, Json]", details.get("exception") or {})
        raise PageError(str(exception.get("description") or details.get("text")))
    return cast("dict[str, Json]", reply["result"]).get("value")


def _event(line: Json) -> Event:
    fields = cast("dict[str, Json]", line)
    return Event(cast("float", fields["at"]) / 1000, cast("str", fields["kind"]), fields["detail"])


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
