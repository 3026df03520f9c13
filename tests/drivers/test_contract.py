"""What every driver of keys, hook switch, lamps and display keeps to: the simulated desk, and the real ones on wires
and glass that are simulated one level below them. On a virtual Pi (`tests/hil`): the real ones alone, on its kernel's
own pins and bus.

A driver under test brings its physical side as `Bench`: what a person (or a wire) does to it and sees of it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, cast

import pytest
from boardpeer import Board
from luma.core.interface.serial import i2c
from oledpeer import I2cBus
from PIL import Image, ImageDraw
from rig.glass import Glass
from rig.header import HERE, Header, HeaderGlass

from phone.config import HardwareConfig
from phone.drivers.base import HEIGHT, WIDTH, Contact, Inputs
from phone.drivers.desk import Desk, open_desk
from phone.drivers.gpio import FactoryName
from phone.drivers.profile import (
    DisplayProfile,
    HookProfile,
    KeypadProfile,
    LampProfile,
    LampsProfile,
    PinsProfile,
    Profile,
)
from phone.drivers.realdesk import RealDesk, open_profile

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
    let_go: list[Callable[[], None]] = field(default_factory=list)


def sim() -> Bench:
    desk = open_desk(HardwareConfig(profile="sim", bounce_ms=5.0))
    assert desk.sim is not None
    sim = desk.sim
    return Bench(desk, sim.press, sim.lift, sim.hang_up, sim.screen, sim.lamps)


LAMP_PINS = {"call": 4, "message": 27, "mute": 22}
HOOK_PIN, ROWS, COLUMNS, BUTTONS = 17, (18, 23, 24, 25), (12, 16, 20, 21), {"0": 5, "#": 6, "OK": 13}
KEYS = ("1 2 3 HOLD", "4 5 6 TRANSFER", "7 8 9 VOICEMAIL", "* - - MUTE")


class Hand:
    """Moves a switch, and keeps it there until the phone has noticed: however slow the machine is, that is a press."""

    def __init__(self, board: Board | Header) -> None:
        self.board = board
        self.heard = Heard()
        self.started = False
        self.lifted = False
        self.wires: dict[str, tuple[int, ...]] = {name: (pin,) for name, pin in BUTTONS.items()}
        for row, names in zip(ROWS, KEYS, strict=True):
            self.wires |= {name: (row, column) for name, column in zip(names.split(), COLUMNS, strict=True)}

    def press(self, name: str) -> None:
        self.board.shut(*self.wires[name])
        self._noticed(name, closed=True)
        self.board.open(*self.wires[name])
        self._noticed(name, closed=False)

    def lift(self) -> None:
        self._hook(lifted=True)

    def hang_up(self) -> None:
        self._hook(lifted=False)

    def _hook(self, *, lifted: bool) -> None:
        if lifted is self.lifted:
            return
        self.lifted = lifted
        (self.board.open if lifted else self.board.shut)(HOOK_PIN)
        self._noticed("HOOK", closed=lifted)

    def _noticed(self, name: str, *, closed: bool) -> None:
        if not self.started:
            return
        with self.heard.came:
            assert self.heard.came.wait_for(lambda: self._last(name) is closed, PATIENCE), (name, closed)

    def _last(self, name: str) -> bool | None:
        return next((c.closed for c in reversed(self.heard.contacts) if c.name == name), None)


@dataclass
class Overheard:
    """Inputs that the hand listens to as well."""

    inner: Inputs
    hand: Hand

    def start(self, sink: Callable[[Contact], None]) -> None:
        def both(contact: Contact) -> None:
            sink(contact)
            self.hand.heard(contact)

        self.hand.started = True
        self.inner.start(both)

    def close(self) -> None:
        self.hand.started = False
        self.inner.close()


Driver = Literal["ssd1306", "sh1106"]


def profile(driver: Driver, factory: FactoryName) -> Profile:
    return Profile(
        title="contract",
        board="mock",
        pins=PinsProfile(factory),
        hook=HookProfile(HOOK_PIN, "open"),
        keypad=KeypadProfile(ROWS, COLUMNS, KEYS),
        keys=BUTTONS,
        lamps=LampsProfile(call=LampProfile(4), message=LampProfile(27, active_low=True), mute=LampProfile(22)),
        display=DisplayProfile(driver),
    )


def bench_of(real: RealDesk, board: Board | Header, screen: Callable[[], Image.Image]) -> Bench:
    assert real.troubles() == ()
    hand = Hand(board)
    desk = Desk(
        Overheard(real.inputs, hand), real.lamps, real.display, troubles=real.troubles, give_back=real.give_back
    )

    def lit() -> frozenset[str]:
        return frozenset(name for name, pin in LAMP_PINS.items() if board.level(pin) is (name != "message"))

    return Bench(desk, hand.press, hand.lift, hand.hang_up, screen, lit)


def gpio(driver: Driver = "ssd1306") -> Bench:
    board, glass = Board(), Glass(driver)
    board.shut(HOOK_PIN)
    real = open_profile(profile(driver, "mock"), pins=lambda _: board, plug=lambda *_: i2c(bus=I2cBus(glass)))
    return bench_of(real, board, glass.picture)


def gpio_sh1106() -> Bench:
    return gpio("sh1106")


PINS = cast("FactoryName", os.environ.get("PHONE_TEST_PINS", "gpiod"))
"""One for a process: gpiozero's own factories keep their pins for whoever comes next."""


def header(driver: Driver = "ssd1306") -> Bench:
    """Nothing is simulated above the kernel."""
    board, glass = Header(), HeaderGlass(driver)
    board.shut(HOOK_PIN)
    bench = bench_of(open_profile(profile(driver, PINS)), board, glass.picture)
    bench.let_go = [board.release, glass.release]
    return bench


def header_sh1106() -> Bench:
    return header("sh1106")


BENCHES = (header, header_sh1106) if HERE else (sim, gpio, gpio_sh1106)


@pytest.fixture(params=BENCHES, ids=lambda make: make.__name__)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    bench: Bench = request.param()
    yield bench
    bench.desk.close()
    for let_go in bench.let_go:
        let_go()


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
