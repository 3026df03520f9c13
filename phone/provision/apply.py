"""From what was sent to a version that stands: made, checked in full, shown, tried."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from phone.config import Config
from phone.config.candidate import check
from phone.config.document import Document
from phone.control.claim import CONTROL_SOCKET
from phone.provision import baggage, conduct, daemon, trials
from phone.provision.contents import Contents
from phone.provision.daemon import Back
from phone.provision.difference import Change, difference, same
from phone.provision.errors import ProvisionError
from phone.provision.store import Store
from phone.provision.values import Record, Result, Trial, Who


class Outcome(msgspec.Struct, frozen=True):
    """What came of it."""

    changed: bool
    """The phone runs with another config than before (or, where it was only asked, would)."""
    version: int | None
    """None: no version is what the phone has."""
    result: Result | Literal["unchanged", "not applied"]
    why: str = ""
    changes: tuple[Change, ...] = ()
    restarted: bool = False
    """The phone started anew for it (or will, once nobody is on the line)."""
    back: Back = ""
    """Of a rollback: whether the phone is as it was."""
    ok: bool = True
    error: str = ""
    """The sentence where it is not ok, as of any command that fails."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A whole new version; nobody has checked its config yet."""

    contents: Contents
    document: Document | None
    """Its config's; None where it has none."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What it brings along, by paths that count from the config's folder."""


Make = Callable[[Contents], Proposal]
"""Of what the phone has now. Raises PhoneError for what is no config at all."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How it shall be tried."""

    who: Who
    comment: str = ""
    within: float = 60.0
    """Seconds from the phone's start until it must be registered."""
    hold: float | None = None
    """Seconds that it then waits for a word from any session; None: for none."""
    now: bool = False
    """Calls are ended, not waited for."""
    unproven: bool = False
    """Confirmed at once: for a phone that has no network yet, or does not run."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who sits at the other end."""

    tell: Callable[[str], None]
    alive: Callable[[], bool]


def compare(store: Store, make: Make) -> Outcome:
    """What `apply` would change. Raises PhoneError; BusyError where files come along, and another session is at it."""
    present = store.present()
    proposal = make(present)
    # The files go again: a session that brings the same ones must not find them meanwhile.
    alone = store.session() if proposal.files and store.folder.is_dir() else nullcontext()
    with alone, baggage.placed(store.config.parent, proposal.files):
        _checked(proposal, store.config.parent)
    changed = not same(present, proposal.contents)
    return Outcome(changed, store.current(), "not applied", changes=difference(present, proposal.contents))


def apply(store: Store, make: Make, wish: Wish, session: Session) -> Outcome:
    """Raises PhoneError: BusyError, ConfigError, ... before anything was changed."""
    if not store.folder.is_dir():
        _first(store, make, wish)
    with store.session():
        conduct.settle(store)
        present = store.present()
        proposal = make(present)
        with baggage.placed(store.config.parent, proposal.files) as keep:
            config = _checked(proposal, store.config.parent)
            if same(present, proposal.contents):
                return Outcome(changed=False, version=store.current(), result="unchanged")
            changes = difference(present, proposal.contents)
            _show(changes, session)
            trial = trials.begin(store, trials.Given(proposal.contents, wish.who, wish.comment, wish.within))
            keep()
        outcome = _tried(store, trial, config, wish, session)
        baggage.sweep(store)
        return msgspec.structs.replace(outcome, changes=changes)


def _first(store: Store, make: Make, wish: Wish) -> None:
    """Nothing is left beside what is no phone's config. Raises PhoneError."""
    if not wish.unproven and store.present().config is None:
        raise ProvisionError(f"there is no {store.config}: is --config right? (a first config needs --unproven)")
    compare(store, make)


def _checked(proposal: Proposal, folder: Path) -> Config | None:
    return check(proposal.document, folder) if proposal.document else None


def _tried(store: Store, trial: Trial, config: Config | None, wish: Wish, session: Session) -> Outcome:
    sockets = tuple(dict.fromkeys((*_sockets(config), daemon.socket_of(store))))
    conductor = conduct.Conductor(store, sockets, session.tell, session.alive, wish.now, wish.hold)
    if not trials.read_anew(store, trial):
        record = conductor.lay(trial)
        return Outcome(changed=True, version=record.version, result=record.result)
    if config is None or not config.has_account or wish.unproven:
        record, restarted = conductor.put(trial)
        return Outcome(changed=True, version=record.version, result=record.result, restarted=restarted)
    record = conductor.run(trial)
    if record.result == "rolled back":
        return _came_back(record, sockets, conductor.pending_at)
    return Outcome(changed=True, version=record.version, result=record.result, restarted=True)


def _came_back(record: Record, sockets: tuple[Path, ...], since: float) -> Outcome:
    began = record.starts > 0
    back = daemon.come_back(sockets, since) if began else ""
    return Outcome(
        changed=False,
        version=record.version,
        result=record.result,
        why=record.why,
        restarted=began,
        back=back,
        ok=False,
        error=f"rolled back, {daemon.told(back)}: {record.why}",
    )


def take_back(store: Store, trial: Trial, why: str) -> Outcome:
    """End a trial, and wait for the phone. Raises ProvisionError where it is over."""
    places = [daemon.socket_of(store)]
    there, anew, since = daemon.status_of(places), trials.read_anew(store, trial), time.monotonic()
    record = trials.roll_back(store, why, trial.version)
    places.append(daemon.socket_of(store))
    began = anew and record.starts > 0
    back = daemon.come_back(places, since if began else None) if began or there else ""
    done = Outcome(changed=True, version=store.current(), result=record.result, why=record.why)
    return msgspec.structs.replace(done, restarted=began, back=back)


def _show(changes: Iterable[Change], session: Session) -> None:
    for change in changes:
        session.tell(str(change))


def _sockets(config: Config | None) -> tuple[Path, ...]:
    return (config.run_dir / CONTROL_SOCKET,) if config else ()
