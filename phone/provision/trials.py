"""A trial's life: begun by a session, taken up by the daemon's starts, confirmed or rolled back by whoever is first.

Laws: the record of the version is what counts, the trial's file only says that something is to be done; so each step
can be done again after a crash in its middle. What the end of a trial writes has its room on the disk before the trial
begins. A trial does not outlive its session, its deadline, its starts, nor the
machine's run: then the version before it comes back.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from phone.provision.contents import Contents
from phone.provision.errors import ProvisionError, TrialOverError
from phone.provision.store import Store
from phone.provision.values import Record, Trial, Who

MOST_STARTS = 3
"""The first, and two more: a phone that does not come up with a config must not try for ever."""
_BY_HAND = "edited by hand"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # random(4)


def boot_id() -> str:
    """Which run of the machine this is; "" where the kernel does not tell."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class Given:
    """A new version, as its giver wants it tried."""

    contents: Contents
    who: Who
    comment: str = ""
    within: float = 60.0
    """Seconds from the daemon's start with it."""


def begin(store: Store, given: Given) -> Trial:
    """Keep the new version and what it replaces; nothing that the daemon reads is touched yet.

    Raises ProvisionError if another version is on trial.
    """
    with store.step(first=True):
        if (other := pending(store)) is not None:
            raise ProvisionError(waiting(other))
        previous = store.current() or store.add(store.present(), given.who, _BY_HAND, "confirmed")
        version = store.add(given.contents, given.who, given.comment, "pending")
        trial = Trial(version, previous, given.within, boot_id())
        try:
            store.reserve(version, previous)
            store.write_trial(trial)
        except OSError:
            store.drop(version)
            raise
        store.prune({version, previous})
        return trial


def pending(store: Store) -> Trial | None:
    """The trial that nobody has judged yet."""
    trial = store.trial()
    return trial if trial and store.record(trial.version).result == "pending" else None


def waiting(trial: Trial) -> str:
    """Why nothing else can be begun."""
    return f"version {trial.version} is on trial: `phone provision confirm` it, or `phone provision rollback`"


def read_anew(store: Store, trial: Trial) -> bool:
    """Whether the daemon must start for it: it reads the config alone, keys are sshd's."""
    return store.contents(trial.version).config != store.contents(trial.previous).config


def install(store: Store, trial: Trial) -> None:
    """Put it where the daemon reads it. Raises ProvisionError if the trial is over."""
    with store.step():
        _current(store, trial.version)
        store.contents(trial.version).install(store.config)


def started(store: Store, trial: Trial) -> Trial:
    """The daemon begins with it (again). Raises ProvisionError if the trial is over."""
    with store.step():
        trial = _current(store, trial.version)
        deadline = trial.deadline if trial.deadline is not None else time.monotonic() + trial.within
        return _write(store, msgspec.structs.replace(trial, starts=trial.starts + 1, deadline=deadline))


def extend(store: Store, trial: Trial, within: float) -> Trial:
    """It has registered, and now waits so many seconds from now for a word from any session.

    Raises ProvisionError if the trial is over.
    """
    with store.step():
        trial = _current(store, trial.version)
        deadline = time.monotonic() + within
        return _write(store, msgspec.structs.replace(trial, session=False, within=within, deadline=deadline))


def confirm(store: Store, version: int | None = None) -> Record:
    """It stays. Raises ProvisionError if it (any, if None) is not on trial."""
    with store.step():
        trial = _current(store, version)
        record = store.judge(trial, "confirmed")
        store.end_trial()
        return record


def roll_back(store: Store, why: str, version: int | None = None) -> Record:
    """What was before comes back. Raises ProvisionError if it (any, if None) is not on trial."""
    with store.step():
        trial = _current(store, version)
        store.contents(trial.previous).install(store.config, reserved=True)
        record = store.judge(trial, "rolled back", why)
        store.end_trial()
        return record


def overdue(store: Store, trial: Trial) -> str | None:
    """Why it must be rolled back now."""
    if trial.boot != boot_id():
        return "the machine was restarted before it was confirmed"
    if trial.session and not store.session_lives():
        return "the session was lost before it was confirmed"
    if trial.deadline is not None and time.monotonic() >= trial.deadline:
        return f"{'the phone has not registered' if trial.session else 'nobody confirmed it'} within {trial.within:g} s"
    return None


def worn_out(trial: Trial) -> str | None:
    """Why the daemon must not start with it once more."""
    return f"the phone did not stay up with it in {trial.starts} starts" if trial.starts >= MOST_STARTS else None


def _current(store: Store, version: int | None) -> Trial:
    """The trial, if it is of that version and nobody has ended it."""
    trial = store.trial()
    if trial is None or (version is not None and trial.version != version):
        raise TrialOverError("no version is on trial" if version is None else _ended(store.record(version)))
    if (record := store.record(trial.version)).result != "pending":
        store.end_trial()  # whoever judged it was cut off before this
        raise TrialOverError(_ended(record))
    return trial


def _ended(record: Record) -> str:
    why = f": {record.why}" if record.why else ""
    return f"the trial of version {record.version} is over, it was {record.result}{why}"


def _write(store: Store, trial: Trial) -> Trial:
    store.write_trial(trial)
    return trial
