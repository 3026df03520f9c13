"""Devices while a machine starts: the kernel has them before udev has given them to their group, and the phone, which
waits for nothing else, would be refused. Those that systemd has given to the group already (systemd/
phone-devices.tmpfiles) need no udev, which has a hundred others to look at first.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds. On a Pi it is done in two."""
_LOOK_EVERY = 0.02
_ROOT = Path("/")


def _is_open(device: Path) -> bool:
    return os.access(device, os.R_OK | os.W_OK)


def wait_for(
    *patterns: str, patience: float = PATIENCE, root: Path = _ROOT, is_open: Callable[[Path], bool] = _is_open
) -> None:
    """Return once all devices of these names in /dev, such as "gpiochip*", that are there are open to this process, or
    udev has dealt with them; at once where there is no udev.
    """
    deadline = time.monotonic() + patience
    for device in sorted(path for pattern in patterns for path in (root / "dev").glob(pattern)):
        while not is_open(device) and _waits(device, root / "run" / "udev"):
            if time.monotonic() > deadline:
                log.warning("udev has not dealt with %s: is it open to the phone's groups?", device)
                return
            time.sleep(_LOOK_EVERY)


def _waits(device: Path, udev: Path) -> bool:
    """sd_device_get_is_initialized(3): what it is done with has a record, which comes after the node's rights."""
    try:
        number = device.stat().st_rdev
    except FileNotFoundError:
        return False
    return (udev / "control").exists() and not (udev / "data" / f"c{os.major(number)}:{os.minor(number)}").exists()
