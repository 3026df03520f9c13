"""Pins by gpiod, as far as they need no chip; on a kernel's own pins they are tested in `tests/hil/guest/pins.py`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gpiod
import pytest
from chippeer import Chip, Request
from gpiod.line import Bias, Clock, Direction, Edge, Value

from phone.drivers import gpiochip
from phone.drivers.edges import EdgeThread
from phone.drivers.gpio import Line, PinError
from phone.drivers.gpiochip import KEPT, GpiochipFactory, header_chip
from phone.drivers.profile import Profile
from phone.drivers.realdesk import open_profile

PATIENCE = 10.0


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> Chip:
    chip = Chip()
    monkeypatch.setattr(gpiod, "Chip", lambda _: chip)
    monkeypatch.setattr(gpiochip, "get_pi_revision", lambda: 0xC03114)
    return chip


@pytest.fixture
def factory(chip: Chip) -> Iterator[GpiochipFactory]:
    factory = GpiochipFactory(0)
    yield factory
    factory.close()
    assert not chip.held
    assert not chip.open


def listening(factory: GpiochipFactory, chip: Chip, number: int = 17) -> tuple[Line, Request]:
    line = Line(factory, number)
    line.listen()
    return line, chip.held[number]


def test_every_change_is_one_step_and_a_pull_is_not_forgotten(factory: GpiochipFactory, chip: Chip) -> None:
    line, request = listening(factory, chip)
    line.drive(high=False)
    assert not line.high
    line.set(high=True)
    assert line.high
    line.let_go()
    told = [(each.direction, each.bias, each.output_value) for each in request.settings]
    assert told == [
        (Direction.INPUT, Bias.AS_IS, Value.INACTIVE),
        (Direction.INPUT, Bias.PULL_UP, Value.INACTIVE),
        (Direction.OUTPUT, Bias.AS_IS, Value.INACTIVE),
        (Direction.INPUT, Bias.PULL_UP, Value.INACTIVE),
    ]
    line.drive(high=True)
    assert request.settings[-1].output_value is Value.ACTIVE
    line.close()
    assert request.released
    assert request.settings[-1].direction is Direction.INPUT


def test_edges_are_told_with_the_kernels_time(factory: GpiochipFactory, chip: Chip) -> None:
    line, request = listening(factory, chip)
    told: list[tuple[bool, float]] = []
    line.watch(lambda high, at: told.append((high, at)))
    now = time.monotonic()
    request.move(0, 1, at=now - 5.0)
    wait_for(lambda: len(told) == 2)
    assert told == [(False, pytest.approx(now - 5.0)), (True, pytest.approx(now - 5.0))]
    assert (request.kept, request.settings[-1].event_clock) == (KEPT, Clock.MONOTONIC)
    line.close()


def test_what_an_earlier_watch_left_is_nobodys(factory: GpiochipFactory, chip: Chip) -> None:
    line, request = listening(factory, chip)
    told: list[bool] = []
    line.watch(lambda *_: None)
    pin = factory.pin(17)
    pin.when_changed = None
    assert request.settings[-1].edge_detection is Edge.NONE
    request.waiting.append(gpiod.EdgeEvent(1, 0, 17, 1, 1))
    request.sequence = 1
    line.watch(lambda high, _: told.append(high))
    request.move(0)
    wait_for(lambda: told != [])
    assert told == [False]
    line.close()


@pytest.mark.parametrize(("now", "told"), [(False, [True, False]), (True, [True])])
def test_where_the_kernel_dropped_edges_the_pin_says_how_it_is(
    factory: GpiochipFactory, chip: Chip, now: bool, told: list[bool]
) -> None:
    line, request = listening(factory, chip)
    heard: list[bool] = []
    line.watch(lambda high, _: heard.append(high))
    request.move(0, 1, 0, 1, dropped=3, now=now)
    wait_for(lambda: heard == told)
    line.close()


def test_without_a_gap_the_edges_are_believed(factory: GpiochipFactory, chip: Chip) -> None:
    """The pin may have moved on already: its edge comes."""
    line, request = listening(factory, chip)
    heard: list[bool] = []
    line.watch(lambda high, _: heard.append(high))
    request.move(0, now=1)
    wait_for(lambda: heard != [])
    request.move(1)
    wait_for(lambda: len(heard) > 1)
    assert heard == [False, True]
    line.close()


def test_a_pin_whose_edges_cannot_be_read_is_left_and_the_others_go_on(
    factory: GpiochipFactory, chip: Chip, caplog: pytest.LogCaptureFixture
) -> None:
    (gone, request), (line, other) = listening(factory, chip, 5), listening(factory, chip, 6)
    heard: list[bool] = []
    gone.watch(lambda *_: heard.append(True))
    line.watch(lambda high, _: heard.append(high))
    request.gone = True
    request.move(0)
    wait_for(lambda: "The edges of a pin cannot be read: [Errno 19]" in caplog.text)
    other.move(0)
    wait_for(lambda: heard == [False])
    gone.close()
    line.close()


def test_a_busy_pin_and_one_that_refuses_are_sentences(factory: GpiochipFactory, chip: Chip) -> None:
    line, request = listening(factory, chip)
    chip.held[6] = request
    with pytest.raises(PinError, match=r"GPIO6 cannot be had: \[Errno 16\].*does another program use it"):
        Line(factory, 6)
    del chip.held[6]
    chip.refuse = OSError(5, "Input/output error")
    with pytest.raises(PinError, match="GPIO17 cannot be an output"):
        line.drive(high=False)
    with pytest.raises(PinError, match="GPIO17 cannot be set"):
        line.set(high=True)
    assert factory.pin(17).function == "input"
    line.close()
    assert Line(factory, 17).high, "it can be had again"


def test_a_pin_has_what_gpiozero_asks_of_one(factory: GpiochipFactory) -> None:
    from gpiozero import PinFixedPull, PinInvalidFunction, PinInvalidPull

    pin = factory.pin(17)
    pin.pull = "down"
    assert (pin.pull, pin.function, pin.edges) == ("down", "input", "both")
    for pull, error in (("sideways", PinInvalidPull), ("up", None)):
        if error:
            with pytest.raises(error):
                pin.pull = pull
    with pytest.raises(PinInvalidFunction):
        pin.function = "spi"
    pin.function = "output"
    with pytest.raises(PinFixedPull):
        pin.pull = "up"
    with pytest.raises(PinFixedPull, match="physical pull-up"):
        factory.pin(2).pull = "down"
    assert factory.ticks_diff(factory.ticks(), 0.0) > 0


def test_the_headers_chip_is_known_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels: dict[str, str | OSError] = {}

    def chip(path: str) -> Chip:
        label = labels[Path(path).name]
        if isinstance(label, OSError):
            raise label
        return Chip(label)

    monkeypatch.setattr(gpiod, "Chip", chip)
    assert header_chip(tmp_path) == tmp_path / "gpiochip0", "which is then said to be missing"
    for name, label in (("gpiochip0", "gpio-brcmstb"), ("gpiochip1", OSError(13, "Permission denied"))):
        labels[name] = label
        (tmp_path / name).touch()
    assert header_chip(tmp_path) == tmp_path / "gpiochip0"
    labels["gpiochip4"] = "pinctrl-rp1"
    (tmp_path / "gpiochip4").touch()
    assert header_chip(tmp_path) == tmp_path / "gpiochip4"


def test_the_keys_hear_all_edges_until_now_whatever_wakes_them(
    factory: GpiochipFactory, chip: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread of the edges is kept waiting for ever; that of the keys has something else to do."""
    monkeypatch.setattr(EdgeThread, "_run", lambda _: None)
    desk = open_profile(Profile("", "", keys={"OK": 13, "BACK": 19}), pins=lambda _: factory)
    heard: list[tuple[str, bool]] = []
    desk.inputs.start(lambda contact: heard.append((contact.name, contact.closed)))
    _, other = desk.inputs._parts
    now = time.monotonic()
    chip.held[13].move(0, at=now - 0.5)
    chip.held[13].move(1, at=now - 0.4)
    chip.held[13].move(0, at=now - 0.3)
    desk.inputs._post(other, "BACK", high=True, at=now)
    wait_for(lambda: len(heard) == 4)
    assert heard == [("HOOK", False), ("OK", True), ("OK", False), ("OK", True)]
    desk.inputs.close()
    desk.give_back()
    assert desk.troubles() == ()


def wait_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        threading.Event().wait(0.001)
