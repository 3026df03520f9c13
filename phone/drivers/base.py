"""What the engine needs of keypad, hook switch, lamps and display. Fakes and real drivers pass one contract test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

WIDTH, HEIGHT = 128, 64


@dataclass(frozen=True, slots=True)
class Contact:
    """A debounced change of one contact. `at` is seconds on the monotonic clock, at the physical edge."""

    name: str
    """"HOOK", a digit of 0123456789*# or a function key's name (HOLD, TRANSFER, MUTE, VOL+, ...)."""
    closed: bool
    """Key down; for HOOK: the handset is lifted."""
    at: float


class Inputs(Protocol):
    """Keys and hook switch."""

    def start(self, sink: Callable[[Contact], None]) -> None:
        """Deliver every debounced change; `sink` may be called from any thread. The hook's state at start
        is delivered first.
        """

    def close(self) -> None: ...


class Lamps(Protocol):
    """Lamps by name: call, message, mute, service, hold, speaker, dnd. A phone may have some of them only."""

    def light(self, lit: frozenset[str]) -> None:
        """Light these, darken the others. Does not block."""

    def close(self) -> None: ...


class Display(Protocol):
    """A 128x64 one-bit display."""

    def show(self, frame: Image.Image) -> None:
        """Show a mode "1" image of WIDTH x HEIGHT. May block ~25 ms (I2C): never called on the loop."""

    def dim(self, on: bool) -> None:
        """Glow faintly from now on, or as ever again. What is shown stays. Blocks and fails as `show` does."""

    def close(self) -> None: ...
