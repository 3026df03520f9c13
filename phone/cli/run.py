"""`phone run`: the daemon, in the foreground (systemd keeps it there).

Law: the control socket is claimed before a trial is taken up, or a second `phone run` would count as a start of it.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from phone.cli.common import add_command, add_config
from phone.control.claim import CONTROL_SOCKET, AlreadyRunningError, Claims
from phone.control.messages import ControlError
from phone.errors import ConfigError
from phone.provision.store import Store
from phone.provision.values import Trial

if TYPE_CHECKING:
    from phone.config import Config
    from phone.trial import Keeper


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = ("phone run --config /etc/phone/phone.toml",)
    add_config(add_command(commands, "run", run, "run the phone until SIGTERM or Ctrl-C", examples))


def run(options: argparse.Namespace) -> int:
    """Raises PhoneError if the phone cannot start."""
    from phone import logs  # noqa: PLC0415 - see the package
    from phone.provision import startup  # noqa: PLC0415

    logs.setup("INFO")
    store = Store.of(options.config)
    with Claims() as claims:
        _claim(claims, options.config)
        trial = startup.take_up(store)
        anew = startup.guarded(store, trial, lambda: _run(options.config, store, trial, claims))
    if anew:
        _anew()
    from phone.unjoined import leave  # noqa: PLC0415

    leave(0)


def _claim(claims: Claims, path: Path) -> None:
    """Raises AlreadyRunningError. What is wrong with the config, or with its run_dir, is a matter of its trial."""
    from phone.config import run_dir  # noqa: PLC0415

    try:
        claims.take(run_dir(path) / CONTROL_SOCKET)
    except AlreadyRunningError:
        raise
    except (ConfigError, ControlError) as error:
        logging.getLogger(__name__).debug("the control socket is not claimed yet: %s", error)


def _run(path: Path, store: Store, trial: Trial | None, claims: Claims) -> bool:
    from phone import begin  # noqa: PLC0415

    return begin.run(lambda: _load(path, store, trial, claims))


def _load(path: Path, store: Store, trial: Trial | None, claims: Claims) -> tuple[Config, Keeper]:
    from phone import logs  # noqa: PLC0415
    from phone.config import load  # noqa: PLC0415
    from phone.provision import startup  # noqa: PLC0415
    from phone.trial import Keeper  # noqa: PLC0415

    runs = startup.runs(store)
    config = load(path)
    logs.setup(config.log_level, [config.account.secret()])
    claims.take(config.run_dir / CONTROL_SOCKET)  # after a rollback it may be another
    return config, Keeper(store, runs, trial.version if trial else None)


def _anew() -> None:
    """As another program in the same process: nothing of the old config is left, and systemd sees no end of it."""
    logging.shutdown()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the very command that began us
