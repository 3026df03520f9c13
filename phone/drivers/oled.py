"""A 128x64 OLED with an SSD1306 or SH1106 controller. Only what has changed is sent.

Law: of a display that failed nobody knows what it shows: it is set up anew and gets the whole picture. And so once in a
while without any failure: one that lost its power for a moment answers, but is dark.

Everything blocks, and is called from one thread: that of `slot.DisplaySlot`, which tries again each second, and asks
for `dim` each second while nothing is shown, so that an unplugged display is noticed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache

from PIL import Image

from phone.drivers.base import HEIGHT, WIDTH
from phone.drivers.oledbus import DisplayError, Interface, talking
from phone.drivers.oledpages import Window, changes, pages
from phone.drivers.profile import DisplayProfile
from phone.drivers.troubles import Troubles

REFRESH_SECONDS = 30.0
_SH1106_FIRST = 2
"""Its 128 columns are the middle ones of 132."""
_DISPLAY_OFF, _DISPLAY_ON, _CONTRAST = 0xAE, 0xAF, 0x81
_COLUMNS, _PAGES = 0x21, 0x22
_PAGE, _COLUMN_LOW, _COLUMN_HIGH = 0xB0, 0x00, 0x10


class Oled:
    """`base.Display`. `plug` opens the way to it, and is called again after a failure."""

    def __init__(
        self,
        profile: DisplayProfile,
        plug: Callable[[], Interface],
        troubles: Troubles,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._profile = profile
        self._plug = plug
        self._troubles = troubles
        self._clock = clock
        self._interface: Interface | None = None
        self._glass: bytes | None = None
        self._wanted: bytes | None = None
        self._dim = False
        self._fresh_at = 0.0
        self.errors = 0
        """How often it failed."""

    def show(self, frame: Image.Image) -> None:
        """As `Display.show`. Raises DisplayError."""
        if frame.mode != "1" or frame.size != (WIDTH, HEIGHT):
            raise ValueError(f"the display takes mode 1, {WIDTH}x{HEIGHT}; this is mode {frame.mode}, {frame.size}")
        self._wanted = pages(frame.transpose(Image.Transpose.ROTATE_180) if self._profile.upside_down else frame)
        self._try(lambda interface: self._send(interface, self._wanted))

    def dim(self, on: bool) -> None:
        """As `Display.dim`. Raises DisplayError."""
        self._dim = on
        self._try(self._set_contrast)

    def close(self) -> None:
        """Dark, if it can be reached. May be called twice."""
        if self._interface is not None:
            with suppress(DisplayError), talking(self._profile):
                self._interface.command(_DISPLAY_OFF)
            self._drop()

    def _try(self, act: Callable[[Interface], None]) -> None:
        try:
            if self._interface is None:
                self._interface = self._plug()
            with talking(self._profile):
                if self._glass is None or self._clock() >= self._fresh_at + REFRESH_SECONDS:
                    self._set_up(self._interface)
                act(self._interface)
        except DisplayError as error:
            self.errors += 1
            self._drop()
            self._troubles.tell("display", str(error), logged=False)  # the slot does
            raise
        self._troubles.over("display", logged=False)

    def _drop(self) -> None:
        interface, self._interface, self._glass = self._interface, None, None
        if interface is not None:
            with suppress(DisplayError), talking(self._profile):
                interface.cleanup()

    def _set_up(self, interface: Interface) -> None:
        """Its registers, the whole picture, and only then light: what its memory held is never seen."""
        known = self._glass is not None
        interface.command(*_registers(self._profile.driver, lit=known))
        self._set_contrast(interface)
        self._glass = None
        self._send(interface, self._wanted or bytes(WIDTH * HEIGHT // 8))
        interface.command(_DISPLAY_ON)
        self._fresh_at = self._clock()

    def _set_contrast(self, interface: Interface) -> None:
        interface.command(_CONTRAST, self._profile.dimmed if self._dim else self._profile.contrast)

    def _send(self, interface: Interface, wanted: bytes | None) -> None:
        if wanted is None:
            return
        for window in changes(self._glass, wanted):
            interface.command(*self._address(window))
            interface.data(list(window.data))
        self._glass = wanted

    def _address(self, window: Window) -> tuple[int, ...]:
        if self._profile.driver == "ssd1306":
            last = window.column + len(window.data) - 1
            return (_COLUMNS, window.column, last, _PAGES, window.page, window.page)
        column = window.column + _SH1106_FIRST
        return (_PAGE | window.page, _COLUMN_LOW | column & 0x0F, _COLUMN_HIGH | column >> 4)


class _Recorder:
    """An interface to nowhere that keeps the commands."""

    def __init__(self) -> None:
        self.commands: list[tuple[int, ...]] = []

    def command(self, *cmd: int) -> None:
        self.commands.append(cmd)

    def data(self, data: Sequence[int]) -> None:
        """Pictures are our own affair."""

    def cleanup(self) -> None:
        """Nothing is open."""


def _registers(driver: str, *, lit: bool) -> tuple[int, ...]:
    """The command that sets up such a controller; without switching it off first where it is `lit`."""
    command = _set_up_by_luma(driver)
    return command[1:] if lit and command[0] == _DISPLAY_OFF else command


@cache
def _set_up_by_luma(driver: str) -> tuple[int, ...]:
    """As luma does it. Its own device would send each picture whole, and cannot be plugged in again."""
    from luma.oled import device  # noqa: PLC0415 - only real hardware needs it

    recorder = _Recorder()
    make: Callable[..., object] = device.ssd1306 if driver == "ssd1306" else device.sh1106
    make(recorder, width=WIDTH, height=HEIGHT)
    return recorder.commands[0]
