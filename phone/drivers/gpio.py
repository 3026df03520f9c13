"""Single pins by gpiozero, through the pin factory that the profile names and no other. What fails is a PinError."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Literal, Protocol, runtime_checkable

from phone.drivers.lg import elsewhere, patiently
from phone.errors import HardwareError

FactoryName = Literal["gpiod", "lgpio", "rpigpio", "mock"]
Watcher = Callable[[bool, float], None]
"""(the pin is high, monotonic seconds of the edge); called from the library's thread, which must not be kept."""

_OLDEST = 30.0
"""Seconds. An edge that claims to be older was stamped by another clock: kernels before 5.7 took that of the day."""


class PinError(HardwareError):
    """A pin cannot be had, or does not do as told."""


class _Pin(Protocol):
    """What is used of gpiozero's."""

    function: str
    state: bool | float
    when_changed: Callable[[float, int], None] | None

    def input_with_pull(self, pull: str) -> None: ...

    def output_with_state(self, state: bool) -> None: ...


class _Device(Protocol):
    """What is used of gpiozero's `GPIODevice`."""

    @property
    def pin(self) -> _Pin: ...

    def close(self) -> None: ...


class PinFactory(Protocol):
    """gpiozero's: one board's pins."""

    def close(self) -> None:
        """Give all pins back."""


def open_factory(name: FactoryName, chip: int | None = None) -> PinFactory:
    """The board's pins by that library. `chip` is the number N of /dev/gpiochipN, for gpiod and lgpio; None: the
    header's.

    Raises PinError: the library is missing, there is no such chip, or this user may not use it.
    """
    with _as_pin_error(f"the GPIO pins cannot be had by {name}", "is this a Raspberry Pi, and the user in group gpio?"):
        from phone.drivers import lean as _lean  # noqa: F401, PLC0415 - only real hardware needs it

        match name:
            case "gpiod":
                from phone.drivers.gpiochip import GpiochipFactory  # noqa: PLC0415 - only real hardware needs it

                factory: PinFactory = GpiochipFactory(chip)
            case "mock":
                from gpiozero.pins.mock import MockFactory  # noqa: PLC0415

                factory = MockFactory()
            case "lgpio" | "rpigpio":
                with elsewhere():
                    factory = _lgpio(chip) if name == "lgpio" else _rpigpio()
    return factory


def _lgpio(chip: int | None) -> PinFactory:
    from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415 - only real hardware needs it

    factory: PinFactory = LGPIOFactory(chip)
    return factory


def _rpigpio() -> PinFactory:
    """By RPi.GPIO itself, or by rpi-lgpio, which goes by its name."""
    from gpiozero.pins.rpigpio import RPiGPIOFactory  # noqa: PLC0415

    factory: PinFactory = RPiGPIOFactory()
    return factory


@runtime_checkable
class _Hushing(Protocol):
    def hush(self) -> AbstractContextManager[None]: ...


def hush(factory: PinFactory | None) -> AbstractContextManager[None]:
    """Where the factory can do so: on entering all edges until now have been told, and inside none is."""
    return factory.hush() if isinstance(factory, _Hushing) else nullcontext()


def close_factory(factory: PinFactory) -> None:
    """Give back all that it still has. Raises PinError."""
    with _as_pin_error("the GPIO pins cannot be given back", "does another program use them?"):
        patiently(factory.close, library_errors())


class Line:
    """One pin, by its GPIO number. Raises PinError wherever it does not do as told."""

    def __init__(self, factory: PinFactory, number: int) -> None:
        self._number = number
        with self._checked("cannot be had"):
            from gpiozero import GPIODevice  # noqa: PLC0415 - only real hardware needs it

            self._device: _Device = GPIODevice(number, pin_factory=factory)
            self._pin = self._device.pin
        self._watcher: Watcher | None = None

    def __repr__(self) -> str:
        return f"Line(GPIO{self._number})"

    def listen(self) -> None:
        """Be an input, pulled up."""
        with self._checked("cannot be an input"):
            self._pin.input_with_pull("up")

    def let_go(self) -> None:
        """Be an input with whatever pull it had: an output drives no longer."""
        with self._checked("cannot be an input"):
            self._pin.function = "input"

    def drive(self, *, high: bool) -> None:
        """Be an output at that level."""
        with self._checked("cannot be an output"):
            self._pin.output_with_state(high)

    def set(self, *, high: bool) -> None:
        """Change the level of an output."""
        with self._checked("cannot be set"):
            self._pin.state = high

    @property
    def high(self) -> bool:
        """The level now."""
        with self._checked("cannot be read"):
            return bool(self._pin.state)

    def watch(self, watcher: Watcher) -> None:
        """Tell of every edge from now on."""
        self._watcher = watcher
        with self._checked("cannot be watched"):
            self._pin.when_changed = self._changed  # gpiozero keeps a weak reference; ours lives as long as the line

    def close(self) -> None:
        """No edge is told after this; the pin is an input again."""
        with self._checked("cannot be given back"):
            self._watcher = None
            patiently(self._give_back, library_errors())

    def _give_back(self) -> None:
        self._pin.when_changed = None
        self._device.close()

    def _changed(self, ticks: float, state: int) -> None:
        if (watcher := self._watcher) is not None:
            watcher(bool(state), plausible(ticks, time.monotonic()))

    @contextmanager
    def _checked(self, what: str) -> Iterator[None]:
        with _as_pin_error(f"GPIO{self._number} {what}", "does another program use it?"):
            yield


def plausible(at: float, now: float) -> float:
    """The time of an edge that is told of at `now`, or `now` where it cannot be that."""
    return at if now - _OLDEST <= at <= now else now


@contextmanager
def _as_pin_error(what: str, hint: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise PinError(f"{what}: {error.name} is not installed: pip install -r requirements/hardware.txt") from error
    except Exception as error:
        if not isinstance(error, library_errors()):
            raise
        raise PinError(f"{what}: {error}: {hint}") from error


def library_errors() -> tuple[type[Exception], ...]:
    """All that gpiozero, luma and the libraries below them raise where the hardware is not as it should be."""
    named = (("gpiozero", "GPIOZeroError"), ("lgpio", "error"), ("luma.core.error", "Error"))
    own = [getattr(sys.modules[module], name) for module, name in named if module in sys.modules]
    return (*own, OSError, RuntimeError, ImportError)
