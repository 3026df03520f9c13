"""Which sound cards are plugged in, by the kernel's own files: cheap enough to look at before each use.

Not by /proc/asound, which a hardened service may not see (ProcSubset=pid).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from phone.media.soundcard import Device

Plug = tuple[int, int]
"""Identifies one plugging-in of a card."""

CARDS, NODES = Path("/sys/class/sound"), Path("/dev/snd")
_CARD = re.compile(r"[:,]CARD=([^,]+)")
_STANDARD = re.compile(r"(?:plug)?(?:hw|default|sysdefault|front|dmix|dsnoop):CARD=")
"""ALSA's own names; those of a configuration of one's own may stand for anything."""


def named(devices: Iterable[Device]) -> tuple[str, ...]:
    """The cards whose ids stand in the devices' names; others have names of ALSA's configuration alone."""
    names = (name for device in devices for name in (device.capture, device.playback))
    return tuple(dict.fromkeys(card for name in names for card in _CARD.findall(name)))


def plugged(card: str) -> Plug | None:
    """Since when a card is there; None: it is not, or the system does not tell.

    It changes when the card is put in again, and when udev gives the card's node to its group.
    """
    for folder in CARDS.glob("card*"):
        with suppress(OSError):  # pulled out this very moment
            if (folder / "id").read_text("utf-8").strip() == card:
                node = NODES / f"controlC{folder.name.removeprefix('card')}"
                return folder.stat().st_ino, node.stat().st_ctime_ns
    return None


def absent(card: str) -> bool:
    """It is known not to be there: alsa-lib, which writes a line to stderr each time, need not be asked."""
    return CARDS.is_dir() and plugged(card) is None


def missing(device: str) -> bool:
    """The same of the card in one of ALSA's own device names."""
    return bool(_STANDARD.match(device)) and any(absent(card) for card in _CARD.findall(device))
