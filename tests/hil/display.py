"""The virtual Pi's OLED: what was written over I2C, as an eye sees it."""

from __future__ import annotations

import base64
import struct
import time
from collections.abc import Callable
from typing import Protocol

from hil.link import Answer
from PIL import Image
from rig.glass import Glass

_HEAD = struct.Struct("<QH")


class Ask(Protocol):
    """`VirtualPi`'s way to the agent."""

    def __call__(self, do: str, /, **what: bool) -> Answer: ...


class Display:
    """One module, SSD1306 or SH1106 by `driver`, at its bus."""

    def __init__(self, driver: str, ask: Ask) -> None:
        self._ask = ask
        self._glass = Glass(driver)
        self._unread = b""
        self.written: list[tuple[float, int]] = []
        """All messages until now: when each had been sent, in seconds on its monotonic clock, and how many bytes."""

    def picture(self) -> Image.Image:
        """What is on it now, 128x64, mode "1"; black while it is off."""
        self._pump()
        return self._glass.picture()

    def wait(self, true: Callable[[Image.Image], bool], patience: float = 30.0) -> Image.Image:
        """The first picture of which that is true. Raises AssertionError."""
        until = time.monotonic() + patience
        while not true(picture := self.picture()):
            assert time.monotonic() < until, "the display never showed it"
            time.sleep(0.05)
        return picture

    @property
    def lit(self) -> bool:
        """It is on."""
        self._pump()
        return self._glass.on

    @property
    def contrast(self) -> int:
        """0 to 255."""
        self._pump()
        return self._glass.contrast

    def unplug(self) -> None:
        """From now on nobody answers on the bus, and the glass is dark."""
        self._ask("plug", plugged=False)
        self._pump()
        self._glass.unplug()

    def plug_in(self) -> None:
        """It comes up as any does: dark, with chance in its memory."""
        self._glass.plug_in()
        self._ask("plug", plugged=True)

    def power_up(self) -> None:
        """The whole Pi comes up."""
        self._unread = b""
        self.written.clear()
        self._glass.plug_in()

    def _pump(self) -> None:
        answer = self._ask("glass")
        assert not answer["lost"], "so much was written to the display that the recorder lost some"
        data = self._unread + base64.b64decode(str(answer["records"]))
        while len(data) >= _HEAD.size:
            at, length = _HEAD.unpack_from(data)
            if len(data) < (end := _HEAD.size + length):
                break
            self._take(at / 1e9, data[_HEAD.size : end])
            data = data[end:]
        self._unread = data

    def _take(self, at: float, message: bytes) -> None:
        self.written.append((at, len(message)))
        if message and self._glass.there:
            self._glass.take(message)
