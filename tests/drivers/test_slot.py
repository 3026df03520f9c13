"""The newest frame wins, drawing never blocks who shows, and a display that fails is tried again."""

from __future__ import annotations

import logging
import threading
import time

import pytest
from PIL import Image

from phone.drivers.base import HEIGHT, WIDTH
from phone.drivers.sim import SimDesk
from phone.drivers.slot import DisplaySlot
from phone.errors import HardwareError

PATIENCE = 10.0


def frame(number: int) -> Image.Image:
    image = Image.new("1", (WIDTH, HEIGHT))
    image.putpixel((number, 0), 1)
    return image


def number(image: Image.Image) -> int:
    return next(x for x in range(WIDTH) if image.getpixel((x, 0)))


class SlowDisplay:
    """Draws when it is told to."""

    def __init__(self, *, refusals: int = 0) -> None:
        self.drawn: list[int] = []
        self.started = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.refusals = refusals
        self.closed = 0
        self.dims: list[bool] = []
        self.dim_refusals = 0

    def dim(self, on: bool) -> None:
        if self.dim_refusals:
            self.dim_refusals -= 1
            raise HardwareError("no answer on the bus")
        self.dims.append(on)

    def show(self, image: Image.Image) -> None:
        self.started.release()
        assert self.go_on.acquire(timeout=PATIENCE)
        if self.refusals:
            self.refusals -= 1
            raise HardwareError("no answer on the bus")
        self.drawn.append(number(image))

    def close(self) -> None:
        self.closed += 1


def test_frames_that_were_overtaken_are_never_drawn() -> None:
    display = SlowDisplay()
    slot = DisplaySlot(display, frame)
    slot.show(0)
    assert display.started.acquire(timeout=PATIENCE)
    for n in range(1, 50):
        slot.show(n)
    display.go_on.release(10)
    slot.close()
    slot.close()
    assert display.drawn == [0, 49]
    assert display.closed == 1


def test_a_frame_that_changes_nothing_is_not_drawn() -> None:
    display = SlowDisplay()
    display.go_on.release(10)
    slot = DisplaySlot(display, frame)
    slot.show(1)
    assert display.started.acquire(timeout=PATIENCE)
    slot.show(1)
    slot.show(1)
    slot.close()
    assert display.drawn == [1]


def test_a_display_that_refuses_is_tried_again_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    display = SlowDisplay(refusals=3)
    display.go_on.release(10)
    slot = DisplaySlot(display, frame, retry_seconds=0.01)
    slot.show(7)
    for _ in range(4):
        assert display.started.acquire(timeout=PATIENCE)
    slot.close()
    assert display.drawn == [7]
    assert [r.levelname for r in caplog.records] == ["WARNING", "INFO"]


def test_what_came_while_it_refused_is_drawn_instead() -> None:
    display = SlowDisplay(refusals=1)
    slot = DisplaySlot(display, frame, retry_seconds=0.01)
    slot.show(1)
    assert display.started.acquire(timeout=PATIENCE)
    slot.show(2)
    display.go_on.release(10)
    assert display.started.acquire(timeout=PATIENCE)
    slot.close()
    assert display.drawn == [2]


def test_closing_does_not_wait_for_a_display_that_refuses() -> None:
    display = SlowDisplay(refusals=1000)
    display.go_on.release(10)
    slot = DisplaySlot(display, frame, retry_seconds=1000)
    slot.show(1)
    assert display.started.acquire(timeout=PATIENCE)
    slot.close()
    assert display.closed == 1


def test_a_refusal_while_closing_is_not_tried_again() -> None:
    display = SlowDisplay(refusals=1)
    slot = DisplaySlot(display, frame, retry_seconds=1000)
    slot.show(1)
    assert display.started.acquire(timeout=PATIENCE)
    closing = threading.Thread(target=slot.close)
    closing.start()
    with slot._changed:
        assert slot._changed.wait_for(lambda: slot._closed, PATIENCE)
    display.go_on.release(10)
    closing.join(PATIENCE)
    assert display.closed == 1
    assert display.drawn == []


def test_a_picture_that_cannot_be_drawn_for_a_bug_does_not_freeze_the_display(caplog: pytest.LogCaptureFixture) -> None:
    display = SlowDisplay()
    display.go_on.release(10)
    tried = threading.Event()

    def draw(number: int) -> Image.Image:
        if number == 1:
            tried.set()
            raise KeyError("a text that is missing")
        return frame(number)

    slot = DisplaySlot(display, draw)
    slot.show(1)
    assert tried.wait(PATIENCE)
    slot.show(2)
    slot.close()
    assert display.drawn == [2]
    assert "a text that is missing" in caplog.text


def test_the_display_is_dimmed_when_that_changes_and_what_is_shown_stays() -> None:
    display = SlowDisplay()
    display.go_on.release(10)
    slot = DisplaySlot(
        display, lambda picture: frame(abs(picture)), dim=lambda picture: picture < 0, watch_seconds=1000
    )
    for picture, dims in ((5, [False]), (-5, [False, True]), (5, [False, True, False])):
        slot.show(picture)
        until = time.monotonic() + PATIENCE
        while display.dims != dims:
            assert time.monotonic() < until
            time.sleep(0.001)
    slot.close()
    assert display.drawn == [5]


def test_a_display_that_refuses_to_be_dimmed_is_asked_again_and_not_drawn_again() -> None:
    display = SlowDisplay()
    display.dim_refusals = 2
    display.go_on.release(10)
    slot = DisplaySlot(display, frame, dim=lambda _: True, retry_seconds=0.01, watch_seconds=1000)
    slot.show(3)
    until = time.monotonic() + PATIENCE
    while display.dims != [True]:
        assert time.monotonic() < until
        time.sleep(0.001)
    slot.close()
    assert display.drawn == [3]


def test_a_display_that_goes_away_while_nothing_is_shown_gets_its_picture_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    display = SlowDisplay()
    display.go_on.release(10)
    slot = DisplaySlot(display, frame, retry_seconds=0.001, watch_seconds=0.001)
    slot.show(9)
    until = time.monotonic() + PATIENCE
    while len(display.dims) < 3:
        assert time.monotonic() < until
        time.sleep(0.001)
    assert display.drawn == [9]
    display.dim_refusals = 1
    while display.drawn != [9, 9]:
        assert time.monotonic() < until
        time.sleep(0.001)
    while [r.levelname for r in caplog.records] != ["WARNING", "INFO"]:
        assert time.monotonic() < until
        time.sleep(0.001)
    slot.close()


def test_a_bug_in_the_drawing_is_not_repeated_by_watching(caplog: pytest.LogCaptureFixture) -> None:
    display = SlowDisplay()
    tried = threading.Semaphore(0)

    def draw(_: int) -> Image.Image:
        tried.release()
        raise KeyError("a text that is missing")

    slot = DisplaySlot(display, draw, watch_seconds=0.001)
    slot.show(1)
    assert tried.acquire(timeout=PATIENCE)
    assert not tried.acquire(timeout=0.02)
    slot.close()


def test_the_simulated_display_is_dimmed_and_records_it_once() -> None:
    desk = SimDesk(frame_seconds=0.0)
    desk.dim(on=True)
    desk.dim(on=True)
    assert desk.dimmed()
    desk.dim(on=False)
    assert not desk.dimmed()
    assert [(h.kind, h.what) for h in desk.timeline] == [("dim", "on"), ("dim", "off")]
