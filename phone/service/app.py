"""The composition root of the service: makes the parts, ties them together, runs until told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
import time
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Self

from phone.jingle.jid import bare, normal
from phone.media.plan import Report
from phone.prompts import Prompts, default_folder
from phone.service.addresses import Addresses
from phone.service.admission import Rules
from phone.service.chat import BounceCarrier, ChatCarrier, Sounds
from phone.service.courier import Carrier, Courier
from phone.service.desk import Desk
from phone.service.duties import Kind
from phone.service.front import Front
from phone.service.greetings import Greetings
from phone.service.guest import House
from phone.service.keeper import Keeper
from phone.service.lamps import Lamps
from phone.service.owners import Owners
from phone.service.post import MailCarrier
from phone.service.reception import Reception
from phone.service.spool import Spool
from phone.service.store import Store
from phone.service.studio import Studio, setup
from phone.service.tape import Tapes
from phone.service.traversal import Traversal
from phone.service.values import ServiceConfig
from phone.service.visit import Terms
from phone.service.vouching import Vouching
from phone.service.wording import load_wording
from phone.xmpp.component import XmppComponent

log = logging.getLogger(__name__)

_HOUR = 3600.0
_STOP_SECONDS = 8.0
"""For messages that are being kept."""


def run(config: ServiceConfig) -> int:
    """Run the service until SIGTERM or SIGINT. Raises PhoneError where it cannot start."""
    asyncio.run(_run(config))
    return 0


async def _run(config: ServiceConfig) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with Service(config) as service:
        stopped = asyncio.get_running_loop().create_task(ended.wait())
        await asyncio.wait((stopped, service.fault), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if service.fault.done():
            service.fault.result()


def allowed(account: str, names: tuple[str, ...]) -> bool:
    """Whether the address, or its domain, is among `names`."""
    address = bare(normal(account))
    return not {address, address.rpartition("@")[2]}.isdisjoint(map(normal, names))


class Service:
    """All of it: `async with Service(config): ...`. Raises PhoneError where it cannot start."""

    def __init__(self, config: ServiceConfig) -> None:
        self._config = config
        self._stack = AsyncExitStack()
        self.addresses = Addresses(normal(config.component.domain), tuple(map(normal, config.accounts.domains)))
        self.reception = Reception(self.addresses, config.limits.calls)
        self.studio = Studio(self._report, self.reception.lost)
        self.connected = asyncio.Event()
        self.fault: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Raises what killed one of the parts: a service that is half dead must not look alive."""

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _open(self) -> None:
        config = self._config
        front = Front(self.addresses, self.reception, plain=bool(config.media.plain_rtp))
        component = _component(config, front)
        store = Store(config.store.url)
        self._stack.callback(store.close)
        await asyncio.to_thread(store.prepare)
        spool = await asyncio.to_thread(Spool, config.store.spool)
        self._stack.callback(spool.close)
        await asyncio.to_thread(spool.recover)
        lamps = Lamps(store, component, self.addresses.component, config.limits.days)
        courier = Courier(store, _instance(), self._carriers(component, store), _give_up(config))
        keeper = Keeper(spool, store, lamps.changed, courier.due)
        owners = Owners(store, component, self.addresses, lamps.changed, listed=config.accounts.mailboxes == "listed")
        self._stack.push_async_callback(self.studio.close)
        traversal = Traversal(config.ice)
        media = setup(config.media, config.log_level, relay_only=config.ice.relay_only)
        self.studio.servers = lambda: traversal.servers(component.ice_servers(), time.time())
        await self.studio.start(media, config.media.processes)
        vouching = Vouching(component, self.addresses.component)
        self._open_house(component, spool, store, keeper, vouching)
        front.open(component, owners, lamps, vouching, partial(self._came_online, courier))
        self._stack.push_async_callback(front.close)
        # ended in the opposite order: the calls first, as long as there is a connection to say so
        for work in (component.run(), courier.run(), keeper.run(), lamps.run()):
            self._begin(work)
        self._stack.push_async_callback(self._say_goodbye)

    def _open_house(
        self, component: XmppComponent, spool: Spool, store: Store, keeper: Keeper, vouching: Vouching
    ) -> None:
        config = self._config
        tapes = Tapes(spool)
        self._stack.callback(tapes.close)
        prompts = Prompts(default_folder(), config.language)
        default = str(config.greeting.absolute()) if config.greeting else prompts.path("service-greeting")
        greetings = Greetings(store, config.store.spool / "greetings", default, prompts.path("beep"))
        vouched = vouching.vouched if config.accounts.mailboxes == "accounts" else None
        desk = Desk(store, self._rules(), config.limits, greetings.files, vouched)
        terms = Terms(config.limits.seconds, config.limits.silence_seconds)
        self.reception.open(
            House(component, self.studio, desk, tapes, keeper, terms, self._may_be_plain, self.reception.room)
        )

    def _may_be_plain(self, far: str) -> bool:
        return allowed(far, self._config.media.plain_rtp)

    def _rules(self) -> Rules:
        config = self._config
        mail = config.mail
        may = (mail.allow or config.accounts.domains) if mail else ()
        return Rules(
            addresses=self.addresses,
            listed=not config.accounts.any,
            strangers=config.limits.strangers,
            per_hour=config.limits.per_hour,
            mail_per_day=mail.per_day if mail else 0,
            may_mail=lambda account: allowed(account, may),
        )

    def _carriers(self, component: XmppComponent, store: Store) -> Mapping[Kind, Carrier]:
        wording, sounds = load_wording(self._config.language), Sounds(store)
        carriers: dict[Kind, Carrier] = {
            Kind.CHAT: ChatCarrier(component, self.addresses, wording, sounds),
            Kind.BOUNCE: BounceCarrier(component, self.addresses, wording),
        }
        if self._config.mail is not None:
            carriers[Kind.MAIL] = MailCarrier(self._config.mail, wording, sounds)
        return carriers

    def _came_online(self, courier: Courier) -> None:
        self.connected.set()
        courier.due()

    async def _say_goodbye(self) -> None:
        """Calls end, and their messages are kept; the connection lasts that long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await self.reception.close()

    def _report(self, report: Report) -> None:
        self.reception.report(report)

    def _begin(self, work: Coroutine[object, object, None]) -> None:
        """One of the tasks that last as long as the service."""
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._died)
        self._stack.push_async_callback(_end, task)

    def _died(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self.fault.done():
            log.critical("a fault of ours ends the service", exc_info=error)
            self.fault.set_exception(error)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait((task,))


def _give_up(config: ServiceConfig) -> float:
    return config.mail.give_up_hours * _HOUR if config.mail else 0.0


def _component(config: ServiceConfig, front: Front) -> XmppComponent:
    wanted = config.component
    return XmppComponent(
        wanted.domain,
        wanted.password(),
        wanted.host,
        wanted.port,
        front,
        server=wanted.server or config.accounts.domains[0],
        ca_file=wanted.ca_file,
    )


def _instance() -> str:
    """Of this run alone: what an earlier one had claimed is over with its leases."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
