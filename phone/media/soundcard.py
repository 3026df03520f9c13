"""Sound cards as the control process names them: typed values within `plan.Setup`."""

from __future__ import annotations

from typing import Literal

import msgspec

Place = Literal["handset", "headset", "speaker", "ringer"]
"""Where sound goes."""


class Device(msgspec.Struct, frozen=True):
    """ALSA PCM names (never indexes). An empty name: not there."""

    capture: str = ""
    playback: str = ""


class Control(msgspec.Struct, frozen=True):
    """What a card's control is set to. None: left as it is."""

    name: str
    """As `amixer scontrols` lists them; " Playback" or " Capture" behind it: that half of it alone."""
    percent: int | None = None
    """Of its range, 0 to 100."""
    on: bool | None = None
    """Its switch."""


class CardMixer(msgspec.Struct, frozen=True):
    """All that is to be set on one card."""

    card: str = ""
    """Its ALSA id."""
    always: tuple[Control, ...] = ()
    """Whenever it is plugged in."""
    handset: tuple[Control, ...] = ()
    """Whenever sound begins to go there, as the following."""
    headset: tuple[Control, ...] = ()
    speaker: tuple[Control, ...] = ()
    ringer: tuple[Control, ...] = ()
