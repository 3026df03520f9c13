"""A hardware profile as values: which pin does what, which display, which sound card. What a file may say beyond types
is in `profilechecks`; pins are GPIO numbers (BCM), never positions on the header.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Literal

from phone.config.values import DeviceConfig
from phone.drivers.gpio import FactoryName
from phone.drivers.rotary import DIGITS

NO_KEY = "-"
"""Where a matrix has a crossing without a key."""


@dataclass(frozen=True, slots=True)
class PinsProfile:
    """[pins]"""

    factory: FactoryName = "gpiod"
    """"gpiod", which sleeps until a pin moves; "lgpio", which looks every half millisecond; "rpigpio" for RPi.GPIO
    (classic on a Pi 4 and before, else served by rpi-lgpio); "mock" for tests.
    """
    chip: int | None = None
    """N of /dev/gpiochipN, for gpiod and lgpio; None: the header's own."""


@dataclass(frozen=True, slots=True)
class KeypadProfile:
    """[keypad]: keys at the crossings of rows and columns."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    keys: tuple[str, ...]
    """A text for each row: the names of its keys from left to right, NO_KEY where there is none."""
    name: str = "Keypad"
    """In drawings."""

    def names(self) -> dict[tuple[int, int], str]:
        """(row, column), counted from 0 -> key."""
        cells = {(r, c): name for r, row in enumerate(self.keys) for c, name in enumerate(row.split())}
        return {cell: name for cell, name in cells.items() if name != NO_KEY}


@dataclass(frozen=True, slots=True)
class HookProfile:
    """[hook]: a switch between its pin and ground."""

    pin: int
    lifted: Literal["open", "closed"]
    """The switch, while the handset is up."""
    debounce_ms: float = 15.0
    """So long it must rest before the handset counts as down."""


@dataclass(frozen=True, slots=True)
class RotaryProfile:
    """[rotary]: a dial's contacts, each between its pin and ground."""

    pulse: int
    """Breaks as often as the digit says."""
    turned: int | None = None
    """Closed while the dial is away from rest."""
    digits: str = DIGITS
    """By the number of breaks, from one on."""


@dataclass(frozen=True, slots=True)
class LampProfile:
    """[lamps.NAME]: a light-emitting diode with its resistor."""

    pin: int
    active_low: bool = False
    """Lit while the pin is low: the diode hangs between 3.3 V and the pin."""
    colour: str = "red"
    ohms: int = 330


@dataclass(frozen=True, slots=True)
class LampsProfile:
    """[lamps]"""

    call: LampProfile | None = None
    message: LampProfile | None = None
    mute: LampProfile | None = None
    service: LampProfile | None = None
    hold: LampProfile | None = None
    speaker: LampProfile | None = None
    dnd: LampProfile | None = None

    def present(self) -> dict[str, LampProfile]:
        """Those that there are, by name."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: lamp for name, lamp in found.items() if lamp is not None}


@dataclass(frozen=True, slots=True)
class DisplayProfile:
    """[display]: 128x64 pixels."""

    driver: Literal["ssd1306", "sh1106"]
    bus: Literal["i2c", "spi"] = "i2c"
    port: int | None = None
    """N of /dev/i2c-N (default 1) or /dev/spidevN.x (default 0)."""
    address: int = 0x3C
    """On I2C."""
    device: int = 0
    """x of /dev/spidevN.x."""
    dc: int = 24
    """On SPI: the pin that tells data from commands."""
    reset: int | None = 25
    """On SPI; None: not wired."""
    upside_down: bool = False
    contrast: int = 0xCF
    dimmed: int = 0x01

    @property
    def bus_number(self) -> int:
        """`port`, or the header's."""
        return self.port if self.port is not None else int(self.bus == "i2c")


@dataclass(frozen=True, slots=True)
class AudioProfile:
    """[audio]: the sound card, by name."""

    card: str
    """Its ALSA id: what stands behind CARD= in `aplay -L`."""
    name: str = ""
    """In drawings and lists."""
    usb: str = ""
    """"vendor:product" as `lsusb` has them: the udev rule (`udev.udev_rules`) gives that card its stable id."""
    i2s: bool = False
    """On the header: takes GPIO 18 to 21, and I2C for its settings."""
    overlay: str = ""
    """The line of /boot/firmware/config.txt that it needs."""
    handset: DeviceConfig = field(default_factory=DeviceConfig)
    ringer: DeviceConfig = field(default_factory=DeviceConfig)
    speaker: DeviceConfig = field(default_factory=DeviceConfig)
    headset: DeviceConfig = field(default_factory=DeviceConfig)
    mixer: dict[str, str] = field(default_factory=dict)
    """Control -> "80%", "on", "off" or "80% on", as in the phone's config."""
    jack: str = ""
    """A part of the name of the input device that tells whether a headset is plugged in; "": none."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The whole file."""

    title: str
    board: str
    pins: PinsProfile = PinsProfile()
    keypad: KeypadProfile | None = None
    keys: dict[str, int] = field(default_factory=dict)
    """Key -> pin of a button to ground."""
    hook: HookProfile | None = None
    rotary: RotaryProfile | None = None
    lamps: LampsProfile = LampsProfile()
    display: DisplayProfile | None = None
    audio: AudioProfile | None = None
    parts: dict[str, str] = field(default_factory=dict)
    """What the list of parts has beside what follows from the rest: part -> how many, or what for."""
