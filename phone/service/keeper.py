"""From the spool into the store, and what follows from that: deliveries, and news for the owner's phones.

Law: one transaction takes a recording in, with its delivery; whether it did is the store's to remember (`taken`), so
that a recording found again after a crash is neither lost nor sent twice.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from sqlalchemy import Connection, insert, select

from phone.service import boxes, duties
from phone.service.duties import Delivery, Kind
from phone.service.schema import sound, taken
from phone.service.spool import Found, Spool
from phone.service.store import Store, StoreError
from phone.voicemail.message import State
from phone.voicemail.wire import RemoteMessage

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 15.0


class Keeper:
    """`changed(owner, id)`: a mailbox has a new message. `due()`: there is something to be sent."""

    def __init__(
        self,
        spool: Spool,
        store: Store,
        changed: Callable[[str, str], Awaitable[None]],
        due: Callable[[], None],
        retry: float = RETRY_SECONDS,
    ) -> None:
        self._spool = spool
        self._store = store
        self._changed = changed
        self._due = due
        self._retry = retry
        self._owed = asyncio.Event()

    async def keep(self, found: Found) -> bool:
        """Whether the store has it now. If not, it stays in the spool, and `run` tries again."""
        try:
            await self._take(found)
        except FileNotFoundError:
            return True  # `run` found it as well, and was quicker
        except (StoreError, OSError) as error:
            log.error("the message %s waits in the spool: %s", found.id, error)  # noqa: TRY400
            self._owed.set()
            return False
        return True

    def later(self) -> None:
        """Something is in the spool."""
        self._owed.set()

    async def run(self) -> None:
        """Bring in what waits in the spool, again and again until cancelled."""
        self._owed.set()
        while True:
            await self._owed.wait()
            self._owed.clear()
            for found in await self._waiting():
                if not await self.keep(found):
                    break
            if self._owed.is_set():
                await asyncio.sleep(self._retry)

    async def _waiting(self) -> list[Found]:
        try:
            return await asyncio.to_thread(lambda: list(self._spool.waiting()))
        except OSError as error:
            log.error("the spool cannot be read: %s; look after the disk of store.spool", error)  # noqa: TRY400
            self._owed.set()
            return []

    async def _take(self, found: Found) -> None:
        data = await asyncio.to_thread(self._spool.read, found.id)
        fresh = await self._store.write(partial(_take, found=found, data=data, now=time.time()))
        if fresh:
            await self._announce(found)
        await asyncio.to_thread(self._spool.remove, found.id)

    async def _announce(self, found: Found) -> None:
        """To the phones first: their lamps are to light at once, and encoding for the chat keeps the machine busy."""
        log.info("message %s of %.0f s for %s is in the store", found.id, found.seconds, found.label.owner)
        if found.label.kind is Kind.CHAT:
            await self._changed(found.label.owner, found.id)
        self._due()


def _take(connection: Connection, found: Found, data: bytes, now: float) -> bool:
    """Whether it was new."""
    if connection.execute(select(taken.c.id).where(taken.c.id == found.id)).first() is not None:
        return False
    label = found.label
    connection.execute(insert(taken).values(id=found.id, stamp=now))
    if label.kind is Kind.CHAT:
        kept = RemoteMessage(found.id, State.NEW, label.caller, label.stamp, found.seconds, found.size)
        boxes.add(connection, label.owner, kept, data)
    else:
        connection.execute(insert(sound).values(id=found.id, data=data))
    caller = label.caller
    wanted = Delivery(
        *(found.id, label.kind, found.id, label.owner, label.recipient),
        *(caller.jid, caller.name, label.stamp, found.seconds),
    )
    duties.enqueue(connection, wanted, now)
    return True
