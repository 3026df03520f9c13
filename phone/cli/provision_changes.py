"""`phone provision` as such, `apply`, `diff` and `rollback`: what changes the phone, or would."""

from __future__ import annotations

import argparse
import select
import signal
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import NoReturn

from phone.cli.common import plain, show, show_error
from phone.provision import draft, making, trials
from phone.provision.apply import Make, Outcome, Session, Wish, compare, take_back
from phone.provision.apply import apply as applied
from phone.provision.bundle import MOST_BYTES, from_bundle
from phone.provision.daemon import told
from phone.provision.errors import ProvisionError, UnfitInputError
from phone.provision.store import Store
from phone.provision.who import who

_MOST_CONFIG_BYTES = 1 << 20


def apply(options: argparse.Namespace) -> int:
    """Raises PhoneError before anything is changed; 1: it was rolled back."""
    _end_on_signals()
    if options.unproven and options.confirm_within:
        raise UnfitInputError("--unproven confirms at once, --confirm-within waits: leave one of them out")
    store = Store.of(options.config)
    return _told(applied(store, _sent(options), _wish(options), _session(options)), options)


def diff(options: argparse.Namespace) -> int:
    """Raises PhoneError for what `apply` would not take."""
    store = Store.of(options.config)
    make = _sent(options) if options.version is None else making.from_version(store, options.version)
    outcome = compare(store, make)
    lines = [str(change) for change in outcome.changes] or ["nothing changes"]
    show(outcome, lines, as_json=options.json)
    return 0


def rollback(options: argparse.Namespace) -> int:
    """Raises ProvisionError where there is nothing to go back to."""
    _end_on_signals()
    store = Store.of(options.config)
    if options.version is None and (trial := trials.pending(store)) is not None:
        done = take_back(store, trial, f"by {who()}")
        show(done, [f"version {trial.version} is rolled back: {told(done.back)}"], as_json=options.json)
        return 0
    version = options.version if options.version is not None else _before(store)
    options.comment = options.comment or f"back to version {version}"
    return _told(applied(store, making.from_version(store, version), _wish(options), _session(options)), options)


def _before(store: Store) -> int:
    """The newest that was confirmed, and is not what the phone has."""
    present = store.present()
    for record in store.records():
        if record.result == "confirmed" and store.contents(record.version) != present:
            return record.version
    raise ProvisionError("there is no version before this one: `phone provision history` lists them")


# --- what is sent ---------------------------------------------------------------------------------------------


def _sent(options: argparse.Namespace) -> Make:
    if options.bundle:
        return from_bundle(_stdin(MOST_BYTES))
    data = _stdin(_MOST_CONFIG_BYTES)
    if options.merge:
        return making.from_config(partial(draft.merged, data))
    if options.part:
        return making.from_config(lambda present: draft.replaced(data, present, options.part))
    return making.from_config(partial(draft.whole, data))


def _stdin(most: int) -> bytes:
    if sys.stdin.isatty():
        raise UnfitInputError("send a config on stdin: `phone provision < desk.toml` (`phone provision --help`)")
    data = sys.stdin.buffer.read(most + 1)
    if len(data) > most:
        raise UnfitInputError(f"stdin has more than {most} bytes: that is no config")
    if not data.strip():
        raise UnfitInputError("stdin is empty: send a config on it, `phone provision < desk.toml`")
    return data


def _wish(options: argparse.Namespace) -> Wish:
    hold = getattr(options, "confirm_within", None)
    return Wish(who(), options.comment, options.within, hold, options.now, options.unproven)


# --- the other end --------------------------------------------------------------------------------------------


def _session(options: argparse.Namespace) -> Session:
    return Session((lambda _: None) if options.json else _tell, _alive())


def _tell(line: str) -> None:
    print(plain(line), flush=True)


def _alive() -> Callable[[], bool]:
    """Without a terminal sshd sends no SIGHUP: what it leaves behind is a pipe that nobody reads."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return lambda: not poll.poll(0)


def _end_on_signals() -> None:
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, _end)


def _end(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _told(outcome: Outcome, options: argparse.Namespace) -> int:
    if outcome.ok:
        show(outcome, [_sentence(outcome, options)], as_json=options.json)
        return 0
    show(outcome, (), as_json=options.json)
    show_error(outcome.error, as_json=False)
    return 1


def _sentence(outcome: Outcome, options: argparse.Namespace) -> str:
    match outcome.result:
        case "unchanged":
            return "unchanged: the phone has this config already"
        case "pending":
            return (
                f"version {outcome.version} is on trial, the phone has registered with it: "
                f"`phone provision confirm` keeps it; without that it is taken back after {options.confirm_within:g} s"
            )
        case _:
            return f"changed: version {outcome.version} is confirmed"
