"""Pins that cannot be had cost their part of the phone and one sentence; the rest goes on."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from boardpeer import Board
from gpiozero import GPIODevice
from PIL import Image

from phone.drivers.base import Contact
from phone.drivers.gpio import Line, PinError, open_factory, plausible
from phone.drivers.profile import (
    HookProfile,
    KeypadProfile,
    LampProfile,
    LampsProfile,
    Profile,
    RotaryProfile,
)
from phone.drivers.realdesk import RealDesk, open_profile

PATIENCE = 10.0
PROFILE = Profile(
    title="test",
    board="mock",
    hook=HookProfile(17, "closed"),
    keypad=KeypadProfile((5, 6), (12, 16), ("1 2", "3 4")),
    keys={"OK": 13, "BACK": 19},
    rotary=RotaryProfile(27, 22),
    lamps=LampsProfile(message=LampProfile(23), mute=LampProfile(24, active_low=True)),
)


@pytest.fixture
def board() -> Board:
    board = Board()
    board.shut(27)  # the dial's pulse contact rests closed
    return board


@pytest.fixture
def opened(board: Board) -> Iterator[Callable[..., RealDesk]]:
    desks: list[RealDesk] = []

    def opened(profile: Profile = PROFILE) -> RealDesk:
        desks.append(open_profile(profile, pins=lambda _: board))
        return desks[-1]

    yield opened
    for desk in desks:
        desk.inputs.close()
        desk.lamps.close()


class Heard(list[Contact]):
    def wait(self, *wanted: tuple[str, bool]) -> None:
        until = time.monotonic() + PATIENCE
        while [(c.name, c.closed) for c in self] != [("HOOK", False), *wanted]:
            assert time.monotonic() < until, self
            threading.Event().wait(0.001)


def test_a_pin_that_is_taken_costs_its_part_alone(
    board: Board, opened: Callable[..., RealDesk], caplog: pytest.LogCaptureFixture
) -> None:
    for pin in (6, 13, 17, 22, 24):
        board.taken = [*getattr(board, "taken", []), GPIODevice(pin, pin_factory=board)]
    desk = opened()
    parts = ["hook switch", "keypad", "dial", "key OK", "lamp mute"]
    for part, sentence in zip(parts, desk.troubles(), strict=True):
        assert sentence.startswith(f"The {part} is out of order: GPIO")
        assert "already in use" in sentence
        assert sentence.endswith("does another program use it?")
    assert [r.message for r in caplog.records] == list(desk.troubles())
    heard = Heard()
    desk.inputs.start(heard.append)
    board.shut(19)
    heard.wait(("BACK", True))
    desk.lamps.light(frozenset({"message", "mute"}))
    assert board.level(23)


def test_what_a_part_had_taken_before_it_failed_is_given_back(board: Board, opened: Callable[..., RealDesk]) -> None:
    taken = GPIODevice(16, pin_factory=board)
    assert "keypad" in " ".join(opened(Profile(title="", board="", keypad=PROFILE.keypad)).troubles())
    taken.close()
    assert opened(Profile(title="", board="", keypad=PROFILE.keypad)).troubles() == ()


def test_without_any_pins_the_phone_has_its_hook_down(caplog: pytest.LogCaptureFixture) -> None:
    def none(_: Profile) -> Board:
        raise PinError("the GPIO pins cannot be had by lgpio: no chip")

    desk = open_profile(PROFILE, pins=none)
    (sentence,) = desk.troubles()
    assert sentence == "The GPIO header is out of order: the GPIO pins cannot be had by lgpio: no chip."
    heard = Heard()
    desk.inputs.start(heard.append)
    heard.wait()
    desk.lamps.light(frozenset({"message"}))
    desk.display.show(Image.new("1", (128, 64)))
    with pytest.raises(ValueError, match="display takes"):
        desk.display.show(Image.new("L", (128, 64)))
    desk.display.dim(on=True)
    desk.inputs.close()
    desk.lamps.close()
    desk.display.close()


def test_a_pin_that_breaks_is_told_of_once_and_works_again_later(
    board: Board, opened: Callable[..., RealDesk], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phone.drivers.gpioinputs.RETRY_SECONDS", 0.01)
    caplog.set_level(logging.INFO)
    desk = opened()
    heard = Heard()
    desk.inputs.start(heard.append)
    wait_for(lambda: all(part.due is None for part in desk.inputs._parts))
    board.broken = 12
    board.shut(5, 16)
    wait_for(lambda: len(desk.troubles()) == 1)
    board.shut(13)
    heard.wait(("OK", True))
    (sentence,) = desk.troubles()
    assert "The keypad is out of order: GPIO12 cannot be read" in sentence
    board.broken = None
    heard.wait(("OK", True), ("2", True))
    wait_for(lambda: [r.message for r in caplog.records] == [sentence, "The keypad works again."])
    assert desk.troubles() == ()


def test_a_bug_in_what_listens_does_not_end_the_keys(
    board: Board, opened: Callable[..., RealDesk], caplog: pytest.LogCaptureFixture
) -> None:
    desk = opened()
    heard: list[str] = []

    def sink(contact: Contact) -> None:
        heard.append(contact.name)
        if contact.name == "OK":
            raise KeyError("a bug")

    desk.inputs.start(sink)
    board.shut(13)
    wait_for(lambda: "OK" in heard)
    board.shut(19)
    wait_for(lambda: "BACK" in heard)
    assert "a bug of the phone's own" in caplog.text


def test_a_key_that_is_down_at_the_start_counts_as_pressed(board: Board, opened: Callable[..., RealDesk]) -> None:
    board.shut(13)
    heard = Heard()
    opened().inputs.start(heard.append)
    heard.wait(("OK", True))
    board.open(13)
    heard.wait(("OK", True), ("OK", False))


def test_a_ghost_is_refused_on_the_pins_too(board: Board, opened: Callable[..., RealDesk]) -> None:
    heard = Heard()
    opened().inputs.start(heard.append)
    board.shut(5, 12)
    heard.wait(("1", True))
    board.shut(5, 16)
    heard.wait(("1", True), ("2", True))
    board.shut(6, 12)
    board.open(5, 12)
    board.open(5, 16)
    heard.wait(*[(name, True) for name in "12"], *sorted((name, False) for name in "12"), ("3", True))


def test_rows_that_are_not_driven_are_inputs_so_that_two_keys_of_a_column_short_nothing(board: Board) -> None:
    desk = open_profile(PROFILE, pins=lambda _: board)
    (keypad,) = [part for part in desk.inputs._parts if part.name == "keypad"]
    grid = keypad._grid
    for row, outputs in ((0, {5}), (1, {6}), (None, set())):
        grid.read(row)
        assert {n for n in (5, 6) if board.pin(n).function == "output"} == outputs
    assert grid.rest() == frozenset()
    assert not board.level(5)
    assert not board.level(6)
    desk.inputs.close()


def test_lamps_are_dark_at_first_and_at_the_end(board: Board) -> None:
    desk = open_profile(PROFILE, pins=lambda _: board)
    assert (board.level(23), board.level(24)) == (False, True)
    desk.lamps.light(frozenset({"message", "mute", "call"}))
    assert (board.level(23), board.level(24)) == (True, False)
    desk.lamps.close()
    desk.lamps.close()
    assert board.pin(23).function == "input"


def test_a_lamp_that_cannot_be_set_or_given_back_is_a_sentence(board: Board, caplog, monkeypatch) -> None:
    caplog.set_level(logging.INFO)
    desk = open_profile(PROFILE, pins=lambda _: board)
    monkeypatch.setattr(board.pin(23), "_set_state", lambda _: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    desk.lamps.light(frozenset({"message"}))
    (sentence,) = desk.troubles()
    assert sentence.startswith("The lamp message is out of order: GPIO23 cannot be set: [Errno 5]")
    monkeypatch.undo()
    desk.lamps.light(frozenset())
    assert desk.troubles() == ()
    kept = desk.lamps._lines["mute"]
    monkeypatch.setattr("phone.drivers.lg.BUSY_SECONDS", 0.05)
    monkeypatch.setattr(board.pin(24), "close", lambda: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    desk.lamps.close()
    (sentence,) = desk.troubles()
    assert sentence.startswith("The lamp mute is out of order: GPIO24 cannot be given back")
    monkeypatch.undo()
    kept.close()


def test_a_pin_that_is_busy_for_a_moment_is_given_back_all_the_same(board: Board, monkeypatch) -> None:
    """lgpio's thread is still waiting for its edges."""
    line = Line(board, 5)
    line.listen()
    line.watch(lambda *_: None)
    pin, refusals = board.pin(5), [OSError(16, "GPIO busy")] * 3
    close = pin.close

    def busy() -> None:
        if refusals:
            raise refusals.pop()
        close()

    monkeypatch.setattr(pin, "close", busy)
    line.close()
    assert refusals == []
    Line(board, 5).close()


@pytest.mark.parametrize(("name", "library"), [("gpiod", "gpiod"), ("lgpio", "lgpio"), ("rpigpio", "RPi")])
def test_where_there_is_no_header_a_sentence_says_so_and_nothing_is_left_behind(
    tmp_path: Path, name: str, library: str
) -> None:
    """lgpio makes a FIFO wherever it is imported."""
    if find_spec(library) is None:
        pytest.skip("this needs requirements/hardware.txt")
    if os.path.exists("/dev/gpiochip0"):  # noqa: PTH110
        pytest.skip("this machine has pins")
    script = f"""
from phone.drivers.gpio import PinError, open_factory
try:
    open_factory({name!r})
except PinError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"the GPIO pins cannot be had by {name}: ")
    assert done.stdout.strip().endswith("is this a Raspberry Pi, and the user in group gpio?")
    assert list(tmp_path.iterdir()) == []


def test_the_mock_is_had_by_its_name() -> None:
    line = Line(open_factory("mock"), 5)
    line.listen()
    assert line.high
    line.close()


def test_a_library_that_is_missing_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero.pins.lgpio", None)
    with pytest.raises(PinError, match=r"pip install -r requirements/hardware"):
        open_factory("lgpio")


def test_rpi_gpio_is_had_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its import needs a board: what is behind the name is gpiozero's own factory for it."""
    made: list[str] = []
    module = type(sys)("gpiozero.pins.rpigpio")
    module.RPiGPIOFactory = lambda: made.append("rpigpio") or Board()
    monkeypatch.setitem(sys.modules, "gpiozero.pins.rpigpio", module)
    assert open_factory("rpigpio")
    assert made == ["rpigpio"]


def test_a_bug_is_no_trouble_of_a_pin(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(board, 5)
    monkeypatch.setattr(board.pin(5), "input_with_pull", lambda _: {}["a bug"])
    with pytest.raises(KeyError):
        line.listen()
    assert repr(line) == "Line(GPIO5)"


def test_no_edge_is_told_after_a_line_was_closed(board: Board) -> None:
    line = Line(board, 5)
    line.listen()
    told: list[bool] = []
    line.watch(lambda high, _: told.append(high))
    board.shut(5)
    late = line._changed
    line.close()
    late(0.0, 1)
    assert told == [False]


def test_the_time_of_an_edge_is_believed_only_where_it_can_be() -> None:
    assert plausible(99.98, 100.0) == 99.98
    assert plausible(90.0, 100.0) == 90.0, "a machine that stood still for long tells true all the same"
    assert plausible(1.7e9, 100.0) == 100.0
    assert plausible(3.0, 100.0) == 100.0


def wait_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        threading.Event().wait(0.001)
