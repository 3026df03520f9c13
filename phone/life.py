"""The phone's life once its parts are there: dial tone first, then the network, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path

from phone import stamp
from phone.alltroubles import part_troubles
from phone.calls.model import Service
from phone.clockfloor import ClockFloor
from phone.engine import Engine
from phone.media.host import MediaHost
from phone.sdnotify import Notifier
from phone.trial import Keeper
from phone.watchdog import Watchdog
from phone.xmpp.client import XmppClient

log = logging.getLogger(__name__)

_SOUND_PATIENCE = 20.0
"""Seconds for the sound process to start. Keys, display and the network need not wait for ever for one that cannot."""
_ANEW = 90.0
"""Seconds for a Pi Zero to begin anew."""
_KEEP_EVERY = 600.0
"""Seconds: what is written often wears a card out."""


@dataclass(frozen=True, slots=True)
class Life:
    """What it takes."""

    engine: Engine
    client: XmppClient
    media: MediaHost
    keeper: Keeper
    floor: ClockFloor
    notifier: Notifier
    seen: Path
    """Where to keep until when every call is known."""
    desk_troubles: Callable[[], tuple[str, ...]]

    async def run(self, stop: asyncio.Event) -> bool:
        """Until `stop`, or until another config is to be run (True)."""
        loop = asyncio.get_running_loop()
        stopped = loop.create_task(stop.wait())
        await self._dial_tone(stopped)
        signed_in, again = loop.create_task(self.client.run()), loop.create_task(self.keeper.run())
        beside = [loop.create_task(work) for work in (self._keep_times(), *self._watched())]
        done, _ = await asyncio.wait({signed_in, stopped, again}, return_when=asyncio.FIRST_COMPLETED)
        anew = again in done and stopped not in done
        self._tell_end(anew=anew)
        self.engine.stop()
        tasks = (signed_in, stopped, again, *beside)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for ended in done & {signed_in, again}:
            ended.result()  # raise what ended it: of itself only the last returns
        return anew

    async def _dial_tone(self, stopped: asyncio.Task[bool]) -> None:
        sound = asyncio.get_running_loop().create_task(self.media.ready(_SOUND_PATIENCE))
        await asyncio.wait({sound, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not sound.done():
            sound.cancel()
        elif not sound.result():
            log.error("the sound process does not start: the phone goes on without it, and tries again")
        self.notifier.status(self.sentence())
        self.notifier.ready()

    def _watched(self) -> tuple[Coroutine[None, None, None], ...]:
        if not self.notifier.listening:
            return ()
        return (Watchdog(self.notifier, self.engine, self.media, self._stuck, self.sentence).run(),)

    def _stuck(self) -> float:
        alive = self.engine.measured.alive
        return alive.stuck if alive else 0.0

    def _tell_end(self, *, anew: bool) -> None:
        log.info("stopping")
        if anew:
            self.notifier.again(_ANEW)
        else:
            self.notifier.stopping()

    def sentence(self) -> str:
        """How the phone is, for `systemctl status`."""
        trouble = self.engine.trouble()
        service = f"not registered: {trouble}" if trouble else f"registered as {self.client.full_jid}"
        return "; ".join((service, *part_troubles(self.engine, self.desk_troubles)))

    async def _keep_times(self) -> None:
        """Off the loop, for the card may be slow; at the end too."""
        try:
            while True:
                await asyncio.sleep(_KEEP_EVERY)
                await asyncio.to_thread(self._keeping())
        finally:
            self._keeping()()

    def _keeping(self) -> Callable[[], None]:
        """What is to be kept now, as an act for any thread."""
        at, online = self.client.last_seen, self.engine.phone.service is Service.ONLINE

        def keep() -> None:
            if at is not None:
                stamp.keep(self.seen, at)
            if online:
                self.floor.keep()

        return keep


def stop_asked() -> asyncio.Event:
    """Set by SIGTERM and SIGINT, from now on."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
