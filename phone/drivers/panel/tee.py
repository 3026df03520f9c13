"""The same picture and lamps in two places: the desk's own, and the panel's."""

from __future__ import annotations

from PIL import Image

from phone.drivers.base import Display, Lamps


class TeeDisplay:
    """Shows each frame on all displays, in their order: a slow or broken one belongs last."""

    def __init__(self, *displays: Display) -> None:
        self._displays = displays

    def show(self, frame: Image.Image) -> None:
        """As `Display.show`; what a display raises comes through once those before it show the frame."""
        for display in self._displays:
            display.show(frame)

    def dim(self, on: bool) -> None:
        """As `Display.dim`."""
        for display in self._displays:
            display.dim(on)

    def close(self) -> None:
        """Close all of them."""
        for display in self._displays:
            display.close()


class TeeLamps:
    """Lights the same lamps everywhere."""

    def __init__(self, *lamps: Lamps) -> None:
        self._lamps = lamps

    def light(self, lit: frozenset[str]) -> None:
        """As `Lamps.light`."""
        for lamps in self._lamps:
            lamps.light(lit)

    def close(self) -> None:
        """Close all of them."""
        for lamps in self._lamps:
            lamps.close()
