"""The daemon as provisioning sees it: where it listens, how it is, and whether it is back after a rollback."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from phone.config import Config, run_dir
from phone.control import ControlError, Status, StatusReply, ask
from phone.control.claim import CONTROL_SOCKET
from phone.errors import ConfigError
from phone.provision.store import Store

START_SECONDS = 45.0
"""For a slow card and a busy Zero: until the phone has begun with another version."""
_LOOK_SECONDS = 0.1
_ROUNDED = 0.1
"""Seconds by which the uptime that the daemon tells may be wrong."""

Back = Literal["", "answers", "busy", "silent"]
"""After a rollback: nobody knows, for the phone did not run before; it answers with the version before; it will start
with that once nobody is on the line; it does not answer.
"""


def socket_of(store: Store) -> Path:
    """Of the daemon that runs; a present config that cannot be read has none."""
    try:
        return run_dir(store.config) / CONTROL_SOCKET
    except ConfigError:
        return Config.DEFAULT_RUN_DIR / CONTROL_SOCKET


def status_of(sockets: Iterable[Path]) -> StatusReply | None:
    """Of the first that answers."""
    for socket in sockets:
        with suppress(ControlError):
            return ask(socket, Status())
    return None


def come_back(sockets: Iterable[Path], since: float | None) -> Back:
    """Wait until the daemon answers that began after `since` (monotonic seconds; None: whichever), START_SECONDS at
    most.
    """
    places, end = tuple(sockets), time.monotonic() + START_SECONDS
    while True:
        status = status_of(places)
        if status is not None and (since is None or status.uptime_seconds <= time.monotonic() - since + _ROUNDED):
            return "answers"
        if status is not None and (status.calls or status.mailbox):
            return "busy"
        if time.monotonic() >= end:
            return "silent"
        time.sleep(_LOOK_SECONDS)


def told(back: Back) -> str:
    """It as a sentence."""
    match back:
        case "busy":
            return "the phone goes back to the version before once nobody is on the line"
        case "silent":
            return f"but the phone has not come back within {START_SECONDS:g} s: `systemctl status phone` tells why"
        case _:
            return "the phone is as it was"
