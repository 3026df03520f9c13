"""The log, from journald where there is one."""

from __future__ import annotations

import re
import subprocess

_PATIENCE = 30.0
"""Seconds: a card's journal may be long."""
_DAYS, _LINES = 7, 5000
_KERNEL_LINES = 1000
_OF_INTEREST = re.compile(
    r"usb|snd|audio|i2c|gpio|spi|voltage|throttl|mmc|ext4|watchdog|oom|out of memory|phone", re.IGNORECASE
)
_NO_ENTRIES = "-- No entries --"


def of_unit(unit: str = "phone") -> str:
    """The unit's lines of the last days; "" where there is no journal, or none that may be read."""
    return _journal("--unit", unit, "--since", f"-{_DAYS}days", "--lines", str(_LINES))


def of_kernel() -> str:
    """What the kernel says of this boot that may matter to a phone; nothing of Wi-Fi networks is among it."""
    lines = _journal("--dmesg", "--boot", "--lines", str(_KERNEL_LINES)).splitlines()
    return "\n".join(line for line in lines if _OF_INTEREST.search(line) and "wlan" not in line)


def _journal(*wanted: str) -> str:
    command = ("journalctl", "--no-pager", "--quiet", "--output", "short-iso-precise", *wanted)
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return ""
    told = done.stdout.decode(errors="replace").strip()
    return "" if told == _NO_ENTRIES else told
