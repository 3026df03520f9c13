"""News of mailboxes for the phones that follow them: each instance tells those that subscribed at it, of what it
changed itself and of what others did.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from functools import partial
from typing import Final

from phone.service import boxes, duties
from phone.service.store import Store, StoreError
from phone.voicemail.pubsub import Event, event_element, node_of
from phone.xmpp.component_api import Component

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 1.0
_LOOK_BACK: Final = 30.0
"""Seconds: a transaction that began earlier may be seen later."""
_SWEEP_SECONDS: Final = 600.0


class Lamps:
    """`service`: our domain. `days`: after which messages expire, 0: never."""

    def __init__(self, store: Store, component: Component, service: str, days: float) -> None:
        self._store = store
        self._component = component
        self._service = service
        self._days = days
        self._seen: dict[str, float] = {}

    async def changed(self, owner: str, id: str) -> None:
        """A message came, or is not what it was: tell the phones, here and at other instances."""
        now = time.time()
        note = partial(duties.note, id=secrets.token_hex(8), owner=owner, message=id, service=self._service, now=now)
        try:
            await self._publish(owner, id)
            await self._store.write(note)
        except StoreError as error:
            log.error("the phones of %s do not know of a change: %s", owner, error)  # noqa: TRY400

    async def bounced(self, jid: str) -> None:
        """An event did not arrive there."""
        log.info("%s follows its mailbox no more", jid)
        try:
            await self._store.write(partial(duties.forget, jid=jid))
        except StoreError as error:
            log.warning("%s is still told of changes: %s", jid, error)

    async def run(self) -> None:
        """Follow other instances, and let messages expire, until cancelled."""
        swept = -_SWEEP_SECONDS
        while True:
            try:
                await self._follow(time.time())
                if time.monotonic() - swept > _SWEEP_SECONDS:
                    swept = time.monotonic()
                    await self._sweep(time.time())
            except StoreError as error:
                log.warning("no news of other instances: %s", error)
            await asyncio.sleep(POLL_SECONDS)

    async def _publish(self, owner: str, id: str) -> None:
        told = await self._store.read(partial(duties.subscribers, owner=owner, service=self._service))
        if not told:
            return
        message = await self._store.read(partial(boxes.get, owner=owner, id=id))
        event = Event(node_of(owner), (message,)) if message else Event(node_of(owner), retracted=(id,))
        for jid in told:
            self._component.send_event(self._service, jid, event_element(event))

    async def _follow(self, now: float) -> None:
        fresh = await self._store.read(partial(duties.noted, service=self._service, since=now - _LOOK_BACK))
        for change, owner, message in fresh:
            if change not in self._seen:
                await self._publish(owner, message)
        still = {change for change, _, _ in fresh}
        self._seen = dict.fromkeys(still, now)

    async def _sweep(self, now: float) -> None:
        await self._store.write(partial(duties.sweep, now=now))
        while gone := await self._store.write(partial(boxes.expired, now=now, days=self._days)):
            for owner, id, new in gone:  # noqa: A001 - the field's word
                if new:
                    await self.changed(owner, id)
