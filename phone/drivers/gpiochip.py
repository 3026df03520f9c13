"""gpiozero's pins by the kernel's own character device, /dev/gpiochipN, through libgpiod: asleep while nothing moves.

Law: the kernel says when an edge was, on the monotonic clock, however late anybody hears of it. It keeps the newest
`KEPT` edges of a pin; where it dropped older ones (their numbers have a gap), the pin itself says how it is now.
A pin is configured in one step: at no moment does one float that has a pull, or drive a level that nobody asked for.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path

from phone.drivers import lean as _lean  # noqa: F401  # isort: skip  # before gpiozero

import gpiod
from gpiod.line import Bias, Clock, Direction, Edge, Value
from gpiozero.exc import PinFixedPull, PinInvalidFunction, PinInvalidPull, PinSetInput
from gpiozero.pins import PinInfo
from gpiozero.pins.local import get_pi_revision
from gpiozero.pins.pi import PiFactory, PiPin

from phone.drivers.edges import EdgeThread

log = logging.getLogger(__name__)

HEADERS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""Names of the chips behind the header: of a Pi 5, of a Pi 4, of all before."""
KEPT = 128
"""Edges of a pin that the kernel keeps until they are read. A press that bounces makes 20."""
_READS = 16
"""At once, of a pin that has ever more edges."""
_PULLS = {"up": Bias.PULL_UP, "down": Bias.PULL_DOWN, "floating": Bias.DISABLED}
_FUNCTIONS = {"input": Direction.INPUT, "output": Direction.OUTPUT}


def header_chip(devices: Path = Path("/dev")) -> Path:
    """The chip behind the header: the first of a known name, or gpiochip0."""
    for path in sorted(devices.glob("gpiochip*")):
        try:
            with gpiod.Chip(str(path)) as chip:
                label = chip.get_info().label
        except OSError:
            continue  # another program's, perhaps; that the header's is refused is found when it is opened
        if label in HEADERS:
            return path
    return devices / "gpiochip0"


class GpiochipFactory(PiFactory):  # type: ignore[misc, no-any-unimported] # gpiozero has no types
    """The pins of `/dev/gpiochip{number}`, or of the header's chip. Raises OSError where that cannot be opened."""

    def __init__(self, number: int | None = None) -> None:
        super().__init__()
        self.pin_class = GpiochipPin
        self.chip = gpiod.Chip(str(header_chip() if number is None else Path(f"/dev/gpiochip{number}")))
        self.edges = EdgeThread()

    def hush(self) -> AbstractContextManager[None]:
        """On entering all edges until now have been told; inside none is."""
        return self.edges.hush()

    def close(self) -> None:
        """Give all pins back, and end the thread. May be called twice."""
        for pin in list(self.pins.values()):
            pin.close()
        self.edges.close()
        if self.chip:
            self.chip.close()

    def ticks(self) -> float:
        """Seconds on the clock of the edges."""
        return time.monotonic()

    def ticks_diff(self, later: float, earlier: float) -> float:
        """Seconds."""
        return later - earlier

    def _get_revision(self) -> int:
        revision: int = get_pi_revision()
        return revision


class GpiochipPin(PiPin):  # type: ignore[misc, no-any-unimported] # gpiozero has no types
    """One line, held from its making until `close`; an input at first, with whatever pull it had."""

    def __init__(self, factory: GpiochipFactory, info: PinInfo) -> None:  # type: ignore[no-any-unimported]
        super().__init__(factory, info)
        self._edges = factory.edges
        self._lock = threading.RLock()  # a request must not be released under whoever uses it
        self._bias = Bias.AS_IS
        self._direction = Direction.INPUT
        self._watched = False
        self._last = 0
        self._gap = False
        self._request = factory.chip.request_lines({self._number: self._settings()}, "phone", KEPT)

    def close(self) -> None:
        """Give it back, as an input. May be called twice."""
        with self._lock:
            if self._request:
                self._edges.remove(self._request.fd)
                self._watched = False
                try:
                    self._configure(Direction.INPUT)  # some kernels let a line that nobody holds drive on
                finally:
                    self._request.release()
        self.factory.pins.pop(self.info, None)

    def output_with_state(self, state: bool) -> None:
        """Drive that level from the first moment on."""
        self._configure(Direction.OUTPUT, high=bool(state))

    def input_with_pull(self, pull: str) -> None:
        """Be an input with that pull from the first moment on."""
        self._configure(Direction.INPUT, self._checked(pull))

    def _checked(self, pull: str) -> Bias:
        if pull not in _PULLS:
            raise PinInvalidPull(f'invalid pull "{pull}" for pin {self!r}')
        if self.info.pull not in (pull, ""):
            raise PinFixedPull(f"{self!r} has a physical pull-{self.info.pull} resistor")
        return _PULLS[pull]

    def _configure(self, direction: Direction, bias: Bias | None = None, *, high: bool = False) -> None:
        with self._lock:
            self._direction, before = direction, (self._direction, self._bias)
            self._bias = self._bias if bias is None else bias
            try:
                self._request.reconfigure_lines({self._number: self._settings(high=high)})
            except OSError:
                self._direction, self._bias = before
                raise

    def _settings(self, *, high: bool = False) -> gpiod.LineSettings:
        out = self._direction is Direction.OUTPUT
        return gpiod.LineSettings(
            direction=self._direction,
            bias=Bias.AS_IS if out else self._bias,  # a row that is driven keeps its pull for when it is let go
            edge_detection=Edge.BOTH if self._watched and not out else Edge.NONE,
            event_clock=Clock.MONOTONIC,
            output_value=Value.ACTIVE if high else Value.INACTIVE,
        )

    def _get_function(self) -> str:
        return "output" if self._direction is Direction.OUTPUT else "input"

    def _set_function(self, value: str) -> None:
        if value not in _FUNCTIONS:
            raise PinInvalidFunction(f'invalid function "{value}" for pin {self!r}')
        self._configure(_FUNCTIONS[value])

    def _get_state(self) -> bool:
        with self._lock:
            return self._request.get_value(self._number) is Value.ACTIVE

    def _set_state(self, value: float) -> None:
        if self._direction is not Direction.OUTPUT:
            raise PinSetInput(f"cannot set state of pin {self!r}")
        with self._lock:
            self._request.set_value(self._number, Value.ACTIVE if value else Value.INACTIVE)

    def _get_pull(self) -> str:
        return next((pull for pull, bias in _PULLS.items() if bias is self._bias), "floating")

    def _set_pull(self, value: str) -> None:
        if self._direction is not Direction.INPUT:
            raise PinFixedPull(f"cannot set pull on non-input pin {self!r}")
        self._configure(Direction.INPUT, self._checked(value))

    def _get_edges(self) -> str:
        return "both"

    def _enable_event_detect(self) -> None:
        with self._lock:
            self._waiting()  # of an earlier watch: nobody wants them now
            self._watch(on=True)
            self._edges.add(self._request.fd, self._tell)

    def _disable_event_detect(self) -> None:
        with self._lock:
            if self._watched and self._request:
                self._edges.remove(self._request.fd)
                self._watch(on=False)

    def _watch(self, *, on: bool) -> None:
        self._watched = on
        self._configure(self._direction)

    def _tell(self) -> None:
        """In the thread of the edges. Whoever hears of them may not find a lock taken."""
        with self._lock:
            edges = self._waiting()
        for at, high in edges:
            self._call_when_changed(at, int(high))

    def _call_when_changed(self, ticks: float, state: int) -> None:
        watcher = self._when_changed  # which another thread may take away
        if watcher is not None and (method := watcher()) is not None:
            method(ticks, state)

    def _waiting(self) -> list[tuple[float, bool]]:
        """Edges that have not been read, as (monotonic seconds, the pin went high)."""
        found: list[tuple[float, bool]] = []
        for _ in range(_READS):
            if not self._request or not self._request.wait_edge_events(0):
                break
            found += [self._edge(event) for event in self._request.read_edge_events()]
        else:
            return found
        if self._gap and found:
            self._gap = False
            now, high = time.monotonic(), self._get_state()
            found += [(now, high)] if high is not found[-1][1] else []
        return found

    def _edge(self, event: gpiod.EdgeEvent) -> tuple[float, bool]:
        if event.line_seqno != self._last + 1:
            log.info("%r: the kernel dropped %s edges", self, event.line_seqno - self._last - 1)
            self._gap = True
        self._last = event.line_seqno
        return event.timestamp_ns / 1e9, event.event_type is gpiod.EdgeEvent.Type.RISING_EDGE
