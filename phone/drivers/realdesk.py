"""The parts of a profile, opened. What cannot be opened is told of and left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from phone.drivers.base import HEIGHT, WIDTH, Display
from phone.drivers.gpio import PinError, PinFactory, close_factory, open_factory
from phone.drivers.gpioinputs import GpioInputs
from phone.drivers.gpiolamps import GpioLamps
from phone.drivers.oled import Oled
from phone.drivers.oledbus import Interface, plug
from phone.drivers.profile import DisplayProfile, Profile
from phone.drivers.troubles import Troubles

Plug = Callable[[DisplayProfile, PinFactory | None], Interface]


@dataclass(frozen=True, slots=True)
class RealDesk:
    """Inputs, lamps and display of one profile."""

    inputs: GpioInputs
    lamps: GpioLamps
    display: Display
    troubles: Callable[[], tuple[str, ...]]
    watch_troubles: Callable[[Callable[[], None]], None]
    give_back: Callable[[], None]
    """The pins that all of them had, once they are closed."""


class NoDisplay:
    """`base.Display` of a phone without one."""

    def show(self, frame: Image.Image) -> None:
        """Nobody sees it. Raises ValueError on a frame of another kind."""
        if frame.mode != "1" or frame.size != (WIDTH, HEIGHT):
            raise ValueError(f"the display takes mode 1, {WIDTH}x{HEIGHT}; this is mode {frame.mode}, {frame.size}")

    def dim(self, on: bool) -> None:
        """Nobody sees it."""

    def close(self) -> None:
        """Nothing is open."""


def open_profile(
    profile: Profile,
    *,
    pins: Callable[[Profile], PinFactory] = lambda profile: open_factory(profile.pins.factory, profile.pins.chip),
    plug: Plug = plug,
) -> RealDesk:
    """Open all that there is. `pins` and `plug` make the ways to it; they raise PinError and DisplayError."""
    troubles = Troubles()
    factory: PinFactory | None = None
    try:
        factory = pins(profile)
    except PinError as error:
        troubles.tell("GPIO header", str(error))
    display = profile.display
    oled = None if display is None else Oled(display, lambda: plug(display, factory), troubles)
    return RealDesk(
        GpioInputs(profile, factory, troubles),
        GpioLamps(profile.lamps, factory, troubles),
        oled or NoDisplay(),
        troubles.sentences,
        troubles.watch,
        lambda: _give_back(factory, troubles),
    )


def _give_back(factory: PinFactory | None, troubles: Troubles) -> None:
    if factory is not None:
        try:
            close_factory(factory)
        except PinError as error:
            troubles.tell("GPIO header", str(error))
