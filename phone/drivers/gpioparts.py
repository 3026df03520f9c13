"""What a phone has on its GPIO pins for fingers: switches, a dial, a matrix. Each takes its pins when it is made, and
gives them all back where it cannot have one of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Protocol

from phone.drivers.base import Contact
from phone.drivers.contacts import Contacts
from phone.drivers.debounce import HOLD_OPEN
from phone.drivers.gpio import Line, PinFactory
from phone.drivers.keypad import SETTLE, Keypad
from phone.drivers.profile import HookProfile, KeypadProfile, RotaryProfile
from phone.drivers.rotary import PULSE, TURNED, Rotary
from phone.drivers.sim import HOOK
from phone.drivers.wires import Judge, Wires

Sink = Callable[[Contact], None]
Post = Callable[["Part", str, bool, float], None]
"""(part, wire, it is high, monotonic seconds of the edge), from the library's thread."""


class Part(Protocol):
    """Driven by one thread. Whatever it does may raise PinError."""

    name: str
    """As it stands in a sentence."""

    def start(self, sink: Sink, post: Post) -> None:
        """Watch the pins."""

    def edge(self, wire: str, high: bool, at: float, now: float) -> None:
        """What was posted."""

    @property
    def due(self) -> float | None:
        """When `run` is to be called next."""

    def run(self, now: float) -> None:
        """It is `now`."""

    def close(self) -> None:
        """Give the pins back."""


class Pins:
    """Lines by name, taken all or none. Raises PinError."""

    def __init__(self, factory: PinFactory, numbers: Mapping[str, int]) -> None:
        self.lines: dict[str, Line] = {}
        with ExitStack() as undo:
            for name, number in numbers.items():
                line = self.lines[name] = Line(factory, number)
                undo.callback(line.close)
                line.listen()
            undo.pop_all()

    def watch(self, part: Part, post: Post, names: Iterable[str]) -> None:
        """Post every edge of these."""
        for name in names:
            self.lines[name].watch(partial(post, part, name))

    def close(self) -> None:
        """Give all of them back."""
        with ExitStack() as each:
            for line in self.lines.values():
                each.callback(line.close)


class _Wired:
    """Wires to ground, each of them closed while its pin is low; those in `inverted` while it is high."""

    def __init__(
        self,
        name: str,
        pins: Pins,
        judge: Callable[[Mapping[str, bool], Sink], Judge],
        inverted: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self._pins = pins
        self._judge = judge
        self._inverted = inverted
        self._wires: Wires | None = None
        self.at_start: Mapping[str, bool] = {}
        """Which were closed then."""

    def start(self, sink: Sink, post: Post) -> None:
        self._pins.watch(self, post, self._pins.lines)  # first, so that no edge falls between
        self.at_start = {name: self._look(name) for name in self._pins.lines}
        self._wires = Wires(self._judge(self.at_start, sink), self.at_start, self._look)

    def edge(self, wire: str, high: bool, at: float, now: float) -> None:
        if self._wires is not None:
            self._wires.edge(wire, self._closed(wire, high=high), at, now)

    @property
    def due(self) -> float | None:
        return None if self._wires is None else self._wires.due

    def run(self, now: float) -> None:
        if self._wires is not None:
            self._wires.run(now)

    def close(self) -> None:
        self._pins.close()

    def _look(self, wire: str) -> bool:
        return self._closed(wire, high=self._pins.lines[wire].high)

    def _closed(self, wire: str, *, high: bool) -> bool:
        return high is (wire in self._inverted)


class HookPart(_Wired):
    """The hook switch; its contact is closed while the handset is lifted."""

    def __init__(self, factory: PinFactory, profile: HookProfile) -> None:
        hold = profile.debounce_ms / 1000
        super().__init__(
            "hook switch",
            Pins(factory, {HOOK: profile.pin}),
            lambda levels, sink: Contacts(levels, sink, hold_open=hold),
            frozenset() if profile.lifted == "closed" else frozenset({HOOK}),
        )

    @property
    def lifted_at_start(self) -> bool:
        """The handset was up then."""
        return self.at_start.get(HOOK, False)


def key(factory: PinFactory, name: str, number: int) -> Part:
    """A push button. One that is down at the start counts as pressed, as those of a matrix do."""
    return _Wired(f"key {name}", Pins(factory, {name: number}), _pressed)


def _pressed(levels: Mapping[str, bool], sink: Sink) -> Contacts:
    contacts = Contacts(dict.fromkeys(levels, False), sink, hold_open=HOLD_OPEN)
    for name, closed in levels.items():
        contacts.edge(name, closed, time.monotonic())
    return contacts


def dial(factory: PinFactory, profile: RotaryProfile) -> Part:
    """A rotary dial."""
    has_turned = profile.turned is not None
    numbers = {PULSE: profile.pulse} | ({} if profile.turned is None else {TURNED: profile.turned})
    return _Wired(
        "dial",
        Pins(factory, numbers),
        lambda _, sink: Rotary(sink, has_turned=has_turned, digits=profile.digits),
        frozenset({PULSE}),
    )


class PinGrid:
    """`keypad.Grid`. A row that is not driven is an input: its pull-up stays, and two rows never fight."""

    def __init__(self, rows: list[Line], columns: list[Line], sleep: Callable[[float], None] = time.sleep) -> None:
        self._rows = rows
        self._columns = columns
        self._sleep = sleep
        self._driven: frozenset[int] = frozenset()

    def read(self, row: int | None) -> frozenset[int]:
        self._drive(frozenset() if row is None else frozenset({row}))
        self._sleep(SETTLE)
        return self._low()

    def rest(self) -> frozenset[int]:
        self._drive(frozenset(range(len(self._rows))))
        self._sleep(SETTLE)
        return self._low()

    def _drive(self, rows: frozenset[int]) -> None:
        for row in sorted(self._driven - rows):
            self._rows[row].let_go()
        for row in sorted(rows - self._driven):
            self._rows[row].drive(high=False)
        self._driven = rows

    def _low(self) -> frozenset[int]:
        return frozenset(number for number, line in enumerate(self._columns) if not line.high)


class KeypadPart:
    """The matrix keypad."""

    name = "keypad"

    def __init__(self, factory: PinFactory, profile: KeypadProfile) -> None:
        self._profile = profile
        rows = {f"row {n}": pin for n, pin in enumerate(profile.rows, 1)}
        columns = {f"column {n}": pin for n, pin in enumerate(profile.columns, 1)}
        self._columns = tuple(columns)
        self._pins = Pins(factory, rows | columns)
        lines = self._pins.lines
        self._grid = PinGrid([lines[name] for name in rows], [lines[name] for name in columns])
        self._keypad: Keypad | None = None

    def start(self, sink: Sink, post: Post) -> None:
        self._keypad = Keypad(self._grid, self._profile.names(), sink, time.monotonic)
        self._pins.watch(self, post, self._columns)
        self._keypad.start(time.monotonic())

    def edge(self, wire: str, high: bool, at: float, now: float) -> None:  # noqa: ARG002 - any column wakes it
        if self._keypad is not None and not high:
            self._keypad.edge(at, now)

    @property
    def due(self) -> float | None:
        return None if self._keypad is None else self._keypad.due

    def run(self, now: float) -> None:  # noqa: ARG002 - a scan takes its own time
        if self._keypad is not None:
            self._keypad.run()

    def close(self) -> None:
        self._pins.close()
