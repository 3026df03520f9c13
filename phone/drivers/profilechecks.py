"""What the values of a profile must mean, beyond their types. They are looked at as the file has them, so that a wrong
type elsewhere hides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from phone.config import cards
from phone.config.document import KeyPath
from phone.config.faults import Fault, did_you_mean
from phone.config.reading import leaves, outside
from phone.drivers.profile import NO_KEY
from phone.drivers.sim import KEYS

Values = Mapping[str, object]
Use = tuple[int, KeyPath, str]
"""A pin, the key that takes it, and what for."""

_HEADER = range(2, 28)
_RANGES: Mapping[KeyPath, tuple[float, float]] = {
    ("hook", "debounce_ms"): (5, 100),
    ("display", "address"): (0x08, 0x77),
    ("display", "contrast"): (0, 255),
    ("display", "dimmed"): (0, 255),
    ("display", "port"): (0, 22),
    ("display", "device"): (0, 1),
    ("pins", "chip"): (0, 15),
}
_OHMS = (100, 10_000)
_I2C = {1: (2, 3)}
_SPI = {0: ((10, 11, 9), (8, 7))}
"""Bus -> its own pins, and those that select device 0 and 1."""
_I2S = (18, 19, 20, 21)
_SOUND: Mapping[str, Callable[[str], str | None]] = {
    "card": cards.card_fault,
    "usb": lambda value: cards.usb_fault(value) if value else None,
    "capture": cards.device_fault,
    "playback": cards.device_fault,
    "overlay": lambda value: cards.overlay_fault(value) if value else None,
}


def faults(values: Values, _: Path) -> Iterator[Fault]:
    """All that is wrong with the meaning of the values; wrong types are passed over."""
    yield from _out_of_range(values)
    yield from _pins(values)
    yield from _matrix(values)
    yield from _keys(values)
    yield from _digits(values)
    yield from _sound(_table(values, "audio"))
    if _at(values, "pins", "chip") is not None and _at(values, "pins", "factory") not in (None, "gpiod", "lgpio"):
        yield Fault(("pins", "chip"), 'is for factory = "gpiod" or "lgpio" alone: take it out')


def _out_of_range(values: Values) -> Iterator[Fault]:
    bounds = dict(_RANGES) | {("lamps", name, "ohms"): _OHMS for name in _table(values, "lamps")}
    for key, (low, high) in bounds.items():
        value = _at(values, *key)
        if isinstance(value, int | float) and not isinstance(value, bool) and (wrong := outside(value, (low, high))):
            yield Fault(key, wrong)


def _pins(values: Values) -> Iterator[Fault]:
    taken: dict[int, str] = {}
    for pin, key, what in _uses(values):
        if pin not in _HEADER:
            yield Fault(key, f"GPIO {pin} is not on the header for everyone's use: take one of 2 to 27")
        elif pin in taken:
            yield Fault(key, f"GPIO {pin} is taken by {taken[pin]}: each pin can do one thing")
        else:
            taken[pin] = what


def _uses(values: Values) -> Iterator[Use]:
    """Those of buses first: they cannot be moved."""
    yield from _bus_uses(values)
    for line in ("rows", "columns"):
        for pin in _numbers(_at(values, "keypad", line)):
            yield pin, ("keypad", line), f"the keypad's {line}"
    places: list[tuple[KeyPath, str]] = [
        (("hook", "pin"), "the hook switch"),
        (("rotary", "pulse"), "the dial's pulses"),
        (("rotary", "turned"), "the dial's rest contact"),
        *((("keys", name), f"the key {name}") for name in _table(values, "keys")),
        *((("lamps", name, "pin"), f"the lamp {name}") for name in _table(values, "lamps")),
    ]
    for key, what in places:
        for pin in _numbers([_at(values, *key)]):
            yield pin, key, what


def _bus_uses(values: Values) -> Iterator[Use]:
    key: KeyPath = ("audio", "i2s")
    sound = (*_I2S, *_I2C[1]) if _at(values, *key) is True else ()
    yield from ((pin, key, "the sound card on the header") for pin in sound)
    display = _table(values, "display")
    bus = display.get("bus", "i2c")
    port = display.get("port", int(bus == "i2c"))
    if not display or not isinstance(port, int):
        return
    if bus == "i2c" and not sound:  # which shares it
        yield from ((pin, ("display", "bus"), "the display's I2C bus") for pin in _I2C.get(port, ()))
    if bus == "spi" and port in _SPI:
        own, selects = _SPI[port]
        device = display.get("device", 0)
        chosen = selects[device : device + 1] if isinstance(device, int) and device >= 0 else ()
        yield from ((pin, ("display", "bus"), "the display's SPI bus") for pin in (*own, *chosen))
        for name, default in (("dc", 24), ("reset", 25)):
            for pin in _numbers([display.get(name, default)]):
                yield pin, ("display", name if name in display else "bus"), f"the display's {name}"


def _matrix(values: Values) -> Iterator[Fault]:
    rows, columns = (len(_numbers(_at(values, "keypad", line))) for line in ("rows", "columns"))
    keys = [row.split() for row in _texts(_at(values, "keypad", "keys"))]
    if keys and len(keys) != rows:
        yield Fault(("keypad", "keys"), f"has {len(keys)} texts, and there are {rows} rows: write one for each")
    for number, row in enumerate(keys, 1):
        if len(row) != columns:
            sentence = (
                f"has {len(row)} keys in row {number}, and there are {columns} columns: write {NO_KEY} for no key"
            )
            yield Fault(("keypad", "keys"), sentence)


def _keys(values: Values) -> Iterator[Fault]:
    matrix = [name for row in _texts(_at(values, "keypad", "keys")) for name in row.split() if name != NO_KEY]
    for name in matrix:
        if name not in KEYS:
            yield Fault(("keypad", "keys"), f'"{name}" is no key of a phone; {did_you_mean(name, KEYS)}')
    for name, count in Counter(matrix).items():
        if count > 1:
            yield Fault(("keypad", "keys"), f"has {name} {count} times: each key stands once")
    for name in _table(values, "keys"):
        if name not in KEYS:
            yield Fault(("keys", name), f"is no key of a phone; {did_you_mean(name, KEYS)}")
        elif name in matrix:
            yield Fault(("keys", name), "stands in keypad.keys too: each key stands once")


def _digits(values: Values) -> Iterator[Fault]:
    digits = _at(values, "rotary", "digits")
    if isinstance(digits, str) and sorted(digits) != sorted("0123456789"):
        yield Fault(("rotary", "digits"), 'must have each of the ten digits once, one break first: "1234567890"')


def _sound(audio: Values) -> Iterator[Fault]:
    for key, value in leaves(audio):
        check = cards.mixer_fault if key[-2:-1] == ("mixer",) else _SOUND.get(key[-1])
        if isinstance(value, str) and check and (wrong := check(value)):
            yield Fault(("audio", *key), wrong)


def _at(values: object, *key: str) -> object:
    for part in key:
        if not isinstance(values, Mapping):
            return None
        values = values.get(part)
    return values


def _table(values: Values, name: str) -> Mapping[str, object]:
    table = values.get(name)
    return table if isinstance(table, Mapping) else {}


def _numbers(value: object) -> list[int]:
    values = value if isinstance(value, list) else []
    return [v for v in values if isinstance(v, int) and not isinstance(v, bool)]


def _texts(value: object) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []
