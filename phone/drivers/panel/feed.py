"""A display and lamps that pages look at. Law: the phone never waits for a page; the newest picture is the only one."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PIL import Image

from phone.drivers.base import HEIGHT, WIDTH
from phone.drivers.sim import LAMPS

FRAME_BYTES = WIDTH * HEIGHT // 8


class Panel:
    """`base.Display` and `base.Lamps` in one; any thread may call it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._frame = bytes(FRAME_BYTES)
        self._lit: frozenset[str] = frozenset()
        self._dimmed = False
        self._watcher: Callable[[], object] | None = None

    @property
    def frame(self) -> bytes:
        """The picture: 1 bit a pixel, rows of 16 bytes top down, the leftmost pixel in the highest bit."""
        return self._frame

    @property
    def lit(self) -> frozenset[str]:
        """The lamps that are lit."""
        return self._lit

    @property
    def dimmed(self) -> bool:
        """The display glows faintly."""
        return self._dimmed

    def show(self, frame: Image.Image) -> None:
        """As `Display.show`, but at once. Raises ValueError on a frame of another kind."""
        if frame.mode != "1" or frame.size != (WIDTH, HEIGHT):
            raise ValueError(f"the display takes mode 1, {WIDTH}x{HEIGHT}; this is mode {frame.mode}, {frame.size}")
        self._frame = frame.tobytes()
        self._tell()

    def dim(self, on: bool) -> None:
        """As `Display.dim`. The display's thread says it again and again: pages hear of a change alone."""
        if on != self._dimmed:
            self._dimmed = on
            self._tell()

    def light(self, lit: frozenset[str]) -> None:
        """As `Lamps.light`. Raises ValueError on a lamp that is not there."""
        if lit - LAMPS:
            raise ValueError(f"no such lamp: {', '.join(sorted(lit - LAMPS))}; there are {', '.join(sorted(LAMPS))}")
        self._lit = lit
        self._tell()

    def watch(self, watcher: Callable[[], object] | None) -> None:
        """Call `watcher` after every change, in the thread that changed it; None: no longer."""
        with self._guard:
            self._watcher = watcher

    def close(self) -> None:
        """Nobody is told of changes any more. May be called twice."""
        self.watch(None)

    def _tell(self) -> None:
        with self._guard:  # so that nobody is called once `watch(None)` has returned
            if self._watcher is not None:
                self._watcher()
