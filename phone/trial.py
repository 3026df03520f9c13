"""The daemon's side of provisioning: it watches a config on trial, puts the one before back where it must, and says
when the phone is to start anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from phone.control import TrialStatus
from phone.provision import trials
from phone.provision.contents import Contents
from phone.provision.errors import ProvisionError
from phone.provision.store import Store
from phone.provision.values import Trial

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1
"""While a session waits for what comes of its trial."""
_IDLE_SECONDS = 1.0
"""While a trial waits for somebody's word, which may take a day, or the store cannot be read."""


@dataclass(slots=True)
class Keeper:
    """Runs on the loop; reads and writes the store off it. Without a trial it sleeps."""

    store: Store
    runs: Contents
    """What this daemon was started with."""
    version: int | None = None
    """Of that, if it was on trial then."""
    busy: Callable[[], bool] = bool
    """A call would be cut off by a restart."""
    trouble: Callable[[], str] = str
    """Why the phone is not registered; "": it is."""
    _now: bool = False
    _asked: int = 0
    """How often, since the last trial was over."""
    _saw_trial: bool = False
    _trial: Trial | None = None
    """As it was when looked at last."""
    _complaint: str = ""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def reload(self, *, now: bool) -> None:
        """Start anew once the config on trial is in place (at once if none is), and no call is cut off by it (`now`: at
        any price).
        """
        self._asked, self._now = self._asked + 1, now or self._now
        self._wake.set()

    def on_trial(self) -> TrialStatus | None:
        """For `phone status`."""
        trial = self._trial
        if trial is None:
            return None
        left = None if trial.deadline is None else round(max(0.0, trial.deadline - time.monotonic()), 1)
        return TrialStatus(trial.version, trial.previous, left, trial.session)

    async def run(self) -> None:
        """Return when the daemon must start anew."""
        if self.version is not None:
            self._saw_trial = True
            self._wake.set()
        due = False
        while not due or (self.busy() and not self._now):
            if not due:
                await self._wake.wait()
                due = await self._looked()
            elif self._trial is not None:
                await self._follow()
            await asyncio.sleep(self._pace())
        log.info("starting anew with another config")

    def _pace(self) -> float:
        watched = self._trial is None or self._trial.session or self._asked > 0
        return _LOOK_SECONDS if watched and not self._complaint else _IDLE_SECONDS

    async def _follow(self) -> None:
        """It may be over before the call is that the restart waits for."""
        with suppress(ProvisionError):
            self._trial = await asyncio.to_thread(trials.pending, self.store)

    async def _looked(self) -> bool:
        asked = self._asked
        try:
            due, over = await asyncio.to_thread(self._look, asked > 0, self.trouble())
        except ProvisionError as error:
            self._complain(str(error))
            return False
        if over and asked == self._asked:
            self._asked, self._saw_trial = 0, False
            self._wake.clear()
        return due

    def _look(self, asked: bool, trouble: str) -> tuple[bool, bool]:
        """Whether to start anew, and whether there is no trial to watch."""
        trial = trials.pending(self.store)
        if trial is not None and (why := trials.overdue(self.store, trial)):
            reason = f"{why}: {trouble}" if trouble and trial.session else why
            if not self._rolled_back(trial, reason):  # the config itself may be back, all the same
                return self._is_old(self.store.present()), False
            trial = None
        self._trial, self._complaint = trial, ""
        present = self.store.present()
        if trial is not None:
            self._saw_trial = True
            # Even if it says what this daemon runs: only one that was started with it is on trial.
            other = trial.version != self.version and trials.read_anew(self.store, trial)
            return asked and other and present == self.store.contents(trial.version), False
        return self._is_old(present) or (asked and not self._saw_trial), True

    def _is_old(self, present: Contents) -> bool:
        """What this daemon runs; it reads nothing of the keys."""
        return present.config != self.runs.config

    def _rolled_back(self, trial: Trial, why: str) -> bool:
        """Not where a disk is full."""
        try:
            trials.roll_back(self.store, why, trial.version)
        except ProvisionError as error:
            self._complain(str(error))
            return False
        log.warning("version %d of the config is rolled back: %s", trial.version, why)
        return True

    def _complain(self, about: str) -> None:
        """Once of each: it looks often."""
        if about != self._complaint:
            self._complaint = about
            log.warning("provisioning is out of order: %s", about)
