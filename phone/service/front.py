"""What comes from the XMPP server is handed to whom it concerns: discovery, sessions, owners, delegation.

Nothing here waits: what takes time is a task of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Final
from xml.etree.ElementTree import Element

from phone.service import disco
from phone.service.addresses import Addresses
from phone.service.lamps import Lamps
from phone.service.owners import Owners
from phone.service.reception import SESSIONS, Reception
from phone.service.vouching import Vouching
from phone.voicemail.pubsub import PUBSUB
from phone.voicemail.wire import NS
from phone.xmpp.api import IqError
from phone.xmpp.component_api import Component, InnerIq, IqKind
from phone.xmpp.delegation import probe_answer

log = logging.getLogger(__name__)

_NOT_FOUND: Final = IqError("item-not-found", "cancel")
_UNKNOWN: Final = IqError("service-unavailable", "cancel")
_BUSY: Final = IqError("resource-constraint", "wait")
_OWNERS: Final = (f"{{{NS}}}", f"{{{PUBSUB}}}", f"{{{PUBSUB}#")
_MOST_TASKS: Final = 512


class Front:
    """The component's listener. `plain`: Google's dialect is spoken to somebody."""

    def __init__(self, addresses: Addresses, reception: Reception, *, plain: bool) -> None:
        self._addresses = addresses
        self._reception = reception
        self._plain = plain
        self._component: Component | None = None
        self._owners: Owners | None = None
        self._lamps: Lamps | None = None
        self._vouching: Vouching | None = None
        self._connected: Callable[[], None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(
        self,
        component: Component,
        owners: Owners,
        lamps: Lamps,
        vouching: Vouching,
        connected: Callable[[], None],
    ) -> None:
        """From now on all is answered. `connected()`: the server took us, at first or again."""
        self._component, self._owners, self._lamps, self._connected = component, owners, lamps, connected
        self._vouching = vouching

    async def close(self) -> None:
        """Wait for what is being answered."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- ComponentListener ----------------------------------------------------------------------------------------

    def online(self) -> None:
        log.info("the XMPP server took us as %s", self._addresses.component)
        if self._connected is not None:
            self._connected()

    def offline(self, sentence: str) -> None:
        log.warning("%s", sentence)

    def iq(self, sender: str, to: str, iq_id: str, kind: IqKind, payload: Element) -> bool:
        component, owners = self._component, self._owners
        if component is None or owners is None:
            return False
        if kind == "set" and payload.tag in SESSIONS:
            return self._reception.iq(sender, to, iq_id, payload)
        if payload.tag.startswith(_OWNERS):
            if not self._spawn(owners.answer(sender, to, iq_id, kind, payload)):
                component.reply(to, sender, iq_id, _BUSY)
            return True
        return kind == "get" and self._discovered(component, sender, to, iq_id, payload)

    def replied(self, token: str, error: str | None) -> None:
        self._reception.replied(token, error)

    def answered(self, token: str, payload: Element | None) -> None:
        if self._vouching is not None:
            self._vouching.answered(token, payload)

    def message(self, sender: str, to: str, stanza: Element) -> None:
        if stanza.get("type") != "error":
            self._reception.message(sender, to, stanza)
        elif self._vouching is not None and self._vouching.came_back(stanza.get("id", ""), sender):
            pass
        elif to == self._addresses.component and "/" in sender and self._lamps is not None:
            self._spawn(self._lamps.bounced(sender))
        else:
            log.info("a message to %s came back", sender)

    def presence(self, sender: str, to: str, kind: str) -> None:
        del to
        if kind == "unavailable":
            self._reception.unavailable(sender)

    def delegated(self, server: str, iq_id: str, inner: InnerIq) -> bool:
        component = self._component
        if component is None or server not in {inner.to.rpartition("@")[2], inner.to}:
            return False
        if inner.payload.tag not in disco.ACCOUNT_QUERIES or inner.kind != "get":
            return False
        found = disco.account_items(self._addresses, inner.sender, inner.to, inner.payload)
        component.answer_delegated(server, iq_id, inner, _UNKNOWN if found is None else found)
        return True

    # --- inside -------------------------------------------------------------------------------------------------

    def _discovered(self, component: Component, sender: str, to: str, iq_id: str, payload: Element) -> bool:
        answer: Element | IqError | None
        ours = to == self._addresses.component or self._addresses.place(to) is not None
        probed = probe_answer(payload) if sender in self._addresses.domains else None
        match payload.tag:
            case _ if not ours:
                answer = _UNKNOWN
            case _ if probed is not None:
                answer = probed
            case disco.INFO_QUERY:
                found = disco.info(payload, plain=self._plain)
                answer = _NOT_FOUND if found is None else found
            case disco.ITEMS_QUERY:
                answer = disco.items(payload)
            case "{urn:xmpp:ping}ping":
                answer = None
            case _:
                return False
        if isinstance(answer, Element):
            component.result(to, sender, iq_id, answer)
        else:
            component.reply(to, sender, iq_id, answer)
        return True

    def _spawn(self, work: Coroutine[object, object, None]) -> bool:
        """False: too much is being done."""
        if len(self._tasks) >= _MOST_TASKS:
            work.close()
            return False
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return True

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a request came to a fault of ours", exc_info=error)
