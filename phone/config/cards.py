"""How a file names sound cards and sets their controls: never by number, for numbers change from boot to boot."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBERED = re.compile(r"(?:\w+:)+(?:CARD=)?\d{1,2}(?:,|$)")
"""alsa-lib takes one or two digits for a card's number, anything else for its name (snd_card_get_index)."""
_CARD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,14}")
"""What the kernel takes as a card's id (snd_card_set_id)."""
_USB = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")
_OVERLAY = re.compile(r"dtoverlay=[A-Za-z0-9_-]+(?:,[A-Za-z0-9_.=-]+)*")
_PERCENT = re.compile(r"([0-9]{1,3})%")
_SWITCHES = {"on": True, "off": False}


class MixerError(ValueError):
    """A control's value that cannot be set; the sentence goes behind the control's name."""


@dataclass(frozen=True, slots=True)
class MixerSetting:
    """What a control is set to; None: left as it is. One of the two at least is given."""

    percent: int | None = None
    """Of the control's whole range, 0 to 100."""
    on: bool | None = None
    """Its switch."""

    @classmethod
    def parse(cls, text: str) -> MixerSetting:
        """Of "70%", "on", "off" or both: "70% on". Raises MixerError."""
        percent: int | None = None
        on: bool | None = None
        for word in text.split():
            if (found := _PERCENT.fullmatch(word)) and percent is None and int(found[1]) <= 100:
                percent = int(found[1])
            elif word in _SWITCHES and on is None:
                on = _SWITCHES[word]
            else:
                raise MixerError(_unfit(text))
        if percent is None and on is None:
            raise MixerError(_unfit(text))
        return cls(percent, on)

    def __str__(self) -> str:
        percent = () if self.percent is None else (f"{self.percent}%",)
        on = () if self.on is None else ("on" if self.on else "off",)
        return " ".join((*percent, *on))


def _unfit(text: str) -> str:
    return f'"{text}" is nothing to set a control to: write "70%" (0% to 100%), "on", "off", or "70% on"'


def mixer_fault(value: str) -> str | None:
    """What is wrong with a control's value."""
    try:
        MixerSetting.parse(value)
    except MixerError as error:
        return str(error)
    return None


def device_fault(value: str) -> str | None:
    """What is wrong with an ALSA device's name."""
    if _NUMBERED.match(value):
        return f'"{value}" counts cards, and their order changes from boot to boot: write hw:CARD=Name (`aplay -L`)'
    return None


def card_fault(value: str) -> str | None:
    """What is wrong with a card's id."""
    if value.isascii() and value.isdigit():
        return f'"{value}" counts cards, and their order changes from boot to boot: write the name (`aplay -l`)'
    if not _CARD.fullmatch(value):
        return f'"{value}" is no card\'s name: write what stands behind CARD= in `aplay -L`, at most 15 characters'
    return None


def usb_fault(value: str) -> str | None:
    """What is wrong with a USB device's numbers."""
    return None if _USB.fullmatch(value) else f'"{value}" is no USB id: write it as `lsusb` does, like 0d8c:0014'


def overlay_fault(value: str) -> str | None:
    """What is wrong with the line of /boot/firmware/config.txt that a card needs: root may put it there."""
    if _OVERLAY.fullmatch(value):
        return None
    return 'is no line of a config.txt that loads an overlay: write it like "dtoverlay=wm8960-soundcard"'
