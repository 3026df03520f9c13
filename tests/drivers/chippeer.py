"""What is used of gpiod's `Chip` and `LineRequest`, with wires instead of a kernel behind it."""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace

from gpiod import EdgeEvent, LineSettings
from gpiod.line import Direction, Edge, Value

FALLING, RISING = EdgeEvent.Type.FALLING_EDGE.value, EdgeEvent.Type.RISING_EDGE.value


@dataclass
class Chip:
    """`settings` is all that a pin was told to be; `refuse` is raised once at the next."""

    label: str = "pinctrl-bcm2835"
    held: dict[int, Request] = field(default_factory=dict)
    refuse: OSError | None = None
    open: bool = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __bool__(self):
        return self.open

    def get_info(self):
        return SimpleNamespace(label=self.label)

    def request_lines(self, config, consumer, event_buffer_size):
        ((number, settings),) = config.items()
        if number in self.held:
            raise OSError(16, "Device or resource busy")
        self.held[number] = Request(self, number, [settings], event_buffer_size)
        return self.held[number]

    def close(self):
        self.open = False


@dataclass
class Request:
    chip: Chip
    number: int
    settings: list[LineSettings]
    kept: int
    level: Value = Value.ACTIVE
    waiting: deque[EdgeEvent] = field(default_factory=deque)
    gone: bool = False
    sequence: int = 0
    released: bool = False

    def __post_init__(self):
        self.fd = os.eventfd(0, os.EFD_NONBLOCK)

    def __bool__(self):
        return not self.released

    def move(self, *levels: int, at: float = 1.0, dropped: int = 0, now: int | None = None):
        """The wire changes, and is `now`; the oldest `dropped` of these edges are found no more."""
        for number, high in enumerate(levels):
            self.sequence += 1
            self.level = Value.ACTIVE if high else Value.INACTIVE
            if number >= dropped and self.settings[-1].edge_detection is Edge.BOTH:
                kind = RISING if high else FALLING
                self.waiting.append(EdgeEvent(kind, int(at * 1e9), self.number, self.sequence, self.sequence))
        if now is not None:
            self.level = Value.ACTIVE if now else Value.INACTIVE
        os.eventfd_write(self.fd, 1)

    def wait_edge_events(self, timeout):
        assert timeout == 0, "nobody may sleep with the pin's lock"
        return bool(self.waiting) or self.gone

    def read_edge_events(self):
        with suppress(BlockingIOError):
            os.eventfd_read(self.fd)
        if self.gone:
            raise OSError(19, "No such device")
        events, self.waiting = list(self.waiting), deque()
        return events

    def reconfigure_lines(self, config):
        error, self.chip.refuse = self.chip.refuse, None
        if error:
            raise error
        self.settings.append(config[self.number])
        if self.settings[-1].direction is Direction.OUTPUT:
            self.level = self.settings[-1].output_value

    def get_value(self, number):
        return self.level

    def set_value(self, number, value):
        self.level = value

    def release(self):
        assert not self.released
        self.released = True
        del self.chip.held[self.number]
        os.close(self.fd)
