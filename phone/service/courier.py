"""Deliveries go out: claimed from the store, carried, settled; tried again later as long as that makes sense.

Law: while a delivery is carried its lease is renewed; who loses it stops. What was carried but not settled (this
process died in between) is carried again, by whoever claims it next.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol

from phone.service import duties
from phone.service.duties import LEASE, Delivery, Kind
from phone.service.store import Store, StoreError

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 5.0
AT_ONCE: Final = 8
_GRACE: Final = 3.0
_FIRST_PAUSE: Final = 30.0
_LONGEST_PAUSE: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Sent:
    """It is done, or there is nothing to be done any more."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not now; the sentence says why."""

    why: str


@dataclass(frozen=True, slots=True)
class Never:
    """Whoever sent it is to be told why."""

    why: str


Outcome = Sent | Later | Never
Told = Callable[[], Awaitable[None]]


class Carrier(Protocol):
    """One way to send. Must not raise but for bugs of ours."""

    def ready(self) -> bool:
        """Whether it makes sense to try now."""

    async def carry(self, delivery: Delivery, told: Told) -> Outcome:
        """Send it. `await told()`: its text went out, and is not to be repeated."""


class Courier:
    """`holder` names this instance among all that share the store; what it has no carrier for it leaves to others."""

    def __init__(
        self,
        store: Store,
        holder: str,
        carriers: Mapping[Kind, Carrier],
        give_up: float,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`give_up`: seconds after which a mail that does not go is given up."""
        self._store = store
        self._holder = holder
        self._carriers = carriers
        self._give_up = give_up
        self._chance = chance
        self._due = asyncio.Event()
        self._busy: set[asyncio.Task[None]] = set()

    def due(self) -> None:
        """There is something to be sent."""
        self._due.set()

    async def run(self) -> None:
        """Carry until cancelled; then others may go on with what is left."""
        try:
            while True:
                await self._claim()
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._due.wait()
                self._due.clear()
        finally:
            await self._let_end()
            with suppress(StoreError):
                await self._store.write(partial(duties.release, holder=self._holder))

    async def _let_end(self) -> None:
        """What is nearly done is done, and not sent again by others."""
        if self._busy:
            await asyncio.wait(self._busy, timeout=_GRACE)
        left = tuple(self._busy)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _claim(self) -> None:
        room = AT_ONCE - len(self._busy)
        kinds = tuple(kind for kind, carrier in self._carriers.items() if carrier.ready())
        if room <= 0 or not kinds:
            return
        claim = partial(duties.claim, holder=self._holder, now=time.time(), most=room, kinds=kinds)
        try:
            claimed = await self._store.write(claim)
        except StoreError as error:
            log.error("nothing can be sent: %s", error)  # noqa: TRY400
            return
        for delivery in claimed:
            task = asyncio.get_running_loop().create_task(self._carry(delivery))
            self._busy.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._busy.discard(task)
        self._due.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a delivery came to a fault of ours", exc_info=error)

    async def _carry(self, delivery: Delivery) -> None:
        carrier = self._carriers[delivery.kind]
        work = asyncio.get_running_loop().create_task(carrier.carry(delivery, partial(self._told, delivery)))
        try:
            await self._while_leased(delivery, work)
        finally:
            if not work.done():
                work.cancel()
        if not work.cancelled():
            await self._settle(delivery, work.result())

    async def _while_leased(self, delivery: Delivery, work: asyncio.Task[Outcome]) -> None:
        renew = partial(duties.renew, holder=self._holder, id=delivery.id)
        while not (await asyncio.wait((work,), timeout=LEASE / 3))[0]:
            try:
                mine = await self._store.write(partial(renew, now=time.time()))
            except StoreError:
                continue  # the lease may hold until the store is back
            if not mine:
                log.warning("delivery %s went over to another instance", delivery.id)
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work
                return

    async def _settle(self, delivery: Delivery, outcome: Outcome) -> None:
        match outcome:
            case Sent():
                log.info("%s %s to %s is sent", delivery.kind.value, delivery.id, delivery.recipient)
                await self._settled(delivery, None)
            case Later(why) if delivery.kind is Kind.MAIL and time.time() - delivery.stamp > self._give_up:
                log.error("mail %s to %s is given up: %s", delivery.id, delivery.recipient, why)
                await self._settled(delivery, _bounce(delivery, ""))
            case Later(why):
                await self._postpone(delivery, why)
            case Never(why):
                log.warning("%s %s to %s cannot be sent: %s", delivery.kind.value, delivery.id, delivery.recipient, why)
                await self._settled(delivery, _bounce(delivery, why) if delivery.kind is Kind.MAIL else None)

    async def _settled(self, delivery: Delivery, then: Delivery | None) -> None:
        settle = partial(duties.settle, holder=self._holder, id=delivery.id, then=then, now=time.time())
        await self._insist(settle)
        if then is not None:
            self.due()

    async def _postpone(self, delivery: Delivery, why: str) -> None:
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**delivery.attempts) * (0.75 + self._chance() / 2)
        log.warning(
            "%s %s to %s waits for %.0f s: %s", delivery.kind.value, delivery.id, delivery.recipient, pause, why
        )
        due = time.time() + pause
        await self._insist(partial(duties.postpone, holder=self._holder, id=delivery.id, due=due))

    async def _told(self, delivery: Delivery) -> None:
        await self._insist(partial(duties.say_told, holder=self._holder, id=delivery.id))

    async def _insist(self, work: partial[None]) -> None:
        """What was sent must be known to be, or it is sent again: as long as the lease holds."""
        pause = 1.0
        while True:
            try:
                await self._store.write(work)
            except StoreError as error:
                if pause > LEASE / 2:
                    log.error("what became of a delivery cannot be kept: %s", error)  # noqa: TRY400
                    return
                await asyncio.sleep(pause)
                pause *= 2
            else:
                return


def _bounce(delivery: Delivery, why: str) -> Delivery:
    bounce = replace(delivery, id=f"{delivery.id}-bounce", kind=Kind.BOUNCE, sound="", name=why, attempts=0)
    return replace(bounce, told=False)
