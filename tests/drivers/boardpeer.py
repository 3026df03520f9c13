"""A board of gpiozero's mock pins that are really wired: switches connect pins with each other and with ground."""

from __future__ import annotations

import threading

from gpiozero.pins.mock import MockFactory, MockPin

GROUND = "ground"
Node = int | str


class WiredPin(MockPin):
    """Follows the board's wires; all pins change under one lock, as electricity does."""

    def _set_function(self, value):
        with self.factory.lock:
            super()._set_function(value)
            self.factory.flow()

    def _set_pull(self, value):
        with self.factory.lock:
            super()._set_pull(value)
            self.factory.flow()

    def _set_state(self, value):
        with self.factory.lock:
            super()._set_state(value)
            self.factory.flow()

    def _get_state(self):
        with self.factory.lock:
            if self.factory.broken == self._number:
                raise OSError(5, "Input/output error")
            return super()._get_state()


class Board(MockFactory):
    """`shut` and `open` are the person's side."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.switches: set[frozenset[Node]] = set()
        self.broken: int | None = None
        super().__init__(pin_class=WiredPin)

    def shut(self, a: Node, b: Node = GROUND) -> None:
        with self.lock:
            self.switches.add(frozenset({a, b}))
            self.flow()

    def open(self, a: Node, b: Node = GROUND) -> None:
        with self.lock:
            self.switches.discard(frozenset({a, b}))
            self.flow()

    def flow(self) -> None:
        """An input is low where a way over closed switches leads to ground, or to an output that is low."""
        pins = {pin._number: pin for pin in list(self.pins.values())}
        for number, pin in pins.items():
            if pin._function == "input":
                low = any(self._sinks(node, pins) for node in self._reach(number)) or pin._pull != "up"
                (pin.drive_low if low else pin.drive_high)()

    def _sinks(self, node: Node, pins: dict[int, WiredPin]) -> bool:
        if node == GROUND:
            return True
        pin = pins.get(node)
        return pin is not None and pin._function == "output" and not pin._state

    def _reach(self, start: Node) -> set[Node]:
        seen, waiting = {start}, [start]
        while waiting:
            here = waiting.pop()
            if here == GROUND:
                continue
            near = {node for switch in self.switches if here in switch for node in switch} - seen
            seen |= near
            waiting += near
        return seen

    def level(self, number: int) -> bool:
        return bool(self.pin(number)._state)
