"""Which sound cards are plugged in, by the kernel's own files: cheap enough to look at before each use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from phone.media.soundcard import Device

Plug = tuple[int, int]
"""Identifies one plugging-in of a card: its control node's inode and time of change."""

_CARD = re.compile(r"[:,]CARD=([^,]+)")


def named(devices: Iterable[Device]) -> tuple[str, ...]:
    """The cards whose ids stand in the devices' names; others have names of ALSA's configuration alone."""
    names = (name for device in devices for name in (device.capture, device.playback))
    return tuple(dict.fromkeys(card for name in names for card in _CARD.findall(name)))


def plugged(card: str, cards: Path = Path("/proc/asound"), nodes: Path = Path("/dev/snd")) -> Plug | None:
    """Since when a card is there; None: it is not, or the system does not tell.

    It changes when the card is put in again, and when udev gives the card's node to its group.
    """
    try:
        number = (cards / card).readlink().name.removeprefix("card")
        node = (nodes / f"controlC{number}").stat()
    except OSError:
        return None
    return node.st_ino, node.st_ctime_ns
