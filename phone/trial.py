"""The daemon's side of provisioning: it watches a config on trial, puts the one before back where it must, and says
when the phone is to start anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from phone.provision import trials
from phone.provision.contents import Contents
from phone.provision.errors import ProvisionError
from phone.provision.store import Store

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1
"""While there is a trial, and only then."""


@dataclass(slots=True)
class Keeper:
    """Runs on the loop; reads and writes the store off it. Without a trial it sleeps."""

    store: Store
    runs: Contents
    """What this daemon was started with."""
    on_trial: bool
    busy: Callable[[], bool] = bool
    """A call would be cut off by a restart."""
    trouble: Callable[[], str] = str
    """Why the phone is not registered; "": it is."""
    _now: bool = False
    _asked: bool = False
    _saw_trial: bool = False
    _complaint: str = ""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def reload(self, *, now: bool) -> None:
        """Start anew once the config on trial is in place (at once if none is), and no call is cut off by it (`now`: at
        any price).
        """
        self._asked, self._now = True, now or self._now
        self._wake.set()

    async def run(self) -> None:
        """Return when the daemon must start anew."""
        if self.on_trial:
            self._saw_trial = True
            self._wake.set()
        due = False
        while not due or (self.busy() and not self._now):
            await self._wake.wait()
            due = due or await self._looked()
            await asyncio.sleep(_LOOK_SECONDS)
        log.info("starting anew with another config")

    async def _looked(self) -> bool:
        try:
            return await asyncio.to_thread(self._look, self.trouble())
        except ProvisionError as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                log.warning("provisioning is out of order: %s", error)
            return False

    def _look(self, trouble: str) -> bool:
        trial = trials.pending(self.store)
        if trial is not None and (why := trials.overdue(self.store, trial)):
            reason = f"{why}: {trouble}" if trouble and trial.session else why
            log.warning("version %d of the config is rolled back: %s", trial.version, reason)
            trials.roll_back(self.store, reason, trial.version)
            trial = None
        changed = self.store.present() != self.runs
        if trial is not None:
            self._saw_trial = True
            return self._asked and changed
        due = changed or (self._asked and not self._saw_trial)
        self._asked = self._saw_trial = False
        if not due:
            self._wake.clear()
        return due
