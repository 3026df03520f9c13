"""The 40-pin header of every Raspberry Pi since the B+."""

from __future__ import annotations

from typing import Final

GROUNDS: Final = (6, 9, 14, 20, 25, 30, 34, 39)
SUPPLIES: Final = (1, 17)
"""3.3 V. The phone has no use for 5 V on the header: no pin stands it."""
_FIVE_VOLTS: Final = (2, 4)
_EEPROM: Final = {27: "ID SD", 28: "ID SC"}
_BY_ROW: Final = (
    *((None, None), (2, None), (3, None), (4, 14), (None, 15), (17, 18), (27, None), (22, 23), (None, 24), (10, None)),
    *((9, 25), (11, 8), (None, 7), (None, None), (5, None), (6, 12), (13, None), (19, 16), (26, 20), (None, 21)),
)
"""GPIO at the left and at the right, from the top."""
_GPIOS: Final = {
    2 * row + side + 1: gpio for row, both in enumerate(_BY_ROW) for side, gpio in enumerate(both) if gpio is not None
}
_PINS: Final = {gpio: pin for pin, gpio in _GPIOS.items()}


def pin_of(gpio: int) -> int:
    """Where a GPIO is on the header: 1 to 40."""
    return _PINS[gpio]


def name_of(pin: int) -> str:
    """What is printed beside the pin."""
    if pin in GROUNDS:
        return "GND"
    if pin in SUPPLIES:
        return "3.3 V"
    if pin in _FIVE_VOLTS:
        return "5 V"
    return _EEPROM.get(pin) or f"GPIO {_GPIOS[pin]}"


def is_left(pin: int) -> bool:
    """Odd pins are the left column, seen from above with the card slot at the top."""
    return pin % 2 == 1


def row_of(pin: int) -> int:
    """0 at the top to 19."""
    return (pin - 1) // 2
