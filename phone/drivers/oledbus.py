"""The way to an OLED: luma's serial interfaces on I2C and SPI, and all that can go wrong there as HardwareError."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

from phone.drivers.gpio import Line, PinFactory, library_errors
from phone.drivers.lg import elsewhere
from phone.drivers.profile import DisplayProfile
from phone.errors import HardwareError

_SPI_HZ = 8_000_000
_RESET_SECONDS = 0.01


class DisplayError(HardwareError):
    """The display does not answer, or its bus is not there."""


class Interface(Protocol):
    """What is used of luma's."""

    def command(self, *cmd: int) -> None: ...

    def data(self, data: Sequence[int]) -> None: ...

    def cleanup(self) -> None: ...


def plug(profile: DisplayProfile, factory: PinFactory | None) -> Interface:
    """The display's bus, open; on I2C nothing has been sent yet. Raises DisplayError."""
    if profile.bus == "i2c":
        what, hint = (
            f"I2C bus {profile.bus_number} cannot be used",
            "is I2C on (`raspi-config`), the user in group i2c?",
        )
    else:
        what = f"SPI bus {profile.bus_number}.{profile.device} cannot be used"
        hint = "is SPI on (`raspi-config`), the user in the groups spi and gpio?"
    with _as_display_error(what, hint):
        return _i2c(profile) if profile.bus == "i2c" else _spi(profile, factory)


def talking(profile: DisplayProfile) -> AbstractContextManager[None]:
    """What the libraries raise in here becomes a DisplayError."""
    if profile.bus == "i2c":
        what = f"no answer from address 0x{profile.address:02x} of I2C bus {profile.bus_number}"
        return _as_display_error(what, f"look at its four wires; `i2cdetect -y {profile.bus_number}` lists who answers")
    return _as_display_error(f"SPI bus {profile.bus_number}.{profile.device} refuses", "look at its wires")


@contextmanager
def _as_display_error(what: str, hint: str) -> Iterator[None]:
    try:
        yield
    except DisplayError:
        raise
    except ModuleNotFoundError as error:
        raise DisplayError(f"{error.name} is not installed: pip install -r requirements/hardware.txt") from error
    except Exception as error:
        if not isinstance(error, library_errors()):
            raise
        raise DisplayError(f"{what}: {error}; {hint}") from error


def _i2c(profile: DisplayProfile) -> Interface:
    from luma.core.interface.serial import i2c  # noqa: PLC0415 - only real hardware needs it

    interface: Interface = i2c(port=profile.bus_number, address=profile.address)
    return interface


def _spi(profile: DisplayProfile, factory: PinFactory | None) -> Interface:
    from luma.core.interface.serial import spi  # noqa: PLC0415

    if factory is None:
        raise DisplayError("SPI needs the GPIO pins too, and there are none")
    with ExitStack() as undo:
        pins = SpiPins(factory)
        undo.callback(pins.cleanup)
        interface: Interface = spi(
            spi=SpiBus(),
            gpio=pins,
            port=profile.bus_number,
            device=profile.device,
            bus_speed_hz=_SPI_HZ,
            gpio_DC=profile.dc,
            gpio_RST=profile.reset,
            reset_hold_time=_RESET_SECONDS,
            reset_release_time=_RESET_SECONDS,
        )
        undo.pop_all()
    return interface


class SpiBus:
    """What luma uses of spidev's `SpiDev`, by lgpio, which needs no compiler."""

    def __init__(self) -> None:
        self.max_speed_hz = _SPI_HZ
        self._handle: int | None = None
        self._write: Callable[[int, bytes], int]
        self._close: Callable[[int], int]

    def open(self, port: int, device: int) -> None:
        """Raises lgpio's error."""
        with elsewhere():
            import lgpio  # noqa: PLC0415 - only this display needs it

        self._handle = lgpio.spi_open(port, device, self.max_speed_hz, 0)
        self._write, self._close = lgpio.spi_write, lgpio.spi_close

    def writebytes(self, data: Sequence[int]) -> None:
        """Raises lgpio's error."""
        if self._handle is not None:
            self._write(self._handle, bytes(data))

    def close(self) -> None:
        """May be called twice."""
        if self._handle is not None:
            self._close(self._handle)
            self._handle = None


class SpiPins:
    """What luma uses of RPi.GPIO, by the phone's own pin factory: so that pins are taken once."""

    LOW, HIGH, OUT = 0, 1, 0

    def __init__(self, factory: PinFactory) -> None:
        self._factory = factory
        self._lines: dict[int, Line] = {}

    def setup(self, pin: int, mode: int) -> None:  # noqa: ARG002 - all of them are outputs
        """Take the pin."""
        self._lines[pin] = Line(self._factory, pin)
        self._lines[pin].drive(high=True)

    def output(self, pin: int, level: int) -> None:
        """Set it."""
        self._lines[pin].set(high=bool(level))

    def cleanup(self, _: Sequence[int] = ()) -> None:
        """Give all of them back."""
        while self._lines:
            self._lines.popitem()[1].close()
