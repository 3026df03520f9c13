"""What every driver of keys, hook switch, lamps and display keeps to: the simulated desk now, real ones as they come.

A driver under test brings its physical side as `Bench`: what a person (or a wire) does to it and sees of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from PIL import Image, ImageDraw

from phone.config import HardwareConfig
from phone.drivers.base import HEIGHT, WIDTH, Contact
from phone.drivers.desk import Desk, open_desk

PATIENCE = 10.0


@dataclass
class Heard:
    """A sink that can be waited on."""

    contacts: list[Contact] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, contact: Contact) -> None:
        with self.came:
            self.contacts.append(contact)
            self.came.notify_all()

    def wait(self, count: int) -> list[Contact]:
        with self.came:
            assert self.came.wait_for(lambda: len(self.contacts) >= count, PATIENCE), self.contacts
            return list(self.contacts)


@dataclass
class Bench:
    desk: Desk
    press: Callable[[str], object]
    lift: Callable[[], object]
    hang_up: Callable[[], object]
    screen: Callable[[], Image.Image]
    lit: Callable[[], frozenset[str]]


def sim() -> Bench:
    desk = open_desk(HardwareConfig(profile="sim", bounce_ms=5.0))
    assert desk.sim is not None
    sim = desk.sim
    return Bench(desk, sim.press, sim.lift, sim.hang_up, sim.screen, sim.lamps)


@pytest.fixture(params=[sim], ids=lambda make: make.__name__)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    bench: Bench = request.param()
    yield bench
    bench.desk.close()


def names(contacts: list[Contact]) -> list[tuple[str, bool]]:
    return [(c.name, c.closed) for c in contacts]


def test_the_hook_comes_first(bench: Bench) -> None:
    heard = Heard()
    bench.desk.inputs.start(heard)
    assert names(heard.wait(1)) == [("HOOK", False)]


def test_a_handset_that_is_up_at_the_start_is_told_first(bench: Bench) -> None:
    bench.lift()
    heard = Heard()
    bench.desk.inputs.start(heard)
    assert names(heard.wait(1)) == [("HOOK", True)]
    bench.hang_up()
    assert names(heard.wait(2))[1:] == [("HOOK", False)]


def test_lifting_and_hanging_up_is_each_heard_once(bench: Bench) -> None:
    heard = Heard()
    bench.desk.inputs.start(heard)
    for _ in range(5):
        bench.lift()
        bench.hang_up()
    assert names(heard.wait(11)) == [("HOOK", False)] + [("HOOK", True), ("HOOK", False)] * 5


def test_each_press_of_each_key_is_heard_once(bench: Bench) -> None:
    heard = Heard()
    bench.desk.inputs.start(heard)
    before = time.monotonic()
    pressed = "15559#*0"
    for key in pressed:
        bench.press(key)
    after = time.monotonic()
    contacts = heard.wait(1 + 2 * len(pressed))[1:]
    for key in set(pressed):
        mine = [c for c in contacts if c.name == key]
        assert names(mine) == [(key, True), (key, False)] * pressed.count(key)
        assert [c.at for c in mine] == sorted(c.at for c in mine)
        assert before <= mine[0].at <= after, "at is the instant of the physical edge"


def test_nothing_is_heard_after_close(bench: Bench) -> None:
    heard = Heard()
    bench.desk.inputs.start(heard)
    bench.lift()
    heard.wait(2)
    bench.desk.close()
    bench.hang_up()
    bench.desk.close()
    assert names(heard.contacts) == [("HOOK", False), ("HOOK", True)]


def test_lamps_are_lit_and_darkened(bench: Bench) -> None:
    for lit in (frozenset({"call", "mute"}), frozenset({"message"}), frozenset[str]()):
        bench.desk.lamps.light(lit)
        assert bench.lit() == lit


def test_a_lamp_that_is_not_there_is_our_own_fault(bench: Bench) -> None:
    with pytest.raises(ValueError, match="disco"):
        bench.desk.lamps.light(frozenset({"disco"}))


def test_the_display_shows_the_frame_as_it_was(bench: Bench) -> None:
    frame = Image.new("1", (WIDTH, HEIGHT))
    ImageDraw.Draw(frame).rectangle((10, 10, 50, 20), fill=1)
    bench.desk.display.show(frame)
    shown = frame.tobytes()
    ImageDraw.Draw(frame).rectangle((0, 0, WIDTH, HEIGHT), fill=1)
    assert bench.screen().tobytes() == shown


@pytest.mark.parametrize(("mode", "size"), [("L", (WIDTH, HEIGHT)), ("1", (WIDTH, HEIGHT + 1))])
def test_a_frame_of_the_wrong_kind_is_our_own_fault(bench: Bench, mode: str, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="display takes"):
        bench.desk.display.show(Image.new(mode, size))
