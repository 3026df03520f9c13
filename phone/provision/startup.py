"""The daemon's start: it takes a trial up, or ends it where it must not go on.

Law: nothing about provisioning stops the phone; what cannot be read or written is logged, and the config that is there
is run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from phone.provision import trials
from phone.provision.contents import Contents
from phone.provision.errors import ProvisionError
from phone.provision.store import Store
from phone.provision.values import Trial

log = logging.getLogger(__name__)


def take_up(store: Store) -> Trial | None:
    """Before the config is read: the trial that this start is part of."""
    try:
        if (trial := trials.pending(store)) is None:
            return None
        if why := trials.worn_out(trial) or trials.overdue(store, trial):
            _log(trials.roll_back(store, why, trial.version).version, why)
            return None
        if store.present() != store.contents(trial.version):
            return None  # its session has not put it there yet
        return trials.started(store, trial)
    except ProvisionError as error:
        log.warning("provisioning is out of order: %s", error)
        return None


def runs(store: Store) -> Contents:
    """What this start reads."""
    try:
        return store.present()
    except ProvisionError as error:
        log.warning("provisioning is out of order: %s", error)
        return Contents()


def guarded(store: Store, trial: Trial | None, run: Callable[[], bool]) -> bool:
    """`run`, whether the phone must start anew: as well when it fails with a config on trial, which ends the trial.

    Raises what `run` raises without a trial.
    """
    try:
        return run()
    except Exception as error:
        if trial is None or not _undone(store, trial, str(error) or type(error).__name__):
            raise
        log.exception("the phone cannot run with version %d", trial.version)
        return True


def _undone(store: Store, trial: Trial, why: str) -> bool:
    try:
        _log(trials.roll_back(store, f"the phone cannot run with it: {why}", trial.version).version, why)
    except ProvisionError as error:
        log.warning("version %d stays: %s", trial.version, error)
        return False
    return True


def _log(version: int, why: str) -> None:
    log.warning("version %d of the config is rolled back: %s", version, why)
