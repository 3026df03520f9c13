"""What tests of components listen with."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from rig.servers_ears import PATIENCE
from rig.servers_services import Services

from phone.xmpp.component import XmppComponent
from phone.xmpp.component_api import InnerIq


class ComponentEars:
    """A listener that remembers all; `until` waits for something heard."""

    def __init__(self) -> None:
        self.states: list[str] = []
        """"" for online, else why not."""
        self.iqs: list[tuple[str, str, str, str, Element]] = []
        self.replies: dict[str, list[str | None]] = {}
        self.answers: dict[str, list[Element | None]] = {}
        self.messages: list[tuple[str, str, Element]] = []
        self.presences: list[tuple[str, str, str]] = []
        self.inner: list[tuple[str, str, InnerIq]] = []
        self.takes = True
        self.handle: Callable[[str, str, str, str, Element], object] | None = None
        """Called for each request that was taken."""
        self.handle_inner: Callable[[str, str, InnerIq], object] | None = None
        self._news = asyncio.Event()

    def online(self) -> None:
        self._heard(self.states, "")

    def offline(self, sentence: str) -> None:
        self._heard(self.states, sentence)

    def iq(self, sender: str, to: str, iq_id: str, kind: str, payload: Element) -> bool:
        self._heard(self.iqs, (sender, to, iq_id, kind, payload))
        if self.handle is not None and self.takes:
            self.handle(sender, to, iq_id, kind, payload)
        return self.takes

    def replied(self, token: str, error: str | None) -> None:
        self._heard(self.replies.setdefault(token, []), error)

    def answered(self, token: str, payload: Element | None) -> None:
        self._heard(self.answers.setdefault(token, []), payload)

    def message(self, sender: str, to: str, stanza: Element) -> None:
        self._heard(self.messages, (sender, to, stanza))

    def presence(self, sender: str, to: str, kind: str) -> None:
        self._heard(self.presences, (sender, to, kind))

    def delegated(self, server: str, iq_id: str, inner: InnerIq) -> bool:
        self._heard(self.inner, (server, iq_id, inner))
        if self.handle_inner is not None and self.takes:
            self.handle_inner(server, iq_id, inner)
        return self.takes

    async def until(self, true: Callable[[], object]) -> None:
        """Raises TimeoutError with all that was heard."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not true():
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"{self.states} {self.iqs} {self.messages} {self.replies} {self.answers}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), 0.05)
            self._news.clear()

    async def until_online(self) -> None:
        await self.until(lambda: self.states and self.states[-1] == "")

    def _heard(self, where: list[Any], what: object) -> None:
        where.append(what)
        self._news.set()


@contextlib.asynccontextmanager
async def component(
    services: Services, *, ca_file: Path | None = None, **changes: Any
) -> AsyncIterator[tuple[XmppComponent, ComponentEars]]:
    """A component that tries to connect."""
    ears = ComponentEars()
    arguments = {"host": "127.0.0.1", "port": services.component_port, "secret": services.secret} | changes
    made = XmppComponent(
        services.component, listener=ears, server="localhost", ca_file=ca_file, random=lambda: 0.0, **arguments
    )
    task = asyncio.create_task(made.run())
    try:
        yield made, ears
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def connected(
    services: Services, *, ca_file: Path | None = None, **changes: Any
) -> AsyncIterator[tuple[XmppComponent, ComponentEars]]:
    """A component that is online."""
    async with component(services, ca_file=ca_file, **changes) as (made, ears):
        await ears.until_online()
        yield made, ears
