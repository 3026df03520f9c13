"""A trial from the session's side: the new version is put in place, the phone starts anew with it, and it registers.

Law: the daemon alone can bring the version before back if this process is gone; this process does it where the daemon
is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from phone.control import ControlError, Reload, StatusReply, ask
from phone.provision import trials
from phone.provision.daemon import START_SECONDS as _START_SECONDS
from phone.provision.daemon import status_of
from phone.provision.errors import ProvisionError, TrialOverError
from phone.provision.store import Store
from phone.provision.values import Record, Trial

_LOOK_SECONDS = 0.1
_GRACE_SECONDS = 5.0
"""The daemon brings the version before back; after so long beyond the deadline this process does."""
_ASK_AGAIN_SECONDS = 2.0
_ABSENT = "--unproven is for a phone that does not run"
_HOPELESS = "bad password"
"""The service's name for what no waiting mends."""


class SessionLostError(ProvisionError):
    """Nobody is there any more who could read what comes of it."""


@dataclass(slots=True)
class Conductor:
    """One trial's. `tell` shows progress, `alive` is whether the session still is."""

    store: Store
    sockets: tuple[Path, ...]
    """Where the daemon may listen: with the new config and with the one before."""
    tell: Callable[[str], None]
    alive: Callable[[], bool]
    now: bool = False
    """Calls are ended, not waited for."""
    hold: float | None = None
    """Seconds: once it has registered it waits so long for a word from any session."""
    _patience: float = 0.0
    _asked: float = 0.0
    _waiting: bool = False
    _held: bool = False
    pending_at: float = 0.0
    """Monotonic seconds: when the trial was surely not judged yet."""

    def run(self, trial: Trial) -> Record:
        """Its record: judged, or pending where it waits for a word. What it raises comes after it was rolled back:
        SessionLostError.
        """
        try:
            if not self._ask_to_reload():
                self.tell(f"the phone does not answer: waiting {_START_SECONDS:g} s for it to start ({_ABSENT})")
            trials.install(self.store, trial)
            self._patience = time.monotonic() + _START_SECONDS
            while (record := self._record(trial.version)).result == "pending" and not self._held:
                self._look(trial.version)
                time.sleep(_LOOK_SECONDS)
        except BaseException as error:
            self._undo(trial.version, error)
            raise
        return record

    def put(self, trial: Trial) -> tuple[Record, bool]:
        """Its record, confirmed without a trial; whether a daemon that runs takes it up."""
        trials.install(self.store, trial)
        record = trials.confirm(self.store, trial.version)
        return record, self._ask_to_reload()

    def lay(self, trial: Trial) -> Record:
        """Its record, where the daemon reads nothing of what is new: it proves nothing, and need not start anew."""
        try:
            self._be_watched()
            trials.install(self.store, trial)
            if self.hold is None:
                return trials.confirm(self.store, trial.version)
            trials.extend(self.store, trial, self.hold)
            return self.store.record(trial.version)
        except BaseException as error:
            self._undo(trial.version, error)
            raise

    def _be_watched(self) -> None:
        """The daemon looks whether somebody gives his word, from now on."""
        if self.hold is not None and not self._ask_to_reload():
            raise ProvisionError("the phone does not answer, and nothing else would take the keys back in time")

    def _record(self, version: int) -> Record:
        at = time.monotonic()
        if (record := self.store.record(version)).result == "pending":
            self.pending_at = at
        return record

    def _look(self, version: int) -> None:
        if not self.alive():
            raise SessionLostError("the session was lost before it was confirmed")
        trial = trials.pending(self.store)
        if trial is None or trial.version != version:
            return
        if why := self._verdict(trial):
            self._judged(trials.roll_back, self.store, why, version)

    def _verdict(self, trial: Trial) -> str | None:
        """Confirms it where it is registered; else why it must be rolled back by us."""
        status = status_of(self.sockets)
        if trial.deadline is None:
            return self._until_it_begins(status)
        if status is None:
            late = time.monotonic() > trial.deadline + _GRACE_SECONDS
            return "the phone does not answer any more" if late else None
        if status.registered or not status.account:  # without an account there is nothing to register
            self._registered(trial)
            return None
        return status.why if status.why.startswith(_HOPELESS) else None

    def _registered(self, trial: Trial) -> None:
        if self.hold is None:
            self._judged(trials.confirm, self.store, trial.version)
            return
        with suppress(TrialOverError):
            trials.extend(self.store, trial, self.hold)
            self._held = True

    def _until_it_begins(self, status: StatusReply | None) -> str | None:
        now = time.monotonic()
        if status is not None and (status.calls or status.mailbox) and not self.now:
            self._patience = now + _START_SECONDS
            if not self._waiting:
                self.tell("waiting until nobody is on the line (--now ends calls)")
                self._waiting = True
        if now - self._asked > _ASK_AGAIN_SECONDS:
            self._ask_to_reload()
        if now <= self._patience:
            return None
        return f"the phone did not start within {_START_SECONDS:g} s: `systemctl status phone` tells why ({_ABSENT})"

    def _ask_to_reload(self) -> bool:
        """Whether the phone has heard it."""
        self._asked = time.monotonic()
        reached = False
        for socket in self.sockets:
            with suppress(ControlError):
                ask(socket, Reload(self.now))
                reached = True
        return reached

    def _judged(self, judge: Callable[..., Record], *arguments: object) -> None:
        """Somebody else may have been first: the record tells."""
        with suppress(TrialOverError):
            judge(*arguments)

    def _undo(self, version: int, error: BaseException) -> None:
        why = "the session was lost before it was confirmed" if _is_loss(error) else str(error) or type(error).__name__
        with suppress(ProvisionError):  # the daemon tries it as well
            trials.roll_back(self.store, why, version)


def _is_loss(error: BaseException) -> bool:
    return isinstance(error, SessionLostError | KeyboardInterrupt | SystemExit | BrokenPipeError)


def settle(store: Store) -> None:
    """A trial whose session is gone is over, and ended here if the daemon has not yet. Hold the session's lock.

    Raises ProvisionError if a trial waits for a word.
    """
    trial = trials.pending(store)
    if trial is None:
        return
    if not trial.session and not trials.overdue(store, trial):
        raise ProvisionError(trials.waiting(trial))
    with suppress(ProvisionError):
        trials.roll_back(store, "the session was lost before it was confirmed", trial.version)
