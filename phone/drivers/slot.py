"""The display's one-place queue: the newest picture wins; a thread draws it, since I2C takes ~25 ms a frame."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from PIL import Image

from phone.drivers.base import Display

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""Between attempts to draw on a display that refuses."""
WATCH_SECONDS = 1.0
"""While nothing is shown the display is asked so often whether it is there."""

T = TypeVar("T")


class DisplaySlot(Generic[T]):
    """Owns the display: `show` never blocks; what was overtaken or changes no pixel is never sent to it.

    `draw` makes the frame of what is shown, in the display's thread: drawing never costs the loop anything. `dim`
    tells of what is shown whether the display may glow faintly; that is said again each `watch_seconds`, so that a
    display that was unplugged is noticed, and gets its picture once it is back.
    """

    def __init__(
        self,
        display: Display,
        draw: Callable[[T], Image.Image],
        *,
        dim: Callable[[T], bool] = lambda _: False,
        retry_seconds: float = RETRY_SECONDS,
        watch_seconds: float = WATCH_SECONDS,
    ) -> None:
        self._display = display
        self._make_frame = draw
        self._is_dim = dim
        self._retry_seconds = retry_seconds
        self._watch_seconds = watch_seconds
        self._newest: T | None = None
        self._last: T | None = None
        self._drawn: bytes | None = None
        self._dimmed: bool | None = None
        self._refused = False
        self.frames = 0
        """Taken by the display so far."""
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="display", daemon=True)
        self._thread.start()

    def show(self, picture: T) -> None:
        """Draw this next, in place of anything not drawn yet. The caller leaves it alone from here on."""
        with self._changed:
            self._newest = picture
            self._changed.notify()

    def close(self) -> None:
        """Draw what was shown last, then close the display. May be called twice."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify()
        self._thread.join()
        self._display.close()

    def _run(self) -> None:
        while (picture := self._take()) is not None:
            self._last = picture
            try:
                self._draw(picture)
            except Exception:
                log.exception("a bug of the phone's own in the display's thread; it goes on with the next picture")

    def _draw(self, picture: T) -> None:
        frame = self._make_frame(picture)
        if not self._works(lambda: self._send(frame, dim=self._is_dim(picture))):
            self._put_back(picture)

    def _send(self, frame: Image.Image, *, dim: bool) -> None:
        """What is known to be there already is not sent; of what failed nobody knows."""
        if (pixels := frame.tobytes()) != self._drawn:
            self._drawn = None
            self._display.show(frame)
            self._drawn = pixels
            self.frames += 1
        if dim is not self._dimmed:
            self._dimmed = None
            self._display.dim(dim)
            self._dimmed = dim

    def _take(self) -> T | None:
        """Wait for the next picture, and watch the display meanwhile; None when closed and all is drawn."""
        while True:
            with self._changed:
                told = self._changed.wait_for(lambda: self._closed or self._newest is not None, self._watch_seconds)
                if told:
                    picture, self._newest = self._newest, None
                    return picture
            self._look_after()

    def _look_after(self) -> None:
        """Say again what needs no picture to be sent."""
        if self._last is None or (dimmed := self._dimmed) is None:
            return
        if not self._works(lambda: self._display.dim(dimmed)):
            self._drawn = self._dimmed = None
            self._put_back(self._last)

    def _works(self, act: Callable[[], None]) -> bool:
        """Do it; that the display refuses is told once, and that it is back."""
        try:
            act()
        except OSError as fault:
            if not self._refused:
                log.warning("The display refuses: %s. Trying again every %g s.", fault, self._retry_seconds)
            self._refused = True
            return False
        if self._refused:
            log.info("The display is back.")
        self._refused = False
        return True

    def _put_back(self, picture: T) -> None:
        """Try again later, unless something newer came meanwhile."""
        with self._changed:
            if self._closed:
                return
            self._changed.wait_for(lambda: self._closed, self._retry_seconds)
            if self._newest is None and not self._closed:
                self._newest = picture
