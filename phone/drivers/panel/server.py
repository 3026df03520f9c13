"""The panel's server, in the phone's own loop: pages come and go, the phone does not notice.

Law: what a page says can be counted, answered and dropped, never more; what it does not read is overtaken.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol, Self

from phone.drivers.panel import messages
from phone.drivers.panel.client import Client, Socket
from phone.drivers.panel.feed import Panel
from phone.drivers.panel.hands import Hands
from phone.drivers.panel.messages import Move, NonsenseError
from phone.drivers.panel.site import Answer, Asked, panel_site
from phone.drivers.panel.values import PanelFacts, PanelKeys
from phone.drivers.sim import KEYS

CLIENTS = 8
"""Pages at a time."""
POLL_SECONDS = 0.25
"""Facts are looked at so often while a page looks on, beside every change of screen, lamps and keys."""
_POLICY_VIOLATION, _TRY_AGAIN_LATER = 1008, 1013

log = logging.getLogger(__name__)


class Listening(Protocol):
    """A server that can be stopped."""

    async def close(self) -> None: ...


class PanelServer:
    """Shows `panel` and `facts` to pages on loopback, and lets them work `keys`. `start` and `close`, or `async with`.

    `port` 0 takes a free one; `ancestors` are origins on loopback whose pages may frame the panel; `key_names` are the
    keys that this phone has. Raises ValueError on a token of less than 128 bits.
    """

    def __init__(
        self,
        panel: Panel,
        keys: PanelKeys,
        facts: Callable[[], PanelFacts],
        *,
        token: str,
        port: int = 0,
        ancestors: Sequence[str] = (),
        key_names: Sequence[str] = KEYS,
    ) -> None:
        self.refused: Counter[str] = Counter()
        """What was turned away: host, origin, path, token, clients, nonsense."""
        self._panel = panel
        self._facts = facts
        self._site = panel_site(token, ancestors)
        self._hello = messages.hello(key_names)
        self._hands = Hands(keys, frozenset(key_names))
        self._port = port
        self._clients: set[Client] = set()
        self._listening: Listening | None = None
        self._pump: asyncio.Task[None] | None = None
        self._fault = ""

    @property
    def origin(self) -> str:
        """Where it is served; the port is the right one once it was started."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """The address to open, token included: not for logs."""
        return f"{self.origin}/?token={self._site.token}"

    async def start(self) -> None:
        """Listen on 127.0.0.1 and ::1. Raises PanelError if the port is taken."""
        from phone.drivers.panel.loopback import Loopback  # noqa: PLC0415 - a phone without panel does not pay for it

        loopback = Loopback(self._answer, self.talk)
        self._port = await loopback.start(self._port)
        self._listening = loopback
        loop = asyncio.get_running_loop()
        self._panel.watch(lambda: loop.call_soon_threadsafe(self.changed))
        log.info("The panel is at %s/: `phone panel` prints the address with its token.", self.origin)

    async def close(self) -> None:
        """Send all pages away and stop listening; no key stays down. May be called twice."""
        self._panel.watch(None)
        if self._listening is not None:
            await self._listening.close()
        self._listening = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def changed(self) -> None:
        """Look at panel and facts now: pages are told what is new. On the loop only; costs nothing without pages."""
        if not self._clients:
            return
        lights = messages.lights(self._panel.lit, dimmed=self._panel.dimmed)
        facts = self._described()
        for client in self._clients:
            client.outbox.put("frame", self._panel.frame)
            client.outbox.put("lights", lights)
            if facts is not None:
                client.outbox.put("facts", facts)

    async def talk(self, socket: Socket) -> None:
        """Serve one page until it goes."""
        if len(self._clients) >= CLIENTS:
            self.refused["clients"] += 1
            await socket.close(_TRY_AGAIN_LATER, f"{CLIENTS} pages already show this phone: close one")
            return
        client = Client(socket)
        self._enter(client)
        try:
            await self._converse(client)
        except NonsenseError as nonsense:
            self.refused["nonsense"] += 1
            log.debug("a page was sent away: %s", nonsense)
            await socket.close(_POLICY_VIOLATION, "nonsense")
        finally:
            self._leave(client)

    async def _converse(self, client: Client) -> None:
        def move(made: Move) -> None:
            self._hands.move(client, made)
            self.changed()

        telling = asyncio.create_task(client.tell())
        try:
            await client.hear(move)
        finally:
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await telling

    def _enter(self, client: Client) -> None:
        client.outbox.put("hello", self._hello)
        self._clients.add(client)
        self.changed()
        if self._pump is None:
            self._pump = asyncio.create_task(self._tick())

    def _leave(self, client: Client) -> None:
        self._clients.discard(client)
        self._hands.gone(client)
        if not self._clients and self._pump is not None:
            self._pump.cancel()
            self._pump = None

    async def _tick(self) -> None:
        """Every second is told, changes in between."""
        while True:
            for _ in range(round(1 / POLL_SECONDS)):
                await asyncio.sleep(POLL_SECONDS)
                self.changed()
            for client in self._clients:
                client.outbox.put("second", messages.SECOND, again=True)

    def _described(self) -> str | None:
        """The facts; None if a bug of ours keeps them: the phone rings on without its picture in a browser."""
        try:
            described = messages.facts(self._facts())
        except Exception as fault:
            if repr(fault) != self._fault:
                log.exception("a bug of the phone's own in the panel's facts; pages show the older ones")
            self._fault = repr(fault)
            return None
        self._fault = ""
        return described

    def _answer(self, asked: Asked) -> Answer | None:
        answer = self._site.answer(asked)
        if answer is not None and answer.refused:
            self.refused[answer.refused] += 1
        return answer
