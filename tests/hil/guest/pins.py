"""On a virtual Pi, by `tests/hil/test_drivers.py`: pins by the kernel's character device, as electricity has them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hil.guest import keys
from rig.header import Header

from phone.drivers.gpio import Line, PinError, close_factory, open_factory
from phone.drivers.gpiochip import KEPT, GpiochipFactory

PATIENCE = 20.0
ROW, COLUMN, OTHER = 18, 12, 23


@pytest.fixture
def header() -> Iterator[Header]:
    header = Header()
    yield header
    header.release()


@pytest.fixture
def factory() -> Iterator[GpiochipFactory]:
    factory = open_factory("gpiod")
    assert isinstance(factory, GpiochipFactory)
    yield factory
    close_factory(factory)


def test_the_chip_of_the_header_is_found_by_its_name_or_its_number(factory: GpiochipFactory) -> None:
    assert factory.chip.get_info().label == "pinctrl-bcm2835"
    close_factory(open_factory("gpiod", 0))
    with pytest.raises(PinError, match=r"cannot be had by gpiod.*No such file.*is this a Raspberry Pi"):
        open_factory("gpiod", 15)


def test_a_pin_that_another_has_is_busy_and_is_had_when_it_was_given_back(factory: GpiochipFactory) -> None:
    line, other = Line(factory, COLUMN), open_factory("gpiod")
    with pytest.raises(PinError, match=r"GPIO12 cannot be had: .*busy.*another program"):
        Line(other, COLUMN)
    line.close()
    Line(other, COLUMN).close()
    close_factory(other)


def test_pulls_functions_and_levels_are_those_of_the_wire(factory: GpiochipFactory, header: Header) -> None:
    line = Line(factory, ROW)
    line.listen()
    assert line.high
    assert header.level(ROW)
    line.drive(high=False)
    assert not header.level(ROW)
    line.set(high=True)
    assert header.level(ROW)
    line.let_go()
    assert line.high, "its pull is there again"
    header.shut(ROW)
    assert not line.high
    line.close()


def test_a_pin_that_is_given_back_drives_no_longer(factory: GpiochipFactory, header: Header) -> None:
    line = Line(factory, ROW)
    line.listen()
    line.drive(high=False)
    line.close()
    line = Line(factory, ROW)
    line.listen()
    assert header.level(ROW)
    line.close()


def test_no_level_is_driven_that_nobody_asked_for(factory: GpiochipFactory) -> None:
    """A neighbour on the same wire hears every change of it."""
    line, ear = Line(factory, ROW), Line(factory, COLUMN)
    join = os.open("/dev/vpi-gpio", os.O_WRONLY)
    os.write(join, f"key {ROW} {COLUMN} 1".encode())
    told: list[bool] = []
    ear.listen()
    line.listen()
    ear.watch(lambda high, _: told.append(high))
    for _ in range(3):
        line.drive(high=True)  # as it is pulled
        line.let_go()
    line.drive(high=False)
    wait_for(lambda: told != [])
    assert told == [False]
    os.write(join, f"key {ROW} {COLUMN} 0".encode())
    os.close(join)
    line.close()
    ear.close()


def test_an_edge_has_the_time_at_which_it_was_however_late_it_is_heard(
    factory: GpiochipFactory, header: Header
) -> None:
    line = Line(factory, COLUMN)
    line.listen()
    told: list[tuple[bool, float]] = []
    held = threading.Event()

    def watcher(high: bool, at: float) -> None:
        held.wait(PATIENCE)
        told.append((high, at))

    line.watch(watcher)
    times = [time.monotonic()]
    for shut in (True, False, True):
        (header.shut if shut else header.open)(COLUMN)
        times.append(time.monotonic())
    time.sleep(0.1)
    held.set()
    wait_for(lambda: len(told) == 3)
    assert [high for high, _ in told] == [False, True, False]
    for (_, at), before, after in zip(told, times, times[1:], strict=False):
        assert before <= at <= after
    line.close()


def test_more_edges_than_the_kernel_keeps_leave_the_pin_as_it_is(factory: GpiochipFactory, header: Header) -> None:
    line, other = Line(factory, COLUMN), Line(factory, OTHER)
    told: list[bool] = []
    held = threading.Event()
    for each in (line, other):
        each.listen()
    other.watch(lambda *_: held.wait(PATIENCE) and None)
    line.watch(lambda high, _: told.append(high))
    header.shut(OTHER)  # the thread of the edges is kept
    for _ in range(KEPT):
        header.shut(COLUMN)
        header.open(COLUMN)
    header.shut(COLUMN)
    held.set()
    wait_for(lambda: told[-1:] == [False])
    assert len(told) <= KEPT + 2
    header.open(COLUMN)
    wait_for(lambda: told[-1] is True)
    line.close()
    other.close()


def test_nobody_wakes_while_nothing_moves(factory: GpiochipFactory, header: Header) -> None:
    lines = [Line(factory, number) for number in range(4, 28)]
    told: list[bool] = []
    for line in lines:
        line.listen()
        line.watch(lambda high, _: told.append(high))
    header.shut(COLUMN)
    wait_for(lambda: told == [False])
    thread = factory.edges._thread
    assert thread is not None
    task = Path(f"/proc/self/task/{thread.native_id}")
    before = switches(task)
    time.sleep(2.0)
    assert switches(task) == before
    header.open(COLUMN)
    wait_for(lambda: told == [False, True])
    assert switches(task) > before
    for line in lines:
        line.close()


def test_no_thread_of_the_keys_wakes_while_nobody_touches_them(header: Header) -> None:
    def threads() -> dict[str, int]:
        own = str(threading.get_native_id())
        return {task.name: switches(task) for task in Path("/proc/self/task").iterdir() if task.name != own}

    before = threads()
    for ears in keys.listening(keys.PROFILE):
        header.shut(keys.HOOK)
        ears.noticed(["HOOK"], closed=True)
        time.sleep(1.0)  # it looks a last time
        asleep = threads()
        time.sleep(2.0)
        assert threads() == asleep
        assert len(asleep) == len(before) + 2
        header.open(keys.HOOK)
        ears.noticed(["HOOK"], closed=False)
        assert threads() != asleep


def switches(task: Path) -> int:
    """How often that thread has gone to sleep."""
    (line,) = [line for line in (task / "status").read_text().splitlines() if line.startswith("voluntary_ctxt")]
    return int(line.split()[1])


def wait_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        time.sleep(0.001)
